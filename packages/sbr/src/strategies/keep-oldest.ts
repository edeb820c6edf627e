import { oldest } from '@casty/membership'
import { countsText, type Sides } from '../counting.ts'
import { judgeIndirectlyConnected } from '../indirectly-connected.ts'
import { passOf, type Pass } from '../judgement.ts'
import { flag, knownNames, role } from '../option-values.ts'
import { guardMembershipChange } from '../second-pass.ts'
import { agreementOf, strategyOf, type DowningStrategy } from '../strategy.ts'

const of = 'keepOldest()'

/** Options of {@link keepOldest}. */
export interface KeepOldestOptions {
  /**
   * Whether the oldest goes down when it is cut off alone from two members or more, so that its crash
   * does not cost the whole cluster. Of two members the oldest survives in any case.
   * @defaultValue true
   */
  readonly downIfAlone?: boolean
  /**
   * Counts only members with this role, and takes the oldest of them.
   * @defaultValue every member counts
   */
  readonly role?: string
}

/**
 * The side with the oldest member survives, however small it is. For clusters of two, and where the
 * oldest runs what must not move, such as singletons.
 *
 * A split into three with the oldest alone leaves nobody: each of the other parts sees more than the
 * oldest unreachable.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @see Pekko `KeepOldest`
 */
export function keepOldest(options: KeepOldestOptions = {}): DowningStrategy {
  knownNames(of, options, ['downIfAlone', 'role'])
  const downIfAlone = flag(of, 'downIfAlone', options.downIfAlone ?? true)
  const counted = role(of, options.role)
  const judge = (sides: Sides): Pass => judgeOldest(sides, downIfAlone)
  return strategyOf(
    'keep-oldest',
    agreementOf('keep-oldest', { 'down-if-alone': downIfAlone, role: counted }),
    (view) => judgeIndirectlyConnected(view, (rest) => guardMembershipChange(rest, judge, counted)),
  )
}

/**
 * In the second count each side takes itself for as small, and the other for as large, as it may be. So a
 * side without the oldest finds it alone only where the oldest finds so as well.
 */
function judgeOldest(sides: Sides, downIfAlone: boolean): Pass {
  const [here, there] = [sides.here.length, sides.there.length]
  const first = oldest([...sides.here, ...sides.there])
  if (!first)
    return passOf(sides, 'down-all', `${countsText(sides)}, and none that could be the oldest`)
  const isHere = sides.here.includes(first)
  const because = `the oldest member ${first.address} is on ${isHere ? 'this' : 'the other'} side`
  const [withIt, withoutIt] = isHere ? [here, there] : [there, here]
  const isAlone = downIfAlone && withIt === 1 && withoutIt >= 2
  const survives = isHere !== isAlone
  return passOf(
    sides,
    survives ? 'down-unreachable' : 'down-reachable',
    isAlone ? `${because}, alone against ${withoutIt}` : because,
  )
}
