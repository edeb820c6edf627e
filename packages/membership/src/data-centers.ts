// The members of each data center by themselves. With one data center, all that follows is what it
// was without any.
import { ringOrder, ringPosition } from '@casty/failure-detector'
import type { NodeKey } from '@casty/transport'
import { compareText } from './compare-text.ts'
import type { Member } from './member.ts'

/** The members of one data center, and the rings on which they stand. Immutable. */
export class DataCenter {
  readonly name: string
  /** By address. */
  readonly members: readonly Member[]
  readonly membersByKey: ReadonlyMap<NodeKey, Member>
  #watchRing: readonly NodeKey[] | undefined
  #shortcutRing: readonly NodeKey[] | undefined
  /** As it was before, with other records: its rings hold as long as the same nodes are members. */
  #former: DataCenter | undefined

  constructor(
    name: string,
    members: readonly Member[],
    membersByKey: ReadonlyMap<NodeKey, Member>,
    former?: DataCenter,
  ) {
    this.name = name
    this.members = members
    this.membersByKey = membersByKey
    // Never a chain: of one that has no rings of its own, those that it was given are kept.
    if (former !== undefined) this.#former = former.#watchRing ? former : former.#former
  }

  /** Every member in the order in which they watch each other, each those that follow. */
  get watchRing(): readonly NodeKey[] {
    this.#makeRings()
    return this.#watchRing ?? []
  }

  /** Every member in an order that has nothing to do with the first: over it news takes shortcuts. */
  get shortcutRing(): readonly NodeKey[] {
    this.#makeRings()
    return this.#shortcutRing ?? []
  }

  /** Orders thousands of hashes: not for every change of somebody's status. */
  #makeRings(): void {
    if (this.#watchRing && this.#shortcutRing) return
    const former = this.#former
    this.#former = undefined
    if (former && sameNodes(former.members, this.members)) {
      this.#watchRing = former.#watchRing
      this.#shortcutRing = former.#shortcutRing
      return
    }
    const keys = this.members.map(({ key }) => key)
    this.#watchRing = ringOrder(keys)
    this.#shortcutRing = shortcutOrder(keys)
  }
}

/**
 * The data centers of a cluster, by name.
 *
 * @param members - all there are, by address
 * @param former - the data centers of the state before
 */
export function dataCentersOf(
  members: readonly Member[],
  membersByKey: ReadonlyMap<NodeKey, Member>,
  former?: ReadonlyMap<string, DataCenter>,
): ReadonlyMap<string, DataCenter> {
  const [first] = members
  if (first === undefined) return new Map()
  const { dataCenter } = first
  if (members.every((member) => member.dataCenter === dataCenter)) {
    const only = new DataCenter(dataCenter, members, membersByKey, former?.get(dataCenter))
    return new Map([[dataCenter, only]])
  }
  return new Map(
    [...byDataCenter(members)].map(([name, own]) => {
      const byKey = new Map(own.map((member) => [member.key, member]))
      return [name, new DataCenter(name, own, byKey, former?.get(name))]
    }),
  )
}

/** The members of each data center in the order given; the data centers by name. */
function byDataCenter(members: readonly Member[]): ReadonlyMap<string, readonly Member[]> {
  const found = new Map<string, Member[]>()
  for (const member of members) {
    const own = found.get(member.dataCenter)
    if (own) own.push(member)
    else found.set(member.dataCenter, [member])
  }
  return new Map([...found].toSorted(([left], [right]) => compareText(left, right)))
}

function sameNodes(left: readonly Member[], right: readonly Member[]): boolean {
  return left.length === right.length && left.every(({ key }, place) => key === right[place]?.key)
}

function shortcutOrder(keys: readonly NodeKey[]): readonly NodeKey[] {
  return keys
    .map((key) => ({ key, position: ringPosition(`shortcut ${key}`) }))
    .toSorted((left, right) => left.position - right.position || compareText(left.key, right.key))
    .map(({ key }) => key)
}
