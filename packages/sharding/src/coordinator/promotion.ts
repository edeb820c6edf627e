// What is known of the copies of a shard that is about to be given to somebody, and whether that is enough. Of types whose copies are on
// disks as well nothing begins before so many have told that whatever was confirmed is with one of them.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { Copies, ReplicaReport, ShardAtEpoch, TypeSettings } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import { nothing, type Found } from './found.ts'
import { besides, lackingOf, type Knowing, type Lacking } from './lacking.ts'

export interface Promotion extends ShardAtEpoch {
  readonly settings: TypeSettings
  /** Of the table: see `TypeTable`. */
  census: number
  /** As of when it was begun: who is named by it, and which lineage counts. */
  readonly row: ShardRow
  /** Who may have copies besides, of a life before this one. */
  hosts: readonly NodeIdentity[]
  readonly since: number
  /** Somebody has decided to go on, whatever is missing. */
  isForced: boolean
  /** What they told; nothing where they have no copies. */
  readonly told: Map<NodeKey, ReplicaReport>
  /** Its owner knows that there may be copies which come from elsewhere. */
  readonly isContested: boolean
  /** Whether the present plan needs it. */
  isWanted: boolean
}

export function askedFor({ row: { replicas }, hosts }: Promotion): readonly NodeIdentity[] {
  const known = new Set(replicas.map(({ key }) => key))
  return [...replicas, ...hosts.filter(({ key }) => !known.has(key))]
}

export function told(promotion: Promotion, { key }: NodeIdentity): boolean {
  return promotion.told.has(key)
}

/**
 * Whether whatever was confirmed is with somebody who told. While the table goes on, the nodes that the row names have it. What does not come
 * from where the row says was confirmed before the table was founded, by nodes that the table knows nothing of: those that had
 * copies then wrote down who they were. A node that lost its disk did not, or did in another census.
 */
export function isEnough(promotion: Promotion): boolean {
  if (mayBeBeside(promotion)) return isOwnerKnown(promotion) && isEnoughOfHosts(promotion)
  const isOfRow = promotion.row.lineage !== 0 && isEnoughOfRow(promotion)
  return isOfRow || isEnoughOfHosts(promotion)
}

/** Whether its owner may have confirmed something beside what others bring. */
function mayBeBeside(promotion: Promotion): boolean {
  const { row, isContested } = promotion
  if (row.lineage === 0) return false
  const [confirmed = row.lineage] = confirmedLineages(promotion).keys()
  return isContested || confirmed !== row.lineage
}

/** Whether that is with somebody who told. */
function isOwnerKnown(promotion: Promotion): boolean {
  const { owner, replicas } = promotion.row
  // Nobody else has that where it had no replicas: a later life of it has.
  const isOwner = ({ key, address }: NodeIdentity): boolean =>
    key === owner?.key ||
    (replicas.length === 0 && address.toString() === owner?.address.toString())
  const hasTold = askedFor(promotion).some((node) => isOwner(node) && told(promotion, node))
  // So have the nodes of the census in which it was the owner, also where what was confirmed before is from an earlier one.
  const ofOwner = censusesOfOwner(promotion)
  const isOfCensus = ofOwner.length > 0 && ofOwner.every(({ missing }) => missing <= 0)
  return isOfCensus || hasTold || isEnoughOfRow(promotion)
}

function censusesOfOwner(promotion: Promotion): readonly LackingOfCensus[] {
  const wasOwnerIn = ({ census }: LackingOfCensus): boolean =>
    promotion.isContested ? isBegunIn(promotion, census) : census === promotion.census
  return allCensuses(promotion).filter(wasOwnerIn)
}

/** Whether the shard, which is undecided since the table went on with an earlier census, was begun in that one: all of its replicas took part in it. */
function isBegunIn(promotion: Promotion, census: number): boolean {
  const { replicas, lineage, isUndecided } = promotion.row
  const isLater = isUndecided && census > promotion.census && census <= lineage
  return isLater && replicas.length > 0 && tookPart(promotion, replicas, census)
}

/** Whether all of them told of a census. */
function tookPart(
  { told: reports }: Promotion,
  nodes: readonly NodeIdentity[],
  census: number,
): boolean {
  return nodes.every(
    ({ key }) => reports.get(key)?.censuses.some((one) => one.census === census) === true,
  )
}

/**
 * It is on `disks` of the nodes that the row names: not all of these can be among the others where those are fewer. While some of them have yet to
 * be filled, it may be on others, which were named before.
 */
function isEnoughOfRow({ settings, row, told: reports }: Promotion): boolean {
  const { replicas, isReplicated } = row
  const hasTold = ({ key }: NodeIdentity): boolean => reports.has(key)
  // Where it names fewer, each of those that are to keep copies has all.
  const hasOne = replicas.slice(0, settings.replicas).some(hasTold)
  const ofRow = replicas.filter(hasTold).length
  return isReplicated && hasOne && ofRow >= replicas.length + 2 - settings.disks
}

/** The same of the nodes that had copies of the type, in each census that counts. Where nobody ever had any, there is nothing to wait for. */
function isEnoughOfHosts(promotion: Promotion): boolean {
  return censusesOf(promotion).every(({ missing }) => missing <= 0)
}

interface LackingOfCensus extends Lacking {
  readonly census: number
}

/**
 * Of each census that counts. Whoever has what was confirmed has taken part in the census in which it was, which is not later than its
 * lineage: where somebody has, others do not count.
 */
function censusesOf(promotion: Promotion): readonly LackingOfCensus[] {
  const confirmed = [...confirmedLineages(promotion)]
  const counts = ({ census }: LackingOfCensus): boolean =>
    confirmed.every(
      ([lineage, keepers]) => census <= lineage && tookPart(promotion, keepers, census),
    )
  return allCensuses(promotion).filter(counts)
}

/** Of each census that a shard waits for: where nobody knows which nodes its owner may have confirmed something with, for that one as well. */
export function awaited(promotion: Promotion): readonly Lacking[] {
  const { owner } = promotion.row
  if (!mayBeBeside(promotion) || !owner || isOwnerKnown(promotion)) return censusesOf(promotion)
  const ofOwner = censusesOfOwner(promotion)
  const alone = { missing: 1, silent: [owner.address.toString()] }
  return [...censusesOf(promotion), ...(ofOwner.length > 0 ? ofOwner : [alone])]
}

function allCensuses(promotion: Promotion): readonly LackingOfCensus[] {
  const { settings, told: reports } = promotion
  const knowing: Knowing[] = []
  // What those told who are gone is not there to be taken over.
  for (const { key, address } of askedFor(promotion)) {
    const from = address.toString()
    for (const report of reports.get(key)?.censuses ?? []) knowing.push({ ...report, from })
  }
  return [...new Set(knowing.map(({ census }) => census))].map((census) => {
    const those = knowing.filter((one) => one.census === census)
    return { census, ...lackingOf(those, besides(census, those, knowing), settings.disks) }
  })
}

/** Who has copies of which lineage in which something may have been confirmed. */
export function confirmedLineages(
  promotion: Promotion,
): ReadonlyMap<number, readonly NodeIdentity[]> {
  const nodes = new Map<number, NodeIdentity[]>()
  for (const node of askedFor(promotion)) {
    const lineage = promotion.told.get(node.key)?.lineage
    if (!lineage?.isConfirmed) continue
    const known = nodes.get(lineage.bornIn) ?? []
    known.push(node)
    nodes.set(lineage.bornIn, known)
  }
  return nodes
}

/**
 * Highest epoch, then highest position; of equals those that the row names first. Where there is a lineage in which something may
 * have been confirmed, others do not count.
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
 * What is given up does not come back, and what has not told may have been confirmed. Who has yet to come may have copies of what was begun in an
 * earlier census sooner than of what was begun beside that. What is older than what says who had it does not count.
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
