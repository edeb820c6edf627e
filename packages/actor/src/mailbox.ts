// Messages that wait for one actor. A million actors are idle at any time, so an empty mailbox is next to
// nothing.

import { nothing } from './nothing.ts'

/** What becomes of a message for which there is no room. */
export type OverflowPolicy =
  | 'drop-new' // The message that came last is a dead letter.
  | 'drop-oldest' // The one that has waited for the longest is.
  | 'reject' // `tell` throws, so that whoever sends knows.

export interface MailboxSettings {
  /** How many messages may wait. @defaultValue 10_000 */
  readonly capacity: number
  /** @defaultValue 'drop-new' */
  readonly overflow: OverflowPolicy
  /** How many messages may be put aside by `context.stash`. @defaultValue 1_000 */
  readonly stashCapacity: number
}

/** What a mailbox is where nothing else is asked for. */
export const mailboxDefaults: MailboxSettings = Object.freeze({
  capacity: 10_000,
  overflow: 'drop-new',
  stashCapacity: 1_000,
})

/** Room for so many is kept when a mailbox has run empty. */
const keptRoom = 32

/** First in, first out. Holds any value: `size` tells whether there is one. */
export class Mailbox<T = unknown> {
  #items: (T | undefined)[] | undefined
  #head = 0

  get size(): number {
    return this.#items === undefined ? 0 : this.#items.length - this.#head
  }

  push(item: T): void {
    if (this.#items === undefined) this.#items = [item]
    else this.#items.push(item)
  }

  /** The one that has waited for the longest, which is left where it is. */
  get first(): T | undefined {
    return this.#items?.[this.#head]
  }

  /** Puts `items` before all others. */
  unshift(items: readonly T[]): void {
    this.#items = [...items, ...this.#rest()]
    this.#head = 0
  }

  /** The one that has waited for the longest; undefined where there is none. */
  take(): T | undefined {
    const items = this.#items
    if (items === undefined || this.#head === items.length) return undefined
    const item = items[this.#head]
    items[this.#head++] = undefined
    if (this.#head === items.length) this.#clear(items)
    else if (this.#head >= keptRoom && this.#head * 2 >= items.length) {
      // What was taken is let go of now and then, or a mailbox that never runs empty would grow for ever.
      this.#items = items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  takeAll(): readonly T[] {
    const rest = this.#rest()
    this.#items = undefined
    this.#head = 0
    return rest
  }

  /** The first that is like that, out of turn; `nothing` where none is. */
  takeFirst(isLikeThat: (item: T) => boolean): T | typeof nothing {
    const items = this.#items ?? []
    for (let position = this.#head; position < items.length; position++) {
      const item = items[position] as T // From the head on nothing was taken.
      if (!isLikeThat(item)) continue
      if (position === this.#head) this.take()
      else items.splice(position, 1)
      return item
    }
    return nothing
  }

  some(isLikeThat: (item: T) => boolean): boolean {
    return this.size > 0 && this.#rest().some(isLikeThat)
  }

  #rest(): readonly T[] {
    // From the head on nothing was taken.
    return (this.#items?.slice(this.#head) ?? []) as readonly T[]
  }

  #clear(items: unknown[]): void {
    this.#head = 0
    if (items.length > keptRoom) this.#items = undefined
    else items.length = 0
  }
}
