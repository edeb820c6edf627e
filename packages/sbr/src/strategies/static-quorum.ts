import { countText } from '../counting.ts'
import { knownNames, role, whole } from '../option-values.ts'
import { agreementOf, strategyOf, type DowningStrategy } from '../strategy.ts'
import { judgeQuorum } from './quorum.ts'

const of = 'staticQuorum()'

/** Options of {@link staticQuorum}. */
export interface StaticQuorumOptions {
  /**
   * How many members a side needs to survive: more than half of as many as the cluster will ever have.
   * With more than twice this less one, all go down at the first unreachable member.
   */
  readonly quorumSize: number
  /**
   * Counts only members with this role.
   * @defaultValue every member counts
   */
  readonly role?: string
}

/**
 * The side with at least `quorumSize` members survives. For clusters of a fixed size, or with a fixed
 * number of members of one role. A cluster that shrank below the quorum goes down at its next failure.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @see Pekko `StaticQuorum`, which does not count a second time, and so may leave two sides
 */
export function staticQuorum(options: StaticQuorumOptions): DowningStrategy {
  knownNames(of, options, ['quorumSize', 'role'])
  const quorum = whole(of, 'quorumSize', options.quorumSize, 1, 100_000)
  const counted = role(of, options.role)
  const weighed = { quorum, role: counted, weigh: () => 1, describe: countText }
  return strategyOf(
    'static-quorum',
    agreementOf('static-quorum', { size: quorum, role: counted }),
    (view) => judgeQuorum(view, weighed),
  )
}
