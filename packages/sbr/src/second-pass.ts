// The guard against members whose status changed on one side only.
//
// A leader changes statuses only when all reachable members have seen the state before. So two sides
// of a fresh partition are one step apart at most: members that one of them still sees joining may be
// up on the other, members that one still sees leaving may be exiting there. A side that would survive
// counts a second time, with all of that against it; only if it wins again, it survives.
import { countSides, settled, type Counting } from './counting.ts'
import type { Sides } from './counting.ts'
import { judgedOnce, type Judgement, type Pass } from './judgement.ts'
import type { SbrView } from './view.ts'

/** Says which of two sides survives. */
export type Judge = (sides: Sides) => Pass

/**
 * @param judge - says which of two sides survives
 * @param doubt - how to count the second time
 * @param role - only members with this role are counted
 */
export function guardMembershipChange(
  view: SbrView,
  judge: Judge,
  doubt: Counting,
  role: string | undefined,
): Judgement {
  const first = judge(countSides(view, settled, role))
  if (first.decision !== 'down-unreachable') return judgedOnce(first)
  const second = judge(countSides(view, doubt, role))
  const passes = [first, second]
  if (second.decision === 'down-unreachable')
    return { decision: { type: 'down-unreachable' }, because: first.because, passes }
  const because =
    `${first.because}; but members that are joining or leaving may have changed on one side only, ` +
    `and counted against this side, ${second.because}`
  return { decision: { type: 'down-all' }, because, passes }
}
