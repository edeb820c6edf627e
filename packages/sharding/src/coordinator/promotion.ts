// What is known of the copies of a shard that is about to be given to somebody, and whether that is enough. Of types whose copies are on
// disks as well nothing begins before so many have told that whatever was confirmed is with one of them.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type {
  CensusReport,
  Copies,
  ReplicaReport,
  ShardAtEpoch,
  TypeSettings,
} from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import { nothing, type Found } from './found.ts'

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
  const { row, isContested, told: reports } = promotion
  const [confirmed = row.lineage] = confirmedLineages(promotion).keys()
  if (row.lineage === 0) return isEnoughOfHosts(promotion)
  if (confirmed === row.lineage && !isContested)
    return isEnoughOfRow(promotion) || isEnoughOfHosts(promotion)
  // Its owner may have confirmed something, too. Nobody else has that where it had no replicas: a later life of it has.
  const { owner, replicas } = row
  const isOwner = ({ key, address }: NodeIdentity): boolean =>
    key === owner?.key ||
    (replicas.length === 0 && address.toString() === owner?.address.toString())
  const hasOwnerTold = askedFor(promotion).some((node) => isOwner(node) && reports.has(node.key))
  // So have the nodes of the census in which it was the owner, also where what was confirmed before is from an earlier one.
  const wasOwnerIn = ({ census }: Lacking): boolean =>
    isContested ? isBegunIn(promotion, census) : census === promotion.census
  const ofOwner = allCensuses(promotion).filter(wasOwnerIn)
  const isOfCensus = ofOwner.length > 0 && ofOwner.every(({ missing }) => missing <= 0)
  const isKnown = isOfCensus || hasOwnerTold || isEnoughOfRow(promotion)
  return isKnown && isEnoughOfHosts(promotion)
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

/** What one of those who were asked wrote down. */
interface Knowing extends CensusReport {
  /** The address of the one that told. */
  readonly from: string
}

/** What is lacking of a census. */
interface Lacking {
  readonly census: number
  /** How many more nodes would have to tell; none where it is not above 0. */
  readonly missing: number
  /** The addresses of those that had copies and have not told. */
  readonly silent: readonly string[]
}

/**
 * Of each census that counts. Whoever has what was confirmed has taken part in the census in which it was, which is not later than its
 * lineage: where somebody has, others do not count.
 */
export function censusesOf(promotion: Promotion): readonly Lacking[] {
  const confirmed = [...confirmedLineages(promotion)]
  const counts = ({ census }: Lacking): boolean =>
    confirmed.every(
      ([lineage, keepers]) => census <= lineage && tookPart(promotion, keepers, census),
    )
  return allCensuses(promotion).filter(counts)
}

function allCensuses(promotion: Promotion): readonly Lacking[] {
  const { settings, told: reports } = promotion
  const knowing: Knowing[] = []
  // What those told who are gone is not there to be taken over.
  for (const { key, address } of askedFor(promotion)) {
    const from = address.toString()
    for (const report of reports.get(key)?.censuses ?? []) knowing.push({ ...report, from })
  }
  return [...new Set(knowing.map(({ census }) => census))].map((census) => {
    const those = knowing.filter((one) => one.census === census)
    return { census, ...lackingOf(those, beyond(census, those, knowing), settings.disks) }
  })
}

/**
 * Who is named in a census with the disk that it has, and knows of an earlier one instead: this one was founded beside that, and is done with for that node, or had no more
 * than begun. Whatever it got in it, it tells.
 */
function beyond(
  census: number,
  those: readonly Knowing[],
  all: readonly Knowing[],
): readonly Knowing[] {
  const who = new Set(those.map(({ from }) => from))
  const isNamed = ({ from, diskSince }: Knowing): boolean =>
    those.some(({ hosts }) =>
      hosts.some(
        ({ address, incarnation }) => address.toString() === from && diskSince <= incarnation,
      ),
    )
  return all.filter((one) => one.census < census && !who.has(one.from) && isNamed(one))
}

/**
 * What few know may be out of date, and so may be what is in short lists: of the longest each counts. A disk that is here counts where it was there in the life
 * that is in the list, and not where that one lost its own.
 */
function lackingOf(
  knowing: readonly Knowing[],
  others: readonly Knowing[],
  disks: number,
): Omit<Lacking, 'census'> {
  const most = Math.max(...knowing.map(({ hosts }) => hosts.length))
  const lists = knowing.filter(({ hosts }) => hosts.length === most)
  const isTold = inLifeOf([...whoCount(knowing, others, lists), ...others])
  const silent = lists.map(({ hosts }) => hosts.filter((host) => !isTold(host)))
  // Where there are fewer than that, each has all: one of them has to tell.
  const lost = Math.max(...silent.map(({ length }) => length)) + 1 - Math.min(disks, most)
  const fewest = Math.floor(most / 2) + 1
  const knowers = new Set([...knowing, ...others].map(({ from }) => from)).size
  const addresses = new Set(silent.flat().map(({ address }) => address.toString()))
  return { missing: Math.max(lost, fewest - knowers), silent: [...addresses] }
}

/**
 * Whoever is late may name too few, and so says nothing by itself. What was confirmed is on as many as it must be of those that one names which had all that it
 * was to have: where that one names a disk that is here, and all that the one with it does, it is heard, filled or not. Where nobody has been filled so far, all are
 * heard once every disk that any of them names is here.
 */
function whoCount(
  knowing: readonly Knowing[],
  others: readonly Knowing[],
  lists: readonly Knowing[],
): readonly Knowing[] {
  const isHere = inLifeOf([...knowing, ...others])
  const areAllHere = knowing.every(({ isLate, namesAll, hosts }) => {
    return (!isLate || namesAll) && hosts.every(isHere)
  })
  if (areAllHere) return knowing
  const filled = lists
    .filter((one) => !one.isLate && one.hosts.some(inLifeOf([one])))
    .map(({ hosts }) => new Map(hosts.map((host) => [host.address.toString(), host.incarnation])))
  const isNamed = ({ from, hosts, diskSince }: Knowing): boolean =>
    filled.some((lives) => {
      const hasDisk = (lives.get(from) ?? Number.NEGATIVE_INFINITY) >= diskSince
      return hasDisk && hosts.every(({ address }) => lives.has(address.toString()))
    })
  return knowing.filter((one) => !one.isLate || isNamed(one))
}

/** Whether the disk that a node had in some life is one of these. */
function inLifeOf(knowing: readonly Knowing[]): (host: NodeIdentity) => boolean {
  const since = new Map<string, number>()
  for (const { from, diskSince } of knowing) {
    since.set(from, Math.max(diskSince, since.get(from) ?? 0))
  }
  return ({ address, incarnation }) =>
    (since.get(address.toString()) ?? Number.POSITIVE_INFINITY) <= incarnation
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
  const census = censusOf(promotion, keepers)
  const { isForced, told: reports } = promotion
  const begun = reports.get(first.key)?.lineage?.bornIn
  return { furthest, keepers, epoch: best.epoch, lineage: confirmed, begun, census, isForced }
}

/** The first one that is not done with, of those that nodes with copies know of. */
function censusOf({ told: reports }: Promotion, keepers: readonly NodeIdentity[]): number {
  const known = keepers.flatMap(({ key }) => reports.get(key)?.censuses ?? [])
  return known.length === 0 ? 0 : Math.min(...known.map(({ census }) => census))
}

function compare(left: Copies, right: Copies): number {
  return left.epoch - right.epoch || left.position - right.position
}
