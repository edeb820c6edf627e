// Clusters in trouble, as one of their nodes sees them when it is to decide.
import type { ClusterState, DowningView } from '@casty/membership'
import { clusterOf, nodeAt } from '../membership/states.ts'

const watchers = 5

/** The upper half is cut off: each of it is unreachable for five of the lower, which alone see this state. */
export function halfCut(size: number): DowningView {
  const half = size / 2
  const here = range(0, half)
  const cut = accused(clusterOf(size), range(half, size), here)
  return viewFrom(cut.with({ seen: new Set(here.map((index) => nodeAt(index).key)) }))
}

/**
 * Two groups of three tenths each do not reach each other, and all others reach both: nobody in them is
 * on one side or the other.
 */
export function indirectlyConnected(size: number): DowningView {
  const group = (3 * size) / 10
  const [left, right] = [range(0, group), range(group, 2 * group)]
  const state = accused(accused(clusterOf(size), left, right), right, left)
  return viewFrom(state.markSeen(range(0, size).map((index) => nodeAt(index).key)))
}

/** Each subject is unreachable for five of the observers, or as many as there are. */
function accused(
  state: ClusterState,
  subjects: readonly number[],
  observers: readonly number[],
): ClusterState {
  return subjects.reduce((before, subject) => {
    const some = range(0, Math.min(watchers, observers.length))
    const accusing = some.map((turn) => observers[(subject + turn) % observers.length] ?? 0)
    return accusing.reduce(
      (next, observer) => next.markUnreachable(nodeAt(subject), nodeAt(observer)),
      before,
    )
  }, state)
}

/** As the first member has it. */
function viewFrom(state: ClusterState): DowningView {
  const self = nodeAt(0)
  return { now: 0, self, state, viewpoint: { self: self.key } }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
