// P2: a dead incarnation never comes back. Whoever has seen one removed never sees it as a member
// again as long as it remembers, and one that was removed does not go on as if nothing had happened.
import type { Cluster } from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { settingsOf } from './settings.ts'

export function removedStaysAway(run: MembershipRun): MembershipWatcher {
  const name = 'the removed stay away'
  const removedBy = new Map<SimulatedProcess<Cluster>, Map<string, number>>()
  const removed = new Set<string>()
  const rememberedMs = settingsOf(run).tombstoneTtlMs
  const isForgotten = (since: number): boolean => run.world.now - since > 0.99 * rememberedMs
  return {
    changed(process, state, before) {
      const known = removedBy.get(process) ?? new Map()
      removedBy.set(process, known)
      for (const member of before?.members ?? []) {
        if (state.member(member.node) !== undefined || state.members.length === 0) continue
        known.set(member.key, run.world.now)
        removed.add(member.key)
      }
      for (const key of known.keys()) {
        const speaks = state.version.versionOf(key) > 0 || state.reachability.rows.has(key)
        if (speaks && !isForgotten(0)) {
          run.violate(name, `${process} heeds ${key}, which it has removed`, process.host)
        }
      }
      for (const { key } of state.members) {
        const since = known.get(key)
        if (since !== undefined && !isForgotten(since)) {
          run.violate(name, `${process} sees ${key} again, removed before`, process.host)
        }
      }
    },
    finished() {
      if (isForgotten(0)) return // Whoever was away for longer may have come back.
      for (const { host, program } of run.world.processes) {
        if (program !== undefined && removed.has(program.self.key)) {
          run.violate(name, `${program.self.key} was removed, and still runs`, host)
        }
      }
    },
  }
}
