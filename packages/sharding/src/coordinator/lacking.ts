// Whether so many have told who took part in one census that nothing confirmed in it can be with the others alone,
// and who those are.
import type { NodeIdentity } from '@casty/transport'
import type { CensusReport } from '../protocol.ts'

/** What one of those who were asked wrote down. */
export interface Knowing extends CensusReport {
  /** The address of the one that told. */
  readonly from: string
}

/** What is lacking of it. */
export interface Lacking {
  /** How many more nodes would have to tell; none where it is not above 0. */
  readonly missing: number
  /** The addresses of those whose disks had copies, and are not here; where all are here, of those that do not count. */
  readonly silent: readonly string[]
}

/**
 * Who is named in a census with the disk that it has, and knows of an earlier one instead: this one was founded
 * beside that, and is done with for that node, or had no more than begun. Whatever it got in it, it tells.
 */
export function besides(
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
 * What few know may be out of date, and so may be what is in short lists: of the longest each counts. A disk that is
 * here counts where it was there in the life that is in the list, and not where that one lost its own.
 */
export function lackingOf(
  knowing: readonly Knowing[],
  others: readonly Knowing[],
  disks: number,
): Lacking {
  const most = Math.max(...knowing.map(({ hosts }) => hosts.length))
  const lists = knowing.filter(({ hosts }) => hosts.length === most)
  const counting = whoCount(knowing, others, lists)
  const isTold = inLifeOf([...counting, ...others])
  const isHere = inLifeOf([...knowing, ...others])
  const silent = lists.map(({ hosts }) => hosts.filter((host) => !isTold(host)))
  const fewest = Math.floor(most / 2) + 1
  const knowers = new Set([...knowing, ...others].map(({ from }) => from)).size
  const unknown = fewest - knowers
  // Where there are fewer than that, each has all: one of them has to tell.
  const lost = Math.max(...silent.map(({ length }) => length)) + 1 - Math.min(disks, most)
  const absentOf = (those: readonly Knowing[]): readonly string[] =>
    addressesOf(those.flatMap(({ hosts }) => hosts.filter((host) => !isHere(host))))
  const ofAll = absentOf(knowing)
  if (counting.length === 0 && lost > 0 && ofAll.length > 0) {
    // Nobody has been filled so far: it takes every disk.
    return { missing: Math.max(ofAll.length, unknown), silent: ofAll }
  }
  const missing = Math.max(lost, unknown)
  const ofLists = absentOf(lists)
  // Where these are too few, somebody is here who does not count: whoever only that one names is not.
  const absent = ofLists.length < missing ? ofAll : ofLists
  if (absent.length === 0) return { missing, silent: addressesOf(silent.flat()) }
  return { missing: Math.min(missing, absent.length), silent: absent }
}

function addressesOf(hosts: readonly NodeIdentity[]): readonly string[] {
  return [...new Set(hosts.map(({ address }) => address.toString()))]
}

/**
 * Whose lists count. Whoever is late may name too few, and so does not count by itself. It does where one that is filled
 * names the disk that it has, and all whom it names: what was confirmed is on as many disks as it must be of those that
 * the filled one names. Where nobody has been filled so far, all count once every disk is here that any of them names.
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
