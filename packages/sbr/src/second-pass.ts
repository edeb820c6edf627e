// The guard against members whose status changed on one side only.
//
// Two sides of a fresh partition need not know the same: members that one of them still sees joining may
// be up on the other, members that one sees leaving may be exiting there, and who joins or asks to leave
// meanwhile is known on one side alone. So a side that would survive counts a second time, with all of that
// against it; only if it wins again, it survives.
//
// Why that is enough: who is up on a side is known to the others, as a member that is joining, up or
// leaving. What they count there is no less, then, than what that side counts here. Of two sides, one
// counts fewer here than there, or both count the same members and have the same one decide.
import { countSides, pessimistic, settled, type Sides } from './counting.ts'
import { judgedOnce, type Judgement, type Pass } from './judgement.ts'
import type { SbrView } from './view.ts'

/** Says which of two sides survives. */
export type Judge = (sides: Sides) => Pass

/**
 * Survives only who does in both counts; a side that loses the second one downs all, since the other may
 * have lost the first.
 *
 * @param role - only members with this role are counted
 */
export function guardMembershipChange(
  view: SbrView,
  judge: Judge,
  role: string | undefined,
): Judgement {
  const first = judge(countSides(view, settled, role))
  if (first.decision !== 'down-unreachable') return judgedOnce(first)
  const second = judge(countSides(view, pessimistic, role))
  const passes = [first, second]
  if (second.decision === 'down-unreachable')
    return { decision: { type: 'down-unreachable' }, because: first.because, passes }
  const because =
    `${first.because}; but members that are joining or leaving may have changed on one side only, ` +
    `and counted against this side, ${second.because}`
  return { decision: { type: 'down-all' }, because, passes }
}
