// What the strategies with a fixed quorum share: a side survives that weighs at least the quorum.
import type { Member } from '@casty/membership'
import { countSides, settled, type Sides } from '../counting.ts'
import { judgeIndirectlyConnected } from '../indirectly-connected.ts'
import { judgedOnce, type Judgement, type Pass } from '../judgement.ts'
import { guardMembershipChange } from '../second-pass.ts'
import type { SbrView } from '../view.ts'

/** Who weighs how much, and how much a side needs. */
export interface Quorum {
  readonly quorum: number
  readonly role: string | undefined
  weigh(member: Member): number
  /** As in '3 members', or 'a weight of 3'. */
  describe(weight: number): string
}

/**
 * Two sides could both have the quorum in a cluster that weighs twice as much. So there, all go down,
 * and that is found out first, since it holds on all sides alike. A side that has the quorum must have
 * it in the second count as well, and the other side must not.
 */
export function judgeQuorum(view: SbrView, quorum: Quorum): Judgement {
  const { here, there } = weights(countSides(view, settled, quorum.role), quorum)
  const most = 2 * quorum.quorum - 1
  if (here + there > most) {
    const because =
      `the cluster counts ${quorum.describe(here + there)}, and from more than ${most} ` +
      `two sides could both have the quorum of ${quorum.quorum}`
    return judgedOnce({ here, there, decision: 'down-all', because })
  }
  const judge = (sides: Sides): Pass => judgeSides(sides, quorum)
  return judgeIndirectlyConnected(view, (rest) => guardMembershipChange(rest, judge, quorum.role))
}

function judgeSides(sides: Sides, quorum: Quorum): Pass {
  const { here, there } = weights(sides, quorum)
  const hasQuorum = here >= quorum.quorum && there < quorum.quorum
  const because =
    `this side counts ${quorum.describe(here)} and the other side ${there}, ` +
    `with a quorum of ${quorum.quorum}`
  return { here, there, decision: hasQuorum ? 'down-unreachable' : 'down-reachable', because }
}

function weights(sides: Sides, quorum: Quorum): { readonly here: number; readonly there: number } {
  const sum = (members: readonly Member[]): number =>
    members.reduce((total, member) => total + quorum.weigh(member), 0)
  return { here: sum(sides.here), there: sum(sides.there) }
}
