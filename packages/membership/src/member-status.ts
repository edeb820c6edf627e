/**
 * Where a member stands in its life. Within one incarnation the status only moves forward in this
 * order, whoever tells of it and however late: that is what makes a decision final.
 */
export type MemberStatus =
  | 'joining'
  | 'weakly-up'
  | 'up'
  | 'leaving'
  | 'exiting'
  | 'down'
  | 'removed'

/** All statuses, in the order in which a merge prefers them. */
export const memberStatuses: readonly MemberStatus[] = [
  'joining',
  'weakly-up',
  'up',
  'leaving',
  'exiting',
  'down',
  'removed',
]

const ranks: Readonly<Record<MemberStatus, number>> = {
  joining: 0,
  'weakly-up': 1,
  up: 2,
  leaving: 3,
  exiting: 4,
  down: 5,
  removed: 6,
}

/** Place of a status in the forward order, from 0. In a merge of one incarnation the higher wins. */
export function statusRank(status: MemberStatus): number {
  return ranks[status]
}

/** Which of two statuses of one incarnation a merge keeps: the one further along. */
export function laterStatus(left: MemberStatus, right: MemberStatus): MemberStatus {
  return ranks[left] >= ranks[right] ? left : right
}

/**
 * Compares what is known of two *different* incarnations of one address, by liveness first: a node
 * that is joining, up or leaving again beats news of a former life that was downed or removed, and
 * among the living (or the dead) the status further along wins.
 *
 * Records might be merged by this alone. Here the incarnation decides before it does, because
 * within one incarnation the rule would let a stale "up" undo a downing.
 *
 * @returns `[alive, rank]`, to be compared in this order; the greater wins
 */
export function mergePriority(status: MemberStatus): readonly [alive: 0 | 1, rank: number] {
  return [status === 'down' || status === 'removed' ? 0 : 1, ranks[status]]
}

const transitions: Readonly<Record<MemberStatus, readonly MemberStatus[]>> = {
  joining: ['weakly-up', 'up', 'leaving', 'down', 'removed'],
  'weakly-up': ['up', 'leaving', 'down', 'removed'],
  up: ['leaving', 'down', 'removed'],
  leaving: ['exiting', 'down', 'removed'],
  exiting: ['down', 'removed'],
  down: ['removed'],
  removed: [],
}

/** Whether one decision may take a member from `from` to `to`. Staying put is no transition. */
export function isAllowedTransition(from: MemberStatus, to: MemberStatus): boolean {
  return transitions[from].includes(to)
}
