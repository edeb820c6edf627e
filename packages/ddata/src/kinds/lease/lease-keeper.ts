import type { Session } from '../../session/session.ts'
import { LeasePart, type LeasePartPort } from './lease-part.ts'

export interface LeaseCounts {
  /** Leases that this user of the structures has now. */
  readonly held: number
  /** Messages that renewed leases so far. */
  readonly renewals: number
}

/** All leases of a process, of all parts: one timer, and one message for each part and renewal. */
export class LeaseKeeper {
  readonly #session: Session
  readonly #parts = new Map<string, LeasePart>()
  #owners = 0
  #renewals = 0
  #timer: Disposable | undefined
  #lookAt = Infinity
  #isClosed = false

  constructor(session: Session) {
    this.#session = session
    session.beforeClose(async () => await this.#close())
  }

  /** Tells handles apart. */
  nextOwner(): number {
    return ++this.#owners
  }

  /** @param what - is to be done with it. @throws DDataError `CASTY_DDATA_CLOSED` */
  part(id: string, what: string): LeasePart {
    const known = this.#parts.get(id)
    if (known && !this.#session.isClosed) return known
    const part = new LeasePart(this.#session.lane(id, what), this.#port)
    this.#parts.set(id, part)
    return part
  }

  get counts(): LeaseCounts {
    let held = 0
    for (const { size } of this.#parts.values()) held += size
    return { held, renewals: this.#renewals }
  }

  get #port(): LeasePartPort {
    const { clock, random } = this.#session
    return {
      clock,
      random,
      wake: (at) => this.#wake(at),
      renews: () => void (this.#renewals += 1),
    }
  }

  #wake(at: number): void {
    if (at >= this.#lookAt || this.#isClosed) return
    this.#lookAt = at
    this.#timer?.[Symbol.dispose]()
    const { clock } = this.#session
    this.#timer = clock.schedule(
      Math.min(Math.max(0, Math.ceil(at - clock.now())), maxDelayMs),
      () => this.#look(),
    )
  }

  #look(): void {
    this.#lookAt = Infinity
    const now = this.#session.clock.now()
    let next = Infinity
    for (const part of this.#parts.values()) next = Math.min(next, part.look(now))
    if (next < Infinity) this.#wake(next)
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#parts.values()].map(async (part) => await part.close()))
    this.#isClosed = true
    this.#timer?.[Symbol.dispose]()
  }
}

/** Timers take no more. */
const maxDelayMs = 0x7fff_ffff
