// A vector clock counts, per node, the changes it has seen. It is never changed after construction, so
// that clocks can be shared freely; every operation that brings nothing new returns an instance it was
// given, and callers compare instances to read "no news".
//
// Clocks of thousands of nodes are compared and joined all the time. So each is held as an array of
// counts, and clocks that came of each other share the list of nodes that says whose count stands where:
// they are compared count by count, and no node is looked up. Others are compared by name.
import { ClockError } from './clock-error.ts'

/** How one clock stands to another: `before` means everything in it is also in the other. */
export type VectorRelation = 'before' | 'after' | 'same' | 'concurrent'

/** Per node, how many of its changes are covered. */
export type VectorClockEntry = readonly [node: string, version: number]

/** Made when it is first asked for: the compiler has no name for the class while its static fields are made. */
let emptyClock: VectorClock | undefined

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
    return (emptyClock ??= new VectorClock(new Places(), new Uint32Array(0), 0))
  }

  readonly #places: Places
  /** By place; beyond its end everybody counts 0. */
  readonly #counts: Counts
  /** The number of nodes with an entry. */
  readonly #size: number
  #sorted: readonly VectorClockEntry[] | undefined

  private constructor(places: Places, counts: Counts, size: number) {
    this.#places = places
    this.#counts = counts
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
    return VectorClock.empty.#with(versions)
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

  /** The number of nodes with an entry. */
  get size(): number {
    return this.#size
  }

  /** How many changes of `node` are covered; 0 when none. */
  versionOf(node: string): number {
    const place = this.#places.of(node)
    return place === undefined ? 0 : (this.#counts[place] ?? 0)
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
    const news: VectorClockEntry[] = []
    let size = this.#size
    for (const entry of entries) {
      const former = this.versionOf(entry[0])
      if (entry[1] === former) continue
      size += Math.sign(entry[1]) - Math.sign(former)
      news.push(entry)
    }
    if (news.length === 0) return this
    if (size === 0) return VectorClock.empty
    // Everybody starts from the empty clock, which keeps no list of them.
    const places = this.#size === 0 ? new Places() : this.#places
    const added = news.map(([node]) => places.add(node))
    const length = added.reduce((most, place) => Math.max(most, place + 1), this.#counts.length)
    const highest = news.reduce((most, [, version]) => Math.max(most, version), 0)
    const counts = countsFor(this.#counts, length, highest)
    for (const [index, place] of added.entries()) counts[place] = news[index]?.[1] ?? 0
    const clock = new VectorClock(places, counts, size)
    return places.nodes.length > 2 * size + mostIdlePlaces ? clock.#packed() : clock
  }

  /** The same over a list without those who are gone. */
  #packed(): VectorClock {
    return VectorClock.empty.#with(this.unordered())
  }

  /** What makes `since` into this clock: entries that differ, with 0 those that are gone. */
  changesSince(since: VectorClock): readonly VectorClockEntry[] {
    const found: VectorClockEntry[] = []
    if (this === since) return found
    if (this.#places === since.#places) {
      const { nodes } = this.#places
      const [own, former] = [this.#counts, since.#counts]
      const length = Math.max(own.length, former.length)
      for (let place = 0; place < length; place++) {
        const version = own[place] ?? 0
        if (version !== (former[place] ?? 0)) found.push([nodes[place] ?? '', version])
      }
      return found
    }
    for (const entry of this.unordered()) {
      if (entry[1] !== since.versionOf(entry[0])) found.push(entry)
    }
    for (const [node] of since.unordered()) if (this.versionOf(node) === 0) found.push([node, 0])
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

  /** One pass over the entries of both. */
  compare(other: VectorClock): VectorRelation {
    if (this === other) return 'same'
    return this.#places === other.#places
      ? compareCounts(this.#counts, other.#counts)
      : this.#compareByName(other)
  }

  #compareByName(other: VectorClock): VectorRelation {
    let ahead = false
    let behind = false
    let shared = 0
    for (const [node, version] of this.unordered()) {
      const theirs = other.versionOf(node)
      if (theirs > 0) shared += 1
      if (version > theirs) ahead = true
      else if (version < theirs) behind = true
      if (ahead && behind) return 'concurrent'
    }
    if (shared < other.size) behind = true // What only `other` has is found by counting.
    return relationOf(ahead, behind)
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
  *unordered(): Iterable<VectorClockEntry> {
    const { nodes } = this.#places
    for (let place = 0; place < this.#counts.length; place++) {
      const version = this.#counts[place] ?? 0
      if (version > 0) yield [nodes[place] ?? '', version]
    }
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

/** By place; half as large where all of them fit. */
type Counts = Uint32Array | Float64Array

const mostInWord = 0xffff_ffff

/** A copy with room for so many, and for a count so high. */
function countsFor(counts: Counts, length: number, highest: number): Counts {
  const isWide = highest > mostInWord || counts instanceof Float64Array
  const copy = isWide ? new Float64Array(length) : new Uint32Array(length)
  copy.set(counts)
  return copy
}

function compareCounts(own: Counts, others: Counts): VectorRelation {
  let ahead = false
  let behind = false
  const length = Math.max(own.length, others.length)
  for (let place = 0; place < length; place++) {
    const version = own[place] ?? 0
    const theirs = others[place] ?? 0
    if (version > theirs) ahead = true
    else if (version < theirs) behind = true
    if (ahead && behind) return 'concurrent'
  }
  return relationOf(ahead, behind)
}

function relationOf(ahead: boolean, behind: boolean): VectorRelation {
  if (ahead) return behind ? 'concurrent' : 'after'
  return behind ? 'before' : 'same'
}

/** Besides as many as there are entries: a longer list is of nodes that are gone. */
const mostIdlePlaces = 16

/** Whose count stands where, for all clocks that came of each other: nodes are only ever added. */
class Places {
  readonly nodes: string[] = []
  readonly #byNode = new Map<string, number>()

  of(node: string): number | undefined {
    return this.#byNode.get(node)
  }

  add(node: string): number {
    const known = this.#byNode.get(node)
    if (known !== undefined) return known
    this.#byNode.set(node, this.nodes.length)
    return this.nodes.push(node) - 1
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
