// Letters for entities that have not begun, or are about to stop: they wait for the next life of theirs. What an earlier life was
// handed, and did not come to, goes before what came since. Each has its place among those of all entities of the type from when
// it is kept until it is taken out or dropped, and where an entity does not begin, no letter waits for too long.
import type { Entity } from './entity.ts'
import type { Letter } from './letter.ts'
import { WaitingSince } from './waiting-since.ts'

export interface WaitingSettings {
  /** How many messages may wait for the next life of an entity. */
  readonly maxWaiting: number
  /** … and for those of all entities of the type. */
  readonly maxWaitingInAll: number
  /** How long one waits for an entity that cannot begin yet, in milliseconds. */
  readonly beginTimeoutMs: number
}

/** What keeping letters needs of the rest. */
export interface WaitingPort {
  now(): number
  drop(letter: Letter, reason: 'buffer-full' | 'overdue'): void
  /** Something may be due earlier than before. */
  deadlineMoved(at: number): void
}

const none: readonly Letter[] = []

/** Of all entities of one type on this node. Mutable. */
export class WaitingLetters {
  readonly #settings: WaitingSettings
  readonly #port: WaitingPort
  /** What lives were handed, and did not come to. */
  readonly #takenBack = new Map<Entity, Letter[]>()
  readonly #came = new Map<Entity, Letter[]>()
  /** Those for entities that have not begun. */
  readonly #since: WaitingSince<Entity>
  #size = 0

  constructor(settings: WaitingSettings, port: WaitingPort) {
    this.#settings = settings
    this.#port = port
    this.#since = new WaitingSince(settings.beginTimeoutMs)
  }

  /** How many wait in all. */
  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#settings.maxWaitingInAll
  }

  /** Whether any came for the next life of an entity, perhaps one for which there was no room. */
  isFor(entity: Entity): boolean {
    return this.#came.has(entity) || this.#takenBack.has(entity)
  }

  /** One that cannot be handed to its entity now waits, where there is room for it. */
  keep(entity: Entity, letter: Letter): void {
    let came = this.#came.get(entity)
    if (!came) this.#came.set(entity, (came = []))
    if (came.length >= this.#settings.maxWaiting || this.isFull) this.refuse(letter)
    else this.#add(entity, came, letter)
  }

  /** There is no room to keep it. */
  refuse(letter: Letter): void {
    this.#port.drop(letter, 'buffer-full')
  }

  /** The life that it was handed to did not come to it. @returns false where there is no room */
  takeBack(entity: Entity, letter: Letter): boolean {
    const takenBack = this.#takenBack.get(entity) ?? []
    if (takenBack.length >= this.#settings.maxWaiting) return false
    this.#takenBack.set(entity, takenBack)
    this.#add(entity, takenBack, letter)
    return true
  }

  #add(entity: Entity, to: Letter[], letter: Letter): void {
    to.push(letter)
    this.#size++
    if (!entity.actor) this.#waits(entity)
  }

  #waits(entity: Entity): void {
    this.#since.add(entity, this.#port.now())
    this.#port.deadlineMoved(this.#since.nextDeadline())
  }

  /** All that waits for an entity, in order: from now on it is the caller's. */
  takeOut(entity: Entity): readonly Letter[] {
    this.#since.delete(entity)
    const letters = this.#collect(entity)
    if (!letters) return none
    this.#size -= letters.length
    return letters
  }

  /** What a life was handed, where it came to none of that: the same. */
  takeUntouched(entity: Entity): readonly Letter[] {
    const letters = this.#takenBack.get(entity) ?? none
    if (letters.length !== entity.handed) return none
    this.#takenBack.delete(entity)
    this.#size -= letters.length
    return letters
  }

  /** Another life is to handle what waits for one that ends, or never began. */
  passOn(former: Entity, next: Entity): void {
    this.#since.delete(former)
    const letters = this.#collect(former)
    if (!letters) return
    this.#came.set(next, letters)
    for (let count = letters.length; count > 0; count--) this.#waits(next)
  }

  /** All for one entity, in order; undefined where none ever came. */
  #collect(entity: Entity): Letter[] | undefined {
    const came = this.#came.get(entity)
    this.#came.delete(entity)
    const takenBack = this.#takenBack.get(entity)
    if (!takenBack) return came
    this.#takenBack.delete(entity)
    return came ? [...takenBack, ...came] : takenBack
  }

  nextDeadline(): number {
    return this.#since.nextDeadline()
  }

  /** Drops what has waited for too long. */
  tick(now: number): void {
    for (const [entity, count] of this.#since.takeOverdue(now)) this.#dropFirst(entity, count)
  }

  #dropFirst(entity: Entity, count: number): void {
    if (entity.actor) return
    const letters = this.#collect(entity)
    if (!letters) return
    this.#came.set(entity, letters)
    const overdue = letters.splice(0, count)
    this.#size -= overdue.length
    for (const letter of overdue) this.#port.drop(letter, 'overdue')
  }
}
