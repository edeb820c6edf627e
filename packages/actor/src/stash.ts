// Messages that an actor puts aside until it can handle them, each with what it came with: a question is
// still answered, and a timer that is cancelled meanwhile takes its message with it.
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'
import { ActorError } from './errors.ts'
import { nothing } from './nothing.ts'

/**
 * Messages put aside. What it holds goes back into the mailbox when the actor restarts, before what waits
 * there; when it stops, each is a dead letter.
 */
export interface Stash<M> {
  readonly size: number
  /** See {@link MailboxSettings}. */
  readonly capacity: number
  /**
   * Puts a message aside: as a rule the one that is being handled, which does not count as handled then.
   *
   * @throws ActorError `CASTY_ACTOR_STASH_FULL`
   */
  stash(message: M): void
  /** Has all of them handled next, in the order in which they were put aside. */
  unstashAll(): void
}

export class CellStash<M> implements Stash<M> {
  readonly #cell: Cell
  #items: unknown[] = []

  constructor(cell: Cell) {
    this.#cell = cell
  }

  get size(): number {
    return this.#items.length
  }

  get capacity(): number {
    return this.#cell.settings.stashCapacity
  }

  stash(message: M): void {
    const cell = this.#cell
    if (this.size >= this.capacity) throw ActorError.stashFull(cell.path, this.capacity)
    const item = this.#taken(message)
    if (cell.isEnding) cell.undelivered(item, 'stopped')
    else this.#items.push(item)
  }

  /** The message with what it came with, where it is the one that is being handled. */
  #taken(message: M): unknown {
    const { current } = this.#cell
    if (current instanceof Envelope ? !current.gave(message) : current !== message) return message
    this.#cell.current = nothing
    return current instanceof Envelope ? current.shelve() : current
  }

  unstashAll(): void {
    if (this.size === 0) return
    this.#cell.mailbox.unshift(this.#items)
    this.#items = []
    this.#cell.wake()
  }
}
