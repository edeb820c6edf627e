// P2: a dead incarnation never comes back. Whoever has seen one removed never sees it as a member
// again, and one that everybody removed does not go on as if nothing had happened.
import type { Cluster, ClusterState } from '@casty/membership'
import type { Watcher } from '../run/scenario.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { MembershipRun } from './scenario.ts'

export function removedStaysAway(run: MembershipRun): Watcher<Cluster, ClusterState> {
  const name = 'the removed stay away'
  const removedBy = new Map<SimulatedProcess<Cluster>, Set<string>>()
  const removed = new Set<string>()
  return {
    changed(process, state, before) {
      const known = removedBy.get(process) ?? new Set()
      removedBy.set(process, known)
      for (const member of before?.members ?? []) {
        if (state.member(member.node) !== undefined || state.members.length === 0) continue
        known.add(member.key)
        removed.add(member.key)
      }
      for (const { key } of state.members) {
        if (known.has(key))
          run.violate(name, `${process} sees ${key} again, removed before`, process.host)
      }
    },
    finished() {
      for (const { host, program } of run.world.processes) {
        if (program !== undefined && removed.has(program.self.key)) {
          run.violate(name, `${program.self.key} was removed, and still runs`, host)
        }
      }
    },
  }
}
