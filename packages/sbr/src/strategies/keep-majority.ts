import { byAddress, type Member } from '@casty/membership'
import { countsText, type Sides } from '../counting.ts'
import { judgeIndirectlyConnected } from '../indirectly-connected.ts'
import { passOf, type Pass } from '../judgement.ts'
import { knownNames, role } from '../option-values.ts'
import { guardMembershipChange } from '../second-pass.ts'
import { agreementOf, strategyOf, type DowningStrategy } from '../strategy.ts'

export const majorityName = 'keep-majority'

const of = 'keepMajority()'

/** Options of {@link keepMajority}. */
export interface KeepMajorityOptions {
  /**
   * Counts only members with this role. Everybody is downed or survives by that count, with the role or
   * without. Without a member of that role, all go down.
   * @defaultValue every member counts
   */
  readonly role?: string
}

/**
 * The side with more members survives; of two halves, the one that holds the lowest address.
 *
 * Counted are members that are up or leaving. For clusters of three and more whose size changes.
 * Nobody survives where no side has a majority, as in a split into 2, 2 and 1.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @see Pekko `KeepMajority`
 */
export function keepMajority(options: KeepMajorityOptions = {}): DowningStrategy {
  knownNames(of, options, ['role'])
  const counted = role(of, options.role)
  return strategyOf(majorityName, agreementOf(majorityName, { role: counted }), (view) =>
    judgeIndirectlyConnected(view, (rest) => guardMembershipChange(rest, judgeMajority, counted)),
  )
}

function judgeMajority(sides: Sides): Pass {
  const [here, there] = [sides.here.length, sides.there.length]
  const counts = countsText(sides)
  const lowest = lowestAddress([...sides.here, ...sides.there])
  if (!lowest)
    return passOf(sides, 'down-all', `${counts}, and none that could decide between them`)
  if (here > there) return passOf(sides, 'down-unreachable', counts)
  if (here < there) return passOf(sides, 'down-reachable', counts)
  return sides.here.includes(lowest)
    ? passOf(
        sides,
        'down-unreachable',
        `${counts}, and the lowest address ${lowest.address} is on this side`,
      )
    : passOf(
        sides,
        'down-reachable',
        `${counts}, and the lowest address ${lowest.address} is on the other side`,
      )
}

/** By host, port as a number, and incarnation: an order that all nodes share. */
export function lowestAddress(members: readonly Member[]): Member | undefined {
  return members.toSorted(byAddress)[0]
}
