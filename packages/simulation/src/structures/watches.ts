// What those see who watch a counter that only grows, or a map: changes in order, none made up, and the last one always.
import type { MapEvent } from '@casty/ddata'
import type { StructuresUser } from './user.ts'

type Told = MapEvent<string, number>

/** One who watches a counter that only grows. */
export class CounterWatch {
  readonly #wrong: string[] = []
  last: number | undefined

  /** @param most - what it can have come to by now */
  told(value: number, most: number): void {
    if (this.last !== undefined && value < this.last) {
      this.#wrong.push(`${value} was told after ${this.last}`)
    }
    if (value > most) this.#wrong.push(`${value} was told, and it is ${most} at most`)
    this.last = value
  }

  get wrong(): readonly string[] {
    return this.#wrong
  }
}

/** One who watches a map. */
export class MapWatch {
  readonly #wrong: string[] = []
  readonly #isComplete: boolean
  /** What it knows of each key; undefined: that it is not there. */
  readonly #known = new Map<string, number | undefined>()
  readonly #versions = new Map<string, number>()
  #hasMissed: boolean

  /** @param isComplete - whether it is told first what there is: then what changed meanwhile may come once more */
  constructor(isComplete: boolean) {
    this.#isComplete = isComplete
    this.#hasMissed = !isComplete
  }

  told(event: Told): void {
    switch (event.type) {
      case 'put':
        this.#changed(event, event.value)
        return
      case 'delete':
      case 'expire':
      case 'evict':
        this.#changed(event, undefined)
        return
      case 'clear':
      case 'resync':
        this.#known.clear()
        this.#hasMissed = true
    }
  }

  #changed(event: Exclude<Told, { type: 'clear' | 'resync' }>, value: number | undefined): void {
    const { key, version, previous, type } = event
    if (!this.#isComplete) {
      const before = this.#versions.get(key) ?? 0
      if (version <= before) this.#wrong.push(`${type} ${key} of ${version} came after ${before}`)
      if (this.#known.has(key) && this.#known.get(key) !== previous) {
        const known = String(this.#known.get(key))
        this.#wrong.push(`${type} ${key} followed ${String(previous)}, where ${known} was known`)
      }
    }
    this.#versions.set(key, version)
    this.#known.set(key, value)
  }

  /** @returns how what it knows differs from what there is */
  differenceTo(present: ReadonlyMap<string, number>): string | undefined {
    const keys = new Set([...this.#known.keys(), ...(this.#hasMissed ? [] : present.keys())])
    const key = [...keys].find((one) => this.#known.get(one) !== present.get(one))
    if (key === undefined) return undefined
    return `${key} is ${String(present.get(key))}, and ${String(this.#known.get(key))} was told last`
  }

  get wrong(): readonly string[] {
    return this.#wrong
  }
}

export interface OpenWatch {
  readonly user: StructuresUser
  readonly end: () => void
  /** @returns how what was told last differs from what there is; undefined where it does not */
  readonly differs: () => Promise<string | undefined>
}

export class Watches {
  readonly open: Set<OpenWatch> = new Set<OpenWatch>()
  readonly #all: { readonly name: string; readonly watch: CounterWatch | MapWatch }[] = []
  /** What the counter that is watched can have come to. */
  most = 0

  begun(name: string, watch: CounterWatch | MapWatch): void {
    this.#all.push({ name, watch })
  }

  judge(): readonly string[] {
    return this.#all.flatMap(({ name, watch }) => watch.wrong.map((text) => `${name}: ${text}`))
  }
}
