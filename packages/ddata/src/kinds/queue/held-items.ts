import type { Session } from '../../session/session.ts'
import type { Receipt } from './delivery.ts'

/** So many are given back at the end; of more, the oldest return when their time is over. */
const maxHeld = 10_000

/** Items that consumers of one process have in hand, of all queues. At its end they go back. */
export class HeldItems {
  readonly #giveBack = new Map<Receipt, () => Promise<unknown>>()

  constructor(session: Session) {
    session.beforeClose(async () => await this.#close())
  }

  /** @param giveBack - makes its call before it returns */
  hold(receipt: Receipt, giveBack: () => Promise<unknown>): void {
    this.#giveBack.set(receipt, giveBack)
    if (this.#giveBack.size <= maxHeld) return
    for (const oldest of this.#giveBack.keys()) {
      this.#giveBack.delete(oldest)
      return
    }
  }

  letGo(receipt: Receipt): void {
    this.#giveBack.delete(receipt)
  }

  /** All at once, since nothing can begin later. Where it fails they return when their time is over. */
  async #close(): Promise<void> {
    await Promise.allSettled(Array.from(this.#giveBack.values(), (giveBack) => giveBack()))
    this.#giveBack.clear()
  }
}
