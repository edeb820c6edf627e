// The members of each data center by themselves. With one data center, all that follows is what it
// was without any.
import type { NodeKey } from '@casty/transport'
import { compareText } from './compare-text.ts'
import type { Member } from './member.ts'
import { ringOf, shortcutPosition, watchPosition, type FormerRing } from './rings.ts'

/** The members of one data center, and the rings on which they stand. Immutable. */
export class DataCenter {
  readonly name: string
  /** By address. */
  readonly members: readonly Member[]
  readonly membersByKey: ReadonlyMap<NodeKey, Member>
  #watchRing: readonly NodeKey[] | undefined
  #shortcutRing: readonly NodeKey[] | undefined
  /** As it was before, with other records: the rings follow from its own. */
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

  #makeRings(): void {
    if (this.#watchRing && this.#shortcutRing) return
    const former = this.#former
    this.#former = undefined
    this.#watchRing = ringOf(
      this.members,
      watchPosition,
      former && asFormer(former, former.#watchRing),
    )
    this.#shortcutRing = ringOf(
      this.members,
      shortcutPosition,
      former && asFormer(former, former.#shortcutRing),
    )
  }
}

function asFormer(
  { members }: DataCenter,
  ring: readonly NodeKey[] | undefined,
): FormerRing | undefined {
  return ring && { ring, members }
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
