// Whether so many have told what they have of a shard that whatever was confirmed is with one of them. Of types whose
// copies are on disks as well nothing begins before that.
import type { NodeIdentity } from '@casty/transport'
import { besides, lackingOf, type Knowing, type Lacking } from './lacking.ts'
import { askedFor, confirmedLineages, told, type Promotion } from './promotion.ts'

/**
 * Whether whatever was confirmed is with somebody who told. It is with the nodes of the row, once these are filled; or,
 * where it was confirmed before the table was founded, with those that had copies then and wrote down who they were: a
 * node that lost its disk did not, or did in another census. Where the owner of the row may have begun something beside
 * that, what it confirmed has to be known as well.
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
  // So have the nodes of the census in which it was the owner, also where what was confirmed before is from an
  // earlier one.
  const ofOwner = censusesOfOwner(promotion)
  const isOfCensus = ofOwner.length > 0 && ofOwner.every(({ missing }) => missing <= 0)
  return isOfCensus || hasTold || isEnoughOfRow(promotion)
}

function censusesOfOwner(promotion: Promotion): readonly LackingOfCensus[] {
  const wasOwnerIn = ({ census }: LackingOfCensus): boolean =>
    promotion.isContested ? isBegunIn(promotion, census) : census === promotion.census
  return allCensuses(promotion).filter(wasOwnerIn)
}

/**
 * Whether an undecided shard was begun in that census: it is a later one than that which the table went on with since,
 * and all replicas of the row took part in it.
 */
function isBegunIn(promotion: Promotion, census: number): boolean {
  const { replicas, lineage, isUndecided } = promotion.row
  const isLater = isUndecided && census > promotion.census && census <= lineage
  return isLater && replicas.length > 0 && tookPart(promotion, replicas, census)
}

/**
 * It is on `disks` of the nodes that the row names: not all of these can be among the others where those are fewer.
 * While some of them have yet to be filled, it may be on others, which were named before.
 */
function isEnoughOfRow({ settings, row, told: reports }: Promotion): boolean {
  const { replicas, isReplicated } = row
  const hasTold = ({ key }: NodeIdentity): boolean => reports.has(key)
  // Where it names fewer, each of those that are to keep copies has all.
  const hasOne = replicas.slice(0, settings.replicas).some(hasTold)
  const ofRow = replicas.filter(hasTold).length
  return isReplicated && hasOne && ofRow >= replicas.length + 2 - settings.disks
}

/**
 * The same of the nodes that had copies of the type, in each census that counts. Where nobody ever had any, there is
 * nothing to wait for.
 */
function isEnoughOfHosts(promotion: Promotion): boolean {
  return censusesOf(promotion).every(({ missing }) => missing <= 0)
}

interface LackingOfCensus extends Lacking {
  readonly census: number
}

/**
 * Of each census that counts. Whoever has what was confirmed has taken part in the census in which it was, which is
 * not later than its lineage: where somebody has, others do not count.
 */
function censusesOf(promotion: Promotion): readonly LackingOfCensus[] {
  const confirmed = [...confirmedLineages(promotion)]
  const counts = ({ census }: LackingOfCensus): boolean =>
    confirmed.every(
      ([lineage, keepers]) => census <= lineage && tookPart(promotion, keepers, census),
    )
  return allCensuses(promotion).filter(counts)
}

/**
 * Of each census that a shard waits for: where nobody knows which nodes its owner may have confirmed something with,
 * for that one as well.
 */
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
