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

/** None waits. Known to this file alone: whatever can be told may wait. */
const none: unique symbol = Symbol('none')

/** So many are taken before room is given back. */
const keptRoom = 32

/** First in, first out. Holds any value: `size` tells whether there is one. */
export class Mailbox<T = unknown> {
  /** The one that waits where no other does: most mailboxes never hold two, and need no list. */
  #only: T | typeof none = none
  /** Where there was a second one, all that wait, from the head on. */
  #items: (T | undefined)[] | undefined
  #head = 0

  get size(): number {
    if (this.#items !== undefined) return this.#items.length - this.#head
    return this.#only === none ? 0 : 1
  }

  push(item: T): void {
    if (this.#items !== undefined) this.#items.push(item)
    else if (this.#only === none) this.#only = item
    else {
      this.#items = [this.#only, item]
      this.#only = none
    }
  }

  /** The one that has waited for the longest, which is left where it is. */
  get first(): T | undefined {
    if (this.#items !== undefined) return this.#items[this.#head]
    return this.#only === none ? undefined : this.#only
  }

  /** Puts `items` before all others. */
  unshift(items: readonly T[]): void {
    const all = [...items, ...this.takeAll()]
    if (all.length > 0) this.#items = all
  }

  /** The one that has waited for the longest; undefined where there is none. */
  take(): T | undefined {
    const items = this.#items
    if (items === undefined) return this.#takeOnly()
    const item = items[this.#head]
    items[this.#head++] = undefined
    if (this.#head === items.length) {
      this.#items = undefined
      this.#head = 0
    } else if (this.#head >= keptRoom && this.#head * 2 >= items.length) {
      // What was taken is let go of now and then, or a mailbox that never runs empty would grow for ever.
      this.#items = items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  #takeOnly(): T | undefined {
    const only = this.#only
    if (only === none) return undefined
    this.#only = none
    return only
  }

  takeAll(): readonly T[] {
    const rest = this.#rest()
    this.#only = none
    this.#items = undefined
    this.#head = 0
    return rest
  }

  /** The first that is like that, out of turn; `nothing` where none is. */
  takeFirst(isLikeThat: (item: T) => boolean): T | typeof nothing {
    const items = this.#items
    if (items === undefined) {
      const only = this.#only
      if (only === none || !isLikeThat(only)) return nothing
      this.#only = none
      return only
    }
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
    if (this.#items !== undefined) return this.#items.slice(this.#head) as readonly T[]
    return this.#only === none ? [] : [this.#only]
  }
}
