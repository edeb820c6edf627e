// P2: a dead incarnation never comes back. Whoever has seen one removed never sees it as a member
// again as long as it remembers, and one that was removed does not go on as if nothing had happened.
// A former life that is told of nowhere but by its successor is replaced rather than removed: then its
// entry in the version stays until the leader finds it.
import type { Cluster, NodeKey } from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { settingsOf } from './settings.ts'

interface Removal {
  /** By a tombstone, rather than by the news of a later life alone. */
  readonly isForGood: boolean
  /** When anybody first removed it, in virtual milliseconds: from then on its tombstone ages. */
  readonly at: number
}

export function removedStaysAway(run: MembershipRun): MembershipWatcher {
  const name = 'the removed stay away'
  const removedBy = new Map<SimulatedProcess<Cluster>, Map<NodeKey, Removal>>()
  const removedAt = new Map<NodeKey, number>()
  const { tombstoneTtlMs: rememberedMs, forgets } = settingsOf(run)
  const isForgotten = ({ at }: Removal): boolean => run.world.now - at > 0.99 * rememberedMs
  return {
    changed(process, state, before) {
      const known = removedBy.get(process) ?? new Map<NodeKey, Removal>()
      removedBy.set(process, known)
      for (const member of before?.members ?? []) {
        if (state.member(member.node) !== undefined || state.members.length === 0) continue
        const at = removedAt.get(member.key) ?? run.world.now
        removedAt.set(member.key, at)
        known.set(member.key, { isForGood: state.tombstones.has(member.node), at })
      }
      for (const [key, removal] of known) {
        const isCounted = removal.isForGood && state.version.versionOf(key) > 0
        if ((isCounted || state.reachability.rows.has(key)) && !isForgotten(removal)) {
          run.violate(name, `${process} heeds ${key}, which it has removed`, process.host)
        }
      }
      for (const { key } of state.members) {
        const removal = known.get(key)
        if (removal !== undefined && !isForgotten(removal)) {
          run.violate(name, `${process} sees ${key} again, removed before`, process.host)
        }
      }
    },
    finished() {
      if (forgets) return // Whoever was away for longer may have come back.
      for (const { host, program } of run.world.processes) {
        if (program !== undefined && removedAt.has(program.self.key)) {
          run.violate(name, `${program.self.key} was removed, and still runs`, host)
        }
      }
    },
  }
}
