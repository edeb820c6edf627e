import { judgedAs } from '../judgement.ts'
import { knownNames } from '../option-values.ts'
import { strategyOf, type DowningStrategy } from '../strategy.ts'

/** By this name it is told that a strategy leaves decisions to people. */
export const noDowningName = 'no-downing'

/**
 * Nobody is downed: who is unreachable stays a member until somebody downs it by hand, and no member
 * becomes up, or is removed, meanwhile. Both sides of a partition go on working.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function noDowning(options: Readonly<Record<never, never>> = {}): DowningStrategy {
  knownNames('noDowning()', options, [])
  return strategyOf(noDowningName, noDowningName, () =>
    judgedAs('stay', 'this strategy leaves downing to people'),
  )
}
