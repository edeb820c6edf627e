// Who knows what: which elements each process has seen come and go, and which of them are on disks. Elements are put in
// once, so what went must not come back, and what somebody knows must come to all.
import type { Replicator } from '@casty/replicator'
import { outside } from '../hosting/outside-client.ts'
import type { ReplicatorRun } from './replicator-run.ts'
import { sharedValues, type SharedValue } from './shared-values.ts'

/** Elements by the name of the value. */
export type Elements = ReadonlyMap<string, ReadonlySet<string>>

/** A process with values, on a host of the cluster or outside. */
export interface Knower {
  readonly host: string
  readonly isRunning: boolean
  /** Whether it may be without an element that it has, and have it again: it is told anew what there is. */
  mayDrop?(name: string, element: string): boolean
  toString(): string
}

/** What one process knows of one value. */
interface Known {
  readonly there: Set<string>
  readonly gone: Set<string>
}

export class ProcessKnowledge {
  readonly values: Map<string, Known> = new Map()
  /** What outlives it. */
  readonly saved: Map<string, ReadonlySet<string>> = new Map()

  of(name: string): Known {
    const known = this.values.get(name) ?? { there: new Set(), gone: new Set() }
    this.values.set(name, known)
    return known
  }

  knows(name: string, element: string): boolean {
    const known = this.values.get(name)
    return known !== undefined && (known.there.has(element) || known.gone.has(element))
  }
}

/** What became of an element that somebody put in. */
interface Fate {
  /** Somebody tried to take it out. */
  isRemoved: boolean
  /** All who knew it were gone at once. */
  isLost: boolean
}

export class Knowledge {
  readonly #run: ReplicatorRun
  readonly #lost: () => void
  readonly #processes = new Map<Knower, ProcessKnowledge>()
  readonly #disks = new Map<string, Map<string, ReadonlySet<string>>>()
  readonly #fates = new Map<string, Map<string, Fate>>()

  /** @param lost - called where all who knew an element are gone */
  constructor(run: ReplicatorRun, lost: () => void) {
    this.#run = run
    this.#lost = lost
  }

  at(process: Knower): ProcessKnowledge {
    const known = this.#processes.get(process) ?? new ProcessKnowledge()
    this.#processes.set(process, known)
    return known
  }

  /** An element is about to be put in. */
  adds({ name }: SharedValue, element: string): void {
    this.#fatesOf(name).set(element, { isRemoved: false, isLost: false })
  }

  /** Somebody is about to take it out. */
  removes({ name }: SharedValue, element: string): void {
    const fate = this.#fatesOf(name).get(element)
    if (fate) fate.isRemoved = true
  }

  /** Whether a process that has seen it may be without it. */
  mayBeGone({ name, kind }: SharedValue, element: string): boolean {
    return kind === 'replaced' || this.#fatesOf(name).get(element)?.isRemoved === true
  }

  /** A process has a value, of which it told. */
  seen(process: Knower, value: SharedValue, elements: ReadonlySet<string>): void {
    const { there, gone } = this.at(process).of(value.name)
    const tell = (checker: string, text: string): void =>
      this.#run.violate(checker, `${process} ${text}`, process.host)
    for (const element of elements) {
      if (there.has(element)) continue
      if (gone.has(element)) tell('nothing comes back', `has ${element} of ${value.name} again`)
      if (!this.#fatesOf(value.name).has(element)) {
        tell('nothing is made up', `has ${element} of ${value.name}, which nobody put in`)
      }
      there.add(element)
    }
    for (const element of there) {
      if (elements.has(element)) continue
      there.delete(element)
      if (process.mayDrop?.(value.name, element) === true) continue
      gone.add(element)
      if (this.mayBeGone(value, element)) continue
      tell('nothing is lost', `has ${element} of ${value.name} no more, which nobody took out`)
    }
  }

  /** All that was ever there of these values, now included: it may not have been told yet. */
  known(process: Knower, replicator: Replicator, names: ReadonlySet<string>): Elements {
    return new Map(
      sharedValues
        .filter(({ name }) => names.has(name))
        .map((value) => {
          const { there, gone } = this.at(process).of(value.name)
          return [value.name, new Set([...there, ...gone, ...value.elementsAt(replicator)])]
        }),
    )
  }

  /** So much of what a process knows outlives it. */
  saved(process: Knower, elements: Elements): void {
    const disk = this.#disks.get(process.host) ?? new Map<string, ReadonlySet<string>>()
    this.#disks.set(process.host, disk)
    const { saved } = this.at(process)
    for (const [name, known] of elements) {
      disk.set(name, known)
      saved.set(name, known)
    }
  }

  diskLost(host: string): void {
    this.#disks.delete(host)
    this.sweep()
  }

  /** How many nodes ever knew it; with disks: had it on them. */
  knowers({ name }: SharedValue, element: string, onDisks: boolean): number {
    return [...this.#processes].filter(
      ([{ host }, known]) =>
        host !== outside &&
        (onDisks ? known.saved.get(name)?.has(element) : known.knows(name, element)),
    ).length
  }

  /** Whether any node ever had it. */
  cameToNodes(value: SharedValue, element: string): boolean {
    return this.knowers(value, element, false) > 0
  }

  /** Somebody is gone: what nobody else knows cannot come to others. */
  sweep(): void {
    const running = [...this.#processes].filter(([{ isRunning }]) => isRunning)
    const disks = [...this.#disks.values()]
    for (const [name, fates] of this.#fates) {
      for (const [element, fate] of fates) {
        if (fate.isLost) continue
        const isKnown =
          running.some(([, known]) => known.knows(name, element)) ||
          disks.some((disk) => disk.get(name)?.has(element))
        if (isKnown) continue
        fate.isLost = true
        this.#lost()
      }
    }
  }

  isLost({ name }: SharedValue, element: string): boolean {
    return this.#fatesOf(name).get(element)?.isLost === true
  }

  /** What of a value must be everywhere in the end. */
  lasting(value: SharedValue): readonly string[] {
    if (value.kind === 'replaced') return []
    return [...this.#fatesOf(value.name)]
      .filter(([element, { isRemoved, isLost }]) => {
        const isKnown = [...this.#processes.values()].some((one) => one.knows(value.name, element))
        return !isRemoved && !isLost && isKnown
      })
      .map(([element]) => element)
  }

  #fatesOf(name: string): Map<string, Fate> {
    const fates = this.#fates.get(name) ?? new Map<string, Fate>()
    this.#fates.set(name, fates)
    return fates
  }
}
