// What convergence rests on: whoever counts as having seen a version has it. A leader that is told
// otherwise decides over views that others do not share.
import type { Cluster, ClusterState } from '@casty/membership'
import type { NodeKey } from '@casty/transport'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function seenIsTrue(run: MembershipRun): MembershipWatcher {
  const name = 'the seen have seen'
  /** Every incarnation that there ever was: one that has stopped still tells what it knew. */
  const clusters = new Map<NodeKey, Cluster>()
  return {
    changed({ host, program }, state, before) {
      if (program === undefined) return
      clusters.set(program.self.key, program)
      for (const key of state.seen) {
        if (state.version === before?.version && before.seen.has(key)) continue
        const view = clusters.get(key)?.getState()
        if (view === undefined || covers(view, state)) continue
        run.violate(name, `${host} counts ${key} as having seen what it has not`, host)
      }
    },
  }
}

/** Whether a view has all that a state has, but for what removed nodes counted. */
function covers(view: ClusterState, state: ClusterState): boolean {
  const pruned = (version: ClusterState['version']): ClusterState['version'] =>
    state.tombstones.prune(view.tombstones.prune(version))
  const relation = pruned(view.version).compare(pruned(state.version))
  return relation === 'after' || relation === 'same'
}
