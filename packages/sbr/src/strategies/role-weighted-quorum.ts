import type { Member } from '@casty/membership'
import { SbrError } from '../errors.ts'
import { knownNames, whole } from '../option-values.ts'
import { agreementOf, strategyOf, type DowningStrategy } from '../strategy.ts'
import { judgeQuorum } from './quorum.ts'

const of = 'roleWeightedQuorum()'

/** Options of {@link roleWeightedQuorum}. */
export interface RoleWeightedQuorumOptions {
  /**
   * What a member of a role weighs: an integer of at least 0. A member with several of them weighs as
   * much as the heaviest, one with none of them nothing.
   */
  readonly weights: Readonly<Record<string, number>>
  /**
   * The weight a side needs to survive: more than half of what the cluster will ever weigh. With more
   * than twice this less one, all go down at the first unreachable member.
   */
  readonly quorumWeight: number
}

/**
 * The side that weighs at least `quorumWeight` survives: {@link staticQuorum} for members that do not
 * count alike, as where one site must win against two.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function roleWeightedQuorum(options: RoleWeightedQuorumOptions): DowningStrategy {
  knownNames(of, options, ['weights', 'quorumWeight'])
  const quorum = whole(of, 'quorumWeight', options.quorumWeight, 1, 1_000_000)
  const weights = checkWeights(options.weights)
  const list = [...weights].map(([name, weight]) => `${name}:${weight}`).join(',')
  const weigh = ({ roles }: Member): number =>
    roles.reduce((most, name) => Math.max(most, weights.get(name) ?? 0), 0)
  const weighed = {
    quorum,
    role: undefined,
    weigh,
    describe: (sum: number) => `a weight of ${sum}`,
  }
  return strategyOf(
    'role-weighted-quorum',
    agreementOf('role-weighted-quorum', { weight: quorum, roles: list }),
    (view) => judgeQuorum(view, weighed),
  )
}

/** By name, so that all nodes write one agreement. */
function checkWeights(given: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  if (!isObject || Object.keys(given).length === 0)
    throw SbrError.invalidOption(
      of,
      'weights',
      given,
      'an object with the weight of at least one role',
    )
  const entries = Object.entries(given).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return new Map(
    entries.map(([name, weight]) => [name, whole(of, `weights.${name}`, weight, 0, 1_000)]),
  )
}
