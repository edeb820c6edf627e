import { judgedAs } from '../judgement.ts'
import { knownNames } from '../option-values.ts'
import { strategyOf, type DowningStrategy } from '../strategy.ts'

/**
 * Nobody survives: each side downs all members it knows. For clusters that are cheap to start again,
 * and where two sides at work would be worse than none.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @see Pekko `DownAllNodes`
 */
export function downAll(options: Readonly<Record<never, never>> = {}): DowningStrategy {
  knownNames('downAll()', options, [])
  return strategyOf('down-all', 'down-all', () =>
    judgedAs('down-all', 'members are unreachable, and this strategy lets nobody survive that'),
  )
}
