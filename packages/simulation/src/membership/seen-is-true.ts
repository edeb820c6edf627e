// What convergence rests on: whoever counts as having seen a version has it. A leader that is told
// otherwise decides over views that others do not share.
import type { Cluster, ClusterState } from '@casty/membership'
import type { NodeKey } from '@casty/transport'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function seenIsTrue(run: MembershipRun): MembershipWatcher {
  const name = 'the seen have seen'
  /** Every incarnation that there ever was: one that has stopped still tells what it knew. */
  const clusters = new Map<NodeKey, Cluster>()
  /** Whom each has ever known to be removed: it has seen what they told, though it has forgotten it. */
  const removed = new Map<NodeKey, ClusterState['tombstones']>()
  return {
    changed({ host, program }, state, before) {
      if (program === undefined) return
      const self = program.self.key
      clusters.set(self, program)
      if (state.tombstones !== before?.tombstones) {
        removed.set(self, (removed.get(self) ?? state.tombstones).with(state.tombstones.values()))
      }
      for (const key of state.seen) {
        if (state.version === before?.version && before.seen.has(key)) continue
        const view = clusters.get(key)?.getState()
        if (view === undefined) continue
        const gone = (removed.get(key) ?? view.tombstones).with(view.tombstones.values())
        if (covers(view, gone, state)) continue
        run.violate(name, `${host} counts ${key} as having seen what it has not`, host)
      }
    },
  }
}

/** Whether a view has all that a state has, but for what removed nodes counted. */
function covers(
  view: ClusterState,
  gone: ClusterState['tombstones'],
  state: ClusterState,
): boolean {
  const pruned = (version: ClusterState['version']): ClusterState['version'] =>
    state.tombstones.prune(gone.prune(version))
  const relation = pruned(view.version).compare(pruned(state.version))
  return relation === 'after' || relation === 'same'
}
