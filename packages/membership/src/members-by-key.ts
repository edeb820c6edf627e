import type { NodeKey } from '@casty/transport'
import type { Member } from './member.ts'
import type { NodeOrder } from './seen-nodes.ts'

/**
 * Members by key, over a list and the places of its nodes: where one of thousands changes its status,
 * the places are those of before and nothing is made anew. Immutable; in the order of the list.
 */
export class MembersByKey implements ReadonlyMap<NodeKey, Member> {
  readonly #members: readonly Member[]
  readonly #order: NodeOrder

  /** @param order - of exactly these members */
  constructor(members: readonly Member[], order: NodeOrder) {
    this.#members = members
    this.#order = order
  }

  get size(): number {
    return this.#members.length
  }

  get(key: NodeKey): Member | undefined {
    const place = this.#order.placeOf(key)
    return place === undefined ? undefined : this.#members[place]
  }

  has(key: NodeKey): boolean {
    return this.#order.placeOf(key) !== undefined
  }

  *[Symbol.iterator](): MapIterator<[NodeKey, Member]> {
    for (const member of this.#members) yield [member.key, member]
  }

  entries(): MapIterator<[NodeKey, Member]> {
    return this[Symbol.iterator]()
  }

  keys(): MapIterator<NodeKey> {
    return this.#order.keys.values()
  }

  values(): MapIterator<Member> {
    return this.#members.values()
  }

  forEach(use: (member: Member, key: NodeKey, all: ReadonlyMap<NodeKey, Member>) => void): void {
    for (const member of this.#members) use(member, member.key, this)
  }
}
