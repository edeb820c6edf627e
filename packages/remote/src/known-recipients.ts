// Whom the messages of one peer are for, by the short names that it gave them. A peer that gives too many
// begins anew, with a new lowest name; one that does not is not told that its names are known.
import type { ActorRef } from '@casty/actor'

export interface Recipient {
  readonly uid: number
  readonly path: string
  /** Who that is, where somebody was found. */
  ref: ActorRef<unknown> | undefined
  /** Calls off the word of its end. */
  watch: Disposable | undefined
  /** How often it was introduced. */
  introductions: number
}

export class KnownRecipients {
  readonly #maxRecipients: number
  readonly #byId = new Map<number, Recipient>()
  #firstId = 0

  constructor(maxRecipients: number) {
    this.#maxRecipients = maxRecipients
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: number): Recipient | undefined {
    return this.#byId.get(id)
  }

  /** Names below `firstId` hold no more. @returns undefined where there are too many */
  introduce(id: number, firstId: number, uid: number, path: string): Recipient | undefined {
    if (firstId > this.#firstId) this.#forgetBelow(firstId)
    const known = this.#byId.get(id)
    if (known !== undefined && known.uid === uid && known.path === path) return known
    if (known === undefined && this.#byId.size >= this.#maxRecipients) return undefined
    known?.watch?.[Symbol.dispose]()
    const recipient = { uid, path, ref: undefined, watch: undefined, introductions: 0 }
    this.#byId.set(id, recipient)
    return recipient
  }

  #forgetBelow(firstId: number): void {
    this.#firstId = firstId
    for (const [id, recipient] of this.#byId) {
      if (id >= firstId) continue
      recipient.watch?.[Symbol.dispose]()
      this.#byId.delete(id)
    }
  }

  clear(): void {
    this.#forgetBelow(Infinity)
    this.#firstId = 0
  }
}
