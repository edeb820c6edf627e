import { DDataError } from '../../errors.ts'
import { termsOf, type CallOptions } from '../../structures/call-options.ts'
import type { Explain } from '../../structures/part.ts'
import type { Held } from './held.ts'
import type { LeasePart } from './lease-part.ts'
import { fenceOf } from './tokens.ts'

/**
 * A lock or permits, for as long as they are renewed. `await using` releases them.
 *
 * Nobody can promise that what is done under a lease is done by one at a time: a process may stand still just before
 * it writes. Hand the token to the resource along with what is to be done, and have it refuse tokens below the highest
 * one that it has seen.
 */
export class Lease implements AsyncDisposable {
  readonly #held: Held
  readonly #part: LeasePart
  readonly #timeoutMs: number
  readonly #explain: Explain
  #releasing: Promise<boolean> | undefined
  /** Whether releasing it began, with whatever outcome. */
  #wasTried = false
  #isReleased = false

  /** Made by locks and semaphores. */
  constructor(held: Held, part: LeasePart, timeoutMs: number, explain: Explain) {
    this.#held = held
    this.#part = part
    this.#timeoutMs = timeoutMs
    this.#explain = explain
  }

  /** Above those of all earlier leases of this lock or semaphore, for ever. */
  get token(): bigint {
    return this.#held.token
  }

  /** The token as text of 20 digits, which compares as the token does. */
  get fence(): string {
    return fenceOf(this.#held.token)
  }

  /** How many it holds; of a lock 1. */
  get permits(): number {
    return this.#held.terms.permits
  }

  /**
   * Aborts with a DDataError `CASTY_DDATA_LEASE_LOST` (or `…_CLOSED`) when the lease is lost, before anybody else can get
   * it: as long as the clocks of this process and of the one that keeps the lease run alike within a twentieth. Timers
   * are late where the process is busy: before something that counts, see `assertHeld`.
   */
  get signal(): AbortSignal {
    return this.#held.signal
  }

  /** How long it can be relied on if nothing more is heard, in milliseconds. Not above 0: it is lost, or released. */
  get expiresIn(): number {
    return this.#held.leftMs
  }

  get isHeld(): boolean {
    return this.#held.isHeld
  }

  /** Looks at the clock, and not at what timers have noticed. @throws DDataError `CASTY_DDATA_LEASE_LOST` */
  assertHeld(): void {
    const { loss } = this.#held
    if (loss) throw loss
  }

  /** @returns whether it was held; false as well where it was released before. Rejects as calls on its lock do */
  async release(options: CallOptions = {}): Promise<boolean> {
    const { what } = this.#held.terms
    const terms = termsOf(`release of ${what}`, options, this.#timeoutMs)
    if (this.#isReleased) return false
    if (this.#releasing) {
      await this.#releasing
      return false
    }
    if (!this.#wasTried && !this.isHeld) return false
    this.#wasTried = true
    this.#releasing = this.#part.release(this.#held, terms, this.#explain)
    try {
      const result = await this.#releasing
      this.#isReleased = true
      return result
    } finally {
      this.#releasing = undefined
    }
  }

  /** Releases it. Where that fails it ends by itself, when its time is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release()
    } catch (error) {
      if (!(error instanceof DDataError)) throw error
    }
  }
}
