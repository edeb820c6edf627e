// A vector clock counts, per node, the changes it has seen. It is never changed after construction, so
// that clocks can be shared freely; every operation that brings nothing new returns an instance it was
// given, and callers compare instances to read "no news".
//
// A clock of thousands of nodes changes an entry at a time. So it is held as a base, shared with the
// clocks that it came of, and what differs from that: a change copies the difference alone, and clocks
// of one base are compared by their differences. Where these grow large a new base is made.
import { ClockError } from './clock-error.ts'

/** How one clock stands to another: `before` means everything in it is also in the other. */
export type VectorRelation = 'before' | 'after' | 'same' | 'concurrent'

/** Per node, how many of its changes are covered. */
export type VectorClockEntry = readonly [node: string, version: number]

const unchanged: ReadonlyMap<string, number> = new Map()
/** Made when it is first asked for: the compiler has no name for the class while its static fields are made. */
let emptyClock: VectorClock | undefined
/** Up to so many entries, or an eighth of its base, a clock is held as what differs from that. */
const leastForBase = 16

/**
 * An immutable vector clock over nodes named by strings. A node without an entry counts 0, and
 * entries of 0 are not stored, so that equal knowledge always has one form.
 *
 * @see Fidge, 1988; Mattern, "Virtual time and global states of distributed systems", 1989
 * @example VectorClock.empty.increment('a').isBefore(VectorClock.of({ a: 1, b: 2 })) // => true
 */
export class VectorClock {
  /** The clock that has seen nothing. */
  static get empty(): VectorClock {
    return (emptyClock ??= new VectorClock(unchanged))
  }

  readonly #base: ReadonlyMap<string, number>
  /** What differs from the base; 0 for an entry of the base that is gone. */
  readonly #changes: ReadonlyMap<string, number>
  /** The number of nodes with an entry. */
  readonly #size: number
  #sorted: readonly VectorClockEntry[] | undefined

  private constructor(
    base: ReadonlyMap<string, number>,
    changes: ReadonlyMap<string, number> = unchanged,
    size: number = base.size,
  ) {
    this.#base = base
    this.#changes = changes
    this.#size = size
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
    return this.#size
  }

  /** How many changes of `node` are covered; 0 when none. */
  versionOf(node: string): number {
    return this.#changes.get(node) ?? this.#base.get(node) ?? 0
  }

  /** This clock after one more change of `node`. */
  increment(node: string): VectorClock {
    return this.#with([[node, validVersion(this.versionOf(node) + 1)]])
  }

  /**
   * This clock with other versions of some nodes, where 0 takes an entry out: the inverse of
   * `changesSince`. The same instance where nothing differs.
   *
   * @throws ClockError `CASTY_CLOCK_INVALID` for versions that are no integers from 0 on, and for a node
   * named twice
   */
  withEntries(entries: Iterable<VectorClockEntry>): VectorClock {
    const news = new Map<string, number>()
    for (const [node, version] of entries) {
      if (news.has(node)) throw ClockError.invalid('A node of a vector clock', node, 'named once')
      news.set(node, validVersion(version))
    }
    return this.#with(news)
  }

  #with(entries: Iterable<VectorClockEntry>): VectorClock {
    let changes: Map<string, number> | undefined
    let size = this.#size
    for (const [node, version] of entries) {
      const former = this.versionOf(node)
      if (version === former) continue
      changes ??= new Map(this.#changes)
      if (version === (this.#base.get(node) ?? 0)) changes.delete(node)
      else changes.set(node, version)
      size += Math.sign(version) - Math.sign(former)
    }
    if (changes === undefined) return this
    if (size === 0) return VectorClock.empty
    const clock = new VectorClock(this.#base, changes, size)
    const isLarge = changes.size > Math.max(leastForBase, this.#base.size / 8)
    return isLarge ? new VectorClock(new Map(clock.unordered())) : clock
  }

  /** What makes `since` into this clock: entries that differ, with 0 those that are gone. */
  changesSince(since: VectorClock): readonly VectorClockEntry[] {
    const found: VectorClockEntry[] = []
    if (this === since) return found
    const isRelated = this.#base === since.#base
    for (const [node, version] of isRelated ? this.#changes : this.unordered()) {
      if (version !== since.versionOf(node)) found.push([node, version])
    }
    for (const [node, former] of isRelated ? since.#changes : since.unordered()) {
      const version = this.versionOf(node)
      const isFound = isRelated ? this.#changes.has(node) : version > 0
      if (!isFound && version !== former) found.push([node, version])
    }
    return found
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
        return this.#with(
          other.changesSince(this).filter(([node, version]) => version > this.versionOf(node)),
        )
    }
  }

  /** One pass over the entries of both, or over what differs where they have a base in common. */
  compare(other: VectorClock): VectorRelation {
    if (this === other) return 'same'
    const isRelated = this.#base === other.#base
    let ahead = false
    let behind = false
    let shared = 0
    for (const [node, version] of isRelated ? this.#changes : this.unordered()) {
      const theirs = other.versionOf(node)
      if (theirs > 0) shared += 1
      if (version > theirs) ahead = true
      else if (version < theirs) behind = true
      if (ahead && behind) return 'concurrent'
    }
    if (isRelated) {
      for (const [node, theirs] of other.#changes) {
        const version = this.versionOf(node)
        if (version > theirs) ahead = true
        else if (version < theirs) behind = true
      }
    } else if (shared < other.size) behind = true // What only `other` has is found by counting.
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
        ? Array.from(this.unordered(), ([node]) => node).filter((node) => nodes(node))
        : typeof nodes === 'string'
          ? [nodes]
          : [...nodes]
    return this.#with(gone.map((node) => [node, 0] as const))
  }

  /** All entries, ordered by node (by UTF-16 code units, alike on every platform). */
  entries(): readonly VectorClockEntry[] {
    this.#sorted ??= [...this.unordered()].sort(([left], [right]) => (left < right ? -1 : 1))
    return this.#sorted
  }

  /** All entries in no particular order: nothing has to be sorted for it. */
  unordered(): Iterable<VectorClockEntry> {
    return this.#changes.size === 0 ? this.#base : this.#overlaid()
  }

  *#overlaid(): Iterable<VectorClockEntry> {
    for (const entry of this.#base) if (!this.#changes.has(entry[0])) yield entry
    for (const entry of this.#changes) if (entry[1] > 0) yield entry
  }

  /** As `entries`: so clocks that are held differently and say the same look alike to test runners. */
  [Symbol.iterator](): Iterator<VectorClockEntry> {
    return this.entries()[Symbol.iterator]()
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
