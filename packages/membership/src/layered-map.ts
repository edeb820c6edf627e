// A map of thousands of entries that changes a few at a time: a base, shared with the maps that it came of,
// and what differs from that. So a change copies the difference alone, and maps of one base are compared
// by their differences. Where these grow large a new base is made.

/** Copying what differs and making a new base now and then cost about the same at so many. */
const mostChanges = (base: number): number => 16 + 2 * Math.sqrt(base)

/** Immutable. Entries are added and replaced, and never taken out. */
export class LayeredMap<K, V> implements ReadonlyMap<K, V> {
  readonly #base: ReadonlyMap<K, V>
  readonly #changes: ReadonlyMap<K, V>
  readonly size: number

  private constructor(base: ReadonlyMap<K, V>, changes: ReadonlyMap<K, V>, size: number) {
    this.#base = base
    this.#changes = changes
    this.size = size
  }

  /** `former` with some entries set; it must not be changed any more. */
  static over<K, V>(
    former: ReadonlyMap<K, V>,
    entries: Iterable<readonly [K, V]>,
  ): LayeredMap<K, V> {
    const isLayered = former instanceof LayeredMap
    const base: ReadonlyMap<K, V> = isLayered ? former.#base : former
    const changes = new Map<K, V>(isLayered ? former.#changes : [])
    let { size } = former
    for (const [key, value] of entries) {
      if (!changes.has(key) && !base.has(key)) size++
      changes.set(key, value)
    }
    const layered = new LayeredMap(base, changes, size)
    return changes.size > mostChanges(base.size)
      ? new LayeredMap(new Map(layered), new Map(), size)
      : layered
  }

  /** Keys whose values may differ between two maps; undefined where only all of both would tell. */
  static changedBetween<K, V>(
    left: ReadonlyMap<K, V>,
    right: ReadonlyMap<K, V>,
  ): Iterable<K> | undefined {
    if (left === right) return []
    const [leftBase, leftChanges] = layersOf(left)
    const [rightBase, rightChanges] = layersOf(right)
    if (leftBase !== rightBase) return undefined
    return new Set([...leftChanges.keys(), ...rightChanges.keys()])
  }

  static layersOf<K, V>(
    this: void,
    map: ReadonlyMap<K, V>,
  ): readonly [base: ReadonlyMap<K, V>, changes: ReadonlyMap<K, V>] {
    return map instanceof LayeredMap ? [map.#base, map.#changes] : [map, new Map<K, V>()]
  }

  get(key: K): V | undefined {
    return this.#changes.get(key) ?? this.#base.get(key)
  }

  has(key: K): boolean {
    return this.#changes.has(key) || this.#base.has(key)
  }

  *[Symbol.iterator](): MapIterator<[K, V]> {
    for (const [key, value] of this.#base) yield [key, this.#changes.get(key) ?? value]
    for (const entry of this.#changes) if (!this.#base.has(entry[0])) yield entry
  }

  entries(): MapIterator<[K, V]> {
    return this[Symbol.iterator]()
  }

  *keys(): MapIterator<K> {
    for (const [key] of this) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this) yield value
  }

  forEach(use: (value: V, key: K, all: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) use(value, key, this)
  }
}

const { layersOf } = LayeredMap
