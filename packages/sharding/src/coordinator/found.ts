// What was found of the copies of a shard before it is given to somebody.
import type { NodeIdentity } from '@casty/transport'
import type { Copies } from '../protocol.ts'
import { isEnough } from './enough.ts'
import { askedFor, confirmedLineages, type Promotion } from './promotion.ts'

/** Who has copies of a shard, as far as they were asked. */
export interface Found {
  /** Those whose copies go furthest. */
  readonly furthest: readonly NodeIdentity[]
  /** All who have some. */
  readonly keepers: readonly NodeIdentity[]
  /** Under which the last of it was written; 0 where there is nothing. */
  readonly epoch: number
  /** Of what may have been confirmed; undefined where nothing is known to be. */
  readonly lineage: number | undefined
  /**
   * Where nothing is known to be confirmed in any copies, that of the furthest ones of the first census in which
   * there are some: others may have got the same, who cannot know that. Undefined where there is nothing that may go
   * on.
   */
  readonly begun: number | undefined
  /** Of which census the nodes are that have it; 0 where they do not know. */
  readonly census: number
  /** Somebody has decided to go on with that, whatever is missing. */
  readonly isForced: boolean
}

/** Where nobody has copies. */
export const nothing: Found = {
  furthest: [],
  keepers: [],
  epoch: 0,
  lineage: undefined,
  begun: undefined,
  census: 0,
  isForced: false,
}

/**
 * Highest epoch, then highest position; of equals those that the row names first. Where there is a lineage in which
 * something may have been confirmed, others do not count.
 */
export function found(promotion: Promotion): Found {
  const [confirmed] = confirmedLineages(promotion).keys()
  const keepers = askedFor(promotion).filter(({ key }) => {
    const report = promotion.told.get(key)
    const isOther = confirmed !== undefined && report?.lineage?.bornIn !== confirmed
    return report?.copies !== undefined && !isOther
  })
  const copiesOf = ({ key }: NodeIdentity): Copies =>
    promotion.told.get(key)?.copies ?? { epoch: 0, position: 0 }
  const ordered = keepers.toSorted((left, right) => compare(copiesOf(right), copiesOf(left)))
  const [first] = ordered
  if (!first) {
    const census = censusOf(promotion, askedFor(promotion))
    return { ...nothing, census, isForced: promotion.isForced }
  }
  const best = copiesOf(first)
  const furthest = ordered.filter((node) => compare(copiesOf(node), best) === 0)
  // Where nothing is known to be confirmed, it goes on with the first one that anybody knows of.
  const census = censusOf(promotion, confirmed === undefined ? askedFor(promotion) : keepers)
  const { isForced } = promotion
  const begun = begunOf(promotion, ordered)
  return { furthest, keepers, epoch: best.epoch, lineage: confirmed, begun, census, isForced }
}

/**
 * What is given up does not come back, and what has not told may have been confirmed. Who has yet to come may have
 * copies of what was begun in an earlier census sooner than of what was begun beside that. What is older than what
 * says who had it does not count.
 */
function begunOf(promotion: Promotion, ordered: readonly NodeIdentity[]): number | undefined {
  if (promotion.isForced || !isEnough(promotion)) return undefined
  const known = knownTo(promotion, askedFor(promotion))
  const begunIn = (lineage: number): number => Math.max(...known.filter((one) => one <= lineage))
  return ordered
    .flatMap(({ key }) => promotion.told.get(key)?.lineage?.bornIn ?? [])
    .filter((lineage) => known.some((census) => census <= lineage))
    .toSorted((left, right) => begunIn(left) - begunIn(right))[0]
}

/** The first one that is not done with, of those that nodes know of. */
function censusOf(promotion: Promotion, nodes: readonly NodeIdentity[]): number {
  const known = knownTo(promotion, nodes)
  return known.length === 0 ? 0 : Math.min(...known)
}

function knownTo({ told: reports }: Promotion, nodes: readonly NodeIdentity[]): readonly number[] {
  return nodes.flatMap(({ key }) => reports.get(key)?.censuses ?? []).map(({ census }) => census)
}

function compare(left: Copies, right: Copies): number {
  return left.epoch - right.epoch || left.position - right.position
}
