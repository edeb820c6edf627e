import { NodeAddress } from '@casty/membership'
import { countSides, countText, settled, type Sides } from '../counting.ts'
import { SbrError } from '../errors.ts'
import { judgeIndirectlyConnected } from '../indirectly-connected.ts'
import { judgedOnce, passOf, type Pass } from '../judgement.ts'
import { knownNames, whole } from '../option-values.ts'
import { agreementOf, strategyOf, type DowningStrategy } from '../strategy.ts'

const of = 'keepReferee()'

/** Options of {@link keepReferee}. */
export interface KeepRefereeOptions {
  /** The address of the member that decides, as in 'host:2551'. */
  readonly referee: string
  /**
   * All go down where the side of the referee counts fewer members than this.
   * @defaultValue 1
   */
  readonly downAllIfLessThan?: number
}

/**
 * The side that holds one appointed member survives. That member is a single point of failure: when it
 * crashes, leaves or is no member yet, the next unreachable member costs the whole cluster.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @see Akka.NET `KeepReferee`
 */
export function keepReferee(options: KeepRefereeOptions): DowningStrategy {
  knownNames(of, options, ['referee', 'downAllIfLessThan'])
  const referee = addressOf(options.referee)
  const least = whole(of, 'downAllIfLessThan', options.downAllIfLessThan ?? 1, 0, 100_000)
  // One side holds the referee, whatever changed: there is nothing to count a second time.
  const judge = (sides: Sides): Pass => judgeReferee(sides, referee, least)
  return strategyOf(
    'keep-referee',
    agreementOf('keep-referee', { referee: referee.toString(), 'less-than': least }),
    (view) =>
      judgeIndirectlyConnected(view, (rest) =>
        judgedOnce(judge(countSides(rest, settled, undefined))),
      ),
  )
}

function addressOf(text: string): NodeAddress {
  try {
    return NodeAddress.parse(text)
  } catch {
    throw SbrError.invalidOption(of, 'referee', text, "the address of a member, as in 'host:2551'")
  }
}

function judgeReferee(sides: Sides, referee: NodeAddress, least: number): Pass {
  const { here } = sides
  if (!here.some(({ address }) => address.equals(referee)))
    return passOf(sides, 'down-reachable', `the referee ${referee} is not on this side`)
  const because = `the referee ${referee} is on this side`
  return here.length < least
    ? passOf(
        sides,
        'down-all',
        `${because}, but with ${countText(here.length)} of the ${least} it needs`,
      )
    : passOf(sides, 'down-unreachable', because)
}
