import type { VectorClock } from '@casty/clock'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { laterDot, type Dot } from './dot.ts'

/**
 * All incarnations of an address up to this one are removed for good: none of them is ever taken in
 * again, and what they counted in version clocks is forgotten.
 */
export interface Tombstone {
  /** The latest incarnation that was removed. */
  readonly node: NodeIdentity
  /**
   * When the remover's wall clock said that it was removed, in milliseconds since the epoch. For
   * people: no node counts the age of a tombstone by it, and of two removers' words either may stay.
   */
  readonly removedAtMs: number
  /** It was let go in good order, rather than downed or replaced by a later incarnation. */
  readonly left: boolean
  /** Its age as a member, where it ever was up: tells older from younger sides, see `rivals.ts`. */
  readonly upNumber?: number
  readonly dot: Dot
  /**
   * As it travels: for how long its teller has counted it when it was sent, in milliseconds. So that
   * all forget it together, also those who learn of it late. @defaultValue 0
   */
  readonly ageMs?: number
}

/**
 * Who is removed for good: by address, one tombstone each, of the latest incarnation removed.
 *
 * Immutable. A change that changes nothing returns the same instance.
 */
export class Tombstones {
  static readonly empty: Tombstones = new Tombstones(new Map())

  readonly #byAddress: ReadonlyMap<string, Tombstone>
  /** Versions are pruned again and again, and have an entry for each of thousands of members. */
  readonly #pruned = new WeakMap<VectorClock, VectorClock>()
  /** Of the next one only what differs has to be looked at. */
  #lastPruned: VectorClock | undefined

  private constructor(byAddress: ReadonlyMap<string, Tombstone>) {
    this.#byAddress = byAddress
  }

  static of(tombstones: Iterable<Tombstone>): Tombstones {
    return Tombstones.empty.with(tombstones)
  }

  get size(): number {
    return this.#byAddress.size
  }

  get(address: string): Tombstone | undefined {
    return this.#byAddress.get(address)
  }

  addresses(): readonly string[] {
    return [...this.#byAddress.keys()]
  }

  values(): Iterable<Tombstone> {
    return this.#byAddress.values()
  }

  /** Whether this incarnation is removed. */
  has(node: NodeIdentity): boolean {
    const tombstone = this.get(node.address.toString())
    return tombstone !== undefined && node.incarnation <= tombstone.node.incarnation
  }

  /** The same by key, `host:port#incarnation`. */
  hasKey(key: NodeKey): boolean {
    const hash = key.lastIndexOf('#')
    const tombstone = this.get(key.slice(0, hash))
    return tombstone !== undefined && Number(key.slice(hash + 1)) <= tombstone.node.incarnation
  }

  /** With more tombstones, each in place of any earlier one of its address. */
  with(tombstones: Iterable<Tombstone>): Tombstones {
    const byAddress = new Map(this.#byAddress)
    for (const tombstone of tombstones) {
      const address = tombstone.node.address.toString()
      const held = byAddress.get(address)
      if (!held || held.node.incarnation <= tombstone.node.incarnation)
        byAddress.set(address, tombstone)
    }
    return new Tombstones(byAddress)
  }

  /** Joins what is known with what was told. Commutative, associative, idempotent. */
  merge(told: readonly Tombstone[]): Tombstones {
    if (told.length === 0) return this
    const all = this.with(told) // Dots are chosen by who is removed once all are known.
    const isRemoved = (key: NodeKey): boolean => all.hasKey(key)
    let merged: Map<string, Tombstone> | undefined
    for (const tombstone of told) {
      const address = tombstone.node.address.toString()
      const held = (merged ?? this.#byAddress).get(address)
      if (held && mergeTombstone(held, tombstone, isRemoved) === held) continue
      merged ??= new Map(this.#byAddress)
      merged.set(address, tombstone)
    }
    return merged ? new Tombstones(merged) : this
  }

  without(isOver: (address: string, tombstone: Tombstone) => boolean): Tombstones {
    const kept = [...this.#byAddress].filter(([address, tombstone]) => !isOver(address, tombstone))
    return kept.length === this.size ? this : new Tombstones(new Map(kept))
  }

  /** A version without the entries of removed incarnations, so that it compares. */
  prune(version: VectorClock): VectorClock {
    if (this.size === 0) return version
    const known = this.#pruned.get(version)
    if (known) return known
    const isGone = (node: string): boolean => this.hasKey(node as NodeKey) // Only looked up.
    const last = this.#lastPruned
    const pruned = last
      ? version.without(
          version.changesSince(last).flatMap(([node]) => (isGone(node) ? [node] : [])),
        )
      : version.without(isGone)
    this.#pruned.set(version, pruned)
    this.#lastPruned = pruned
    return pruned
  }

  /** Whether a change was told by a removed node: then no version covers it any more. */
  isOrphan({ dot }: { readonly dot: Dot }): boolean {
    return this.hasKey(dot.node)
  }

  /** Changes with `dot` in place of the dots of removed nodes. */
  adopt<T extends { readonly dot: Dot }>(
    changes: ReadonlyMap<string, T>,
    dot: Dot,
  ): ReadonlyMap<string, T> {
    const adopted = [...changes].map(
      ([key, change]) => [key, this.isOrphan(change) ? { ...change, dot } : change] as const,
    )
    return new Map(adopted)
  }

  /** The tombstones' own changes adopted in the same way. */
  adopted(dot: Dot): Tombstones {
    return new Tombstones(this.adopt(this.#byAddress, dot))
  }

  /** With `dot` on all that its node told: it tells them anew. */
  toldAnew(dot: Dot): Tombstones {
    const told = [...this.#byAddress.values()].filter((held) => held.dot.node === dot.node)
    return told.length === 0 ? this : this.with(told.map((tombstone) => ({ ...tombstone, dot })))
  }

  /** Whether both say the same of the same nodes; by whose change, and when, is not compared. */
  equals(other: Tombstones): boolean {
    if (this === other) return true
    if (this.size !== other.size) return false
    return [...this.#byAddress].every(([address, { node, left }]) => {
      const held = other.get(address)
      return held?.node.equals(node) === true && held.left === left
    })
  }
}

/**
 * The tombstone of the later incarnation; of one incarnation the one that tells of the worse end,
 * and then the one that `laterDot` chooses.
 */
function mergeTombstone(
  left: Tombstone,
  right: Tombstone,
  isRemoved: (node: NodeKey) => boolean,
): Tombstone {
  if (left === right) return left
  if (left.node.incarnation !== right.node.incarnation) {
    return left.node.incarnation > right.node.incarnation ? left : right
  }
  if (left.left !== right.left) return left.left ? right : left
  return laterDot(left.dot, right.dot, isRemoved) === left.dot ? left : right
}
