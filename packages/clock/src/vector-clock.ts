// A vector clock counts, per node, the changes it has seen. The counts live in one map that is never
// changed after construction, so that clocks can be shared freely; every operation that brings
// nothing new returns an instance it was given, and callers compare instances to read "no news".
import { ClockError } from './clock-error.ts'

/** How one clock stands to another: `before` means everything in it is also in the other. */
export type VectorRelation = 'before' | 'after' | 'same' | 'concurrent'

/** Per node, how many of its changes are covered. */
export type VectorClockEntry = readonly [node: string, version: number]

/**
 * An immutable vector clock over nodes named by strings. A node without an entry counts 0, and
 * entries of 0 are not stored, so that equal knowledge always has one form.
 *
 * @see Fidge, 1988; Mattern, "Virtual time and global states of distributed systems", 1989
 * @example VectorClock.empty.increment('a').isBefore(VectorClock.of({ a: 1, b: 2 })) // => true
 */
export class VectorClock {
  /** The clock that has seen nothing. */
  static readonly empty: VectorClock = new VectorClock(new Map())

  // Not a `#` field: test runners compare visible fields, and two unequal clocks must not look alike.
  private readonly versions: ReadonlyMap<string, number>
  #sorted: readonly VectorClockEntry[] | undefined

  private constructor(versions: ReadonlyMap<string, number>) {
    this.versions = versions
  }

  /**
   * @param entries - pairs of node and version, or a record of them; versions are integers from 0 on
   * @throws ClockError `CASTY_CLOCK_INVALID` for any other version, and for a node named twice
   */
  static of(entries: Iterable<VectorClockEntry> | Readonly<Record<string, number>>): VectorClock {
    const versions = new Map<string, number>()
    const pairs = isIterable(entries) ? entries : Object.entries(entries)
    for (const [node, version] of pairs) {
      if (versions.has(node))
        throw ClockError.invalid('A node of a vector clock', node, 'named once')
      versions.set(node, validVersion(version))
    }
    for (const [node, version] of versions) if (version === 0) versions.delete(node)
    return VectorClock.#from(versions)
  }

  /**
   * Reads the form that `toJSON` writes, from a source that is not trusted.
   *
   * @throws ClockError `CASTY_CLOCK_INVALID` when it is anything else
   */
  static fromJSON(value: unknown): VectorClock {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw ClockError.invalid('A vector clock in JSON', value, 'an object of node to version')
    }
    const pairs = Object.entries(value).map(
      ([node, version]: [string, unknown]): VectorClockEntry => [node, validVersion(version)],
    )
    return VectorClock.of(pairs)
  }

  static #from(versions: ReadonlyMap<string, number>): VectorClock {
    return versions.size === 0 ? VectorClock.empty : new VectorClock(versions)
  }

  /** The number of nodes with an entry. */
  get size(): number {
    return this.versions.size
  }

  /** How many changes of `node` are covered; 0 when none. */
  versionOf(node: string): number {
    return this.versions.get(node) ?? 0
  }

  /** This clock after one more change of `node`. */
  increment(node: string): VectorClock {
    const version = validVersion(this.versionOf(node) + 1)
    return new VectorClock(new Map(this.versions).set(node, version))
  }

  /**
   * The least clock that covers both: per node the higher version. Commutative, associative and
   * idempotent. Returns `this` when `other` brings nothing new, and `other` when it covers this one.
   */
  merge(other: VectorClock): VectorClock {
    switch (this.compare(other)) {
      case 'same':
      case 'after':
        return this
      case 'before':
        return other
      case 'concurrent':
        return VectorClock.#join(this.versions, other.versions)
    }
  }

  static #join(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): VectorClock {
    const [larger, smaller] = left.size < right.size ? [right, left] : [left, right]
    const joined = new Map(larger)
    for (const [node, version] of smaller) {
      if (version > (joined.get(node) ?? 0)) joined.set(node, version)
    }
    return new VectorClock(joined)
  }

  /** One pass over the entries of this clock; what only `other` has is found by counting. */
  compare(other: VectorClock): VectorRelation {
    if (this === other) return 'same'
    let ahead = false
    let behind = false
    let shared = 0
    for (const [node, version] of this.versions) {
      const theirs = other.versions.get(node)
      if (theirs !== undefined) shared += 1
      if (version > (theirs ?? 0)) ahead = true
      else if (version < (theirs ?? 0)) behind = true
      if (ahead && behind) return 'concurrent'
    }
    if (shared < other.versions.size) behind = true
    if (ahead) return behind ? 'concurrent' : 'after'
    return behind ? 'before' : 'same'
  }

  /** Whether `other` covers everything in this clock, and more. */
  isBefore(other: VectorClock): boolean {
    return this.compare(other) === 'before'
  }

  /** Whether this clock covers everything in `other`, and more. */
  isAfter(other: VectorClock): boolean {
    return this.compare(other) === 'after'
  }

  /** Whether each of the two has seen something the other has not. */
  isConcurrentWith(other: VectorClock): boolean {
    return this.compare(other) === 'concurrent'
  }

  equals(other: VectorClock): boolean {
    return this.size === other.size && this.compare(other) === 'same'
  }

  /**
   * This clock without the entries of the nodes that are gone for good; the same instance when it
   * had none of them. Prune both sides before comparing them, or a removal looks like concurrency.
   */
  without(nodes: string | Iterable<string> | ((node: string) => boolean)): VectorClock {
    const gone =
      typeof nodes === 'function'
        ? [...this.versions.keys()].filter((node) => nodes(node))
        : typeof nodes === 'string'
          ? [nodes]
          : nodes
    let kept: Map<string, number> | undefined
    for (const node of gone) {
      if (this.versions.has(node)) (kept ??= new Map(this.versions)).delete(node)
    }
    return kept === undefined ? this : VectorClock.#from(kept)
  }

  /** All entries, ordered by node (by UTF-16 code units, alike on every platform). */
  entries(): readonly VectorClockEntry[] {
    this.#sorted ??= [...this.versions].sort(([left], [right]) => (left < right ? -1 : 1))
    return this.#sorted
  }

  /** All entries in no particular order: nothing has to be sorted for it. */
  unordered(): Iterable<VectorClockEntry> {
    return this.versions
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.entries()) // Defines own keys, so `__proto__` is a node like any.
  }

  /** For people: `VectorClock(a=1, b=2)`. */
  toString(): string {
    return `VectorClock(${this.entries()
      .map(([node, version]) => `${node}=${version}`)
      .join(', ')})`
  }
}

function isIterable(
  entries: Iterable<VectorClockEntry> | Readonly<Record<string, number>>,
): entries is Iterable<VectorClockEntry> {
  return Symbol.iterator in entries
}

function validVersion(version: unknown): number {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 0) return version
  throw ClockError.invalid('A version in a vector clock', version, 'integers from 0 to 2^53 - 1')
}
