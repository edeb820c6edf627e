// One item in the hands of a consumer.
import type { Clock } from '@casty/clock'
import { DDataError } from '../../errors.ts'
import type { CallOptions } from '../../structures/call-options.ts'

/** What names a delivery to its queue. */
export interface Receipt {
  readonly number: number
  readonly receipt: number
}

export interface NackOptions extends CallOptions {
  /** Hidden for so long before it is delivered again, in milliseconds. @defaultValue 0 */
  readonly delayMs?: number
  /** Kept with it, should it go to the dead list: at most 300 letters. */
  readonly reason?: string
  /** Has it go there at once. @defaultValue false */
  readonly dead?: boolean
}

export interface DeliveryPort {
  readonly clock: Clock
  /** A queue and its user, whichever handle of it is used. */
  readonly source: string
  /** Whether the user of the queue is closed, or about to be. */
  readonly isClosed: boolean
  /** When the user of the queue is closed, who can answer nothing then. */
  whenClosed(drop: () => void): Disposable
  /** It is to go back when the user of the queue is closed. */
  hold(receipt: Receipt): void
  letGo(receipt: Receipt): void
  ack(receipts: readonly Receipt[], options: CallOptions): Promise<number>
  nack(receipt: Receipt, options: NackOptions): Promise<boolean>
  extend(receipt: Receipt, ms: number, options: CallOptions): Promise<boolean>
}

export interface DeliveryState<T> {
  readonly receipt: Receipt
  readonly value: T
  readonly deliveries: number
  readonly enqueuedAt: number
  /** By the clock of this process: from then on somebody else may have it. */
  readonly until: number
}

/** Disposed of without an answer, it goes back to its place. */
export class Delivery<T> implements AsyncDisposable {
  readonly value: T
  /** Of the item: the same each time that it is delivered. For what has to be done only once. */
  readonly id: string
  /** How often it was delivered, this time included. */
  readonly deliveries: number
  /** Milliseconds since the Unix epoch, by the clock of whoever enqueued it. */
  readonly enqueuedAt: number
  readonly #receipt: Receipt
  readonly #port: DeliveryPort
  /** Made for who asks for its signal: that takes longer than the rest. */
  #abort?: AbortController
  /** When its time is over; Infinity: it was answered before. */
  #until: number
  #timer: Disposable | undefined
  #closing: Disposable | undefined
  #isSettled = false

  /** Made by `Queue`. */
  constructor(state: DeliveryState<T>, port: DeliveryPort) {
    const { receipt, value, deliveries, enqueuedAt, until } = state
    this.value = value
    this.id = String(receipt.number)
    this.deliveries = deliveries
    this.enqueuedAt = enqueuedAt
    this.#receipt = receipt
    this.#port = port
    this.#until = until
    port.hold(receipt)
  }

  /** Aborted when somebody else may get the item, or its user is closed. An acknowledgement counts as long as nobody did. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      this.#watch(this.#abort)
    }
    return this.#abort.signal
  }

  /** Whether it was acknowledged or returned. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  get receipt(): Receipt {
    return this.#receipt
  }

  /** The queue that it came from, and who asked for it: only those can acknowledge it. */
  get source(): string {
    return this.#port.source
  }

  /** It is done, and is gone. @returns false where it was acknowledged already, or somebody else has it */
  async ack(options: CallOptions = {}): Promise<boolean> {
    return (await answering([this], () => this.#port.ack([this.#receipt], options))) === 1
  }

  /** It is not done: it takes its old place. @returns false where it was settled already, or its time was over */
  async nack(options: NackOptions = {}): Promise<boolean> {
    return await answering([this], () => this.#port.nack(this.#receipt, options))
  }

  /** Nobody else gets it for so many milliseconds from now. @returns false where its time was over */
  async extend(ms: number, options: CallOptions = {}): Promise<boolean> {
    const from = this.#port.clock.now()
    const isExtended = await this.#port.extend(this.#receipt, ms, options)
    if (!this.#isSettled) {
      this.#until = isExtended ? from + ms : Math.min(this.#until, from)
      if (this.#abort) this.#watch(this.#abort)
    }
    return isExtended
  }

  /** It is being answered: its time does not matter any more. @returns what has it be as before, where nothing came of that */
  settled(): () => void {
    const [wasSettled, until] = [this.#isSettled, this.#until]
    this.#isSettled = true
    if (this.#port.clock.now() < this.#until) this.#until = Infinity
    this.#drop()
    this.#port.letGo(this.#receipt)
    return () => {
      if (wasSettled) return
      this.#isSettled = false
      this.#until = until
      this.#port.hold(this.#receipt)
      if (this.#abort) this.#watch(this.#abort)
    }
  }

  #drop(): void {
    this.#timer?.[Symbol.dispose]()
    this.#closing?.[Symbol.dispose]()
  }

  #watch(abort: AbortController): void {
    this.#drop()
    if (this.#until === Infinity) return
    const { clock, isClosed } = this.#port
    const lost = (error: DDataError): void => {
      this.#drop()
      abort.abort(error)
    }
    const isOver = (): void => {
      const why = `The time to work on item ${this.id} is over: it may be delivered to another consumer.`
      lost(new DDataError('CASTY_DDATA_LEASE_LOST', why))
    }
    const closed = (): void => lost(DDataError.closed(`An answer for item ${this.id}`))
    const leftMs = this.#until - clock.now()
    if (leftMs <= 0) isOver()
    else if (isClosed) closed()
    else {
      this.#timer = clock.schedule(leftMs, isOver)
      this.#closing = this.#port.whenClosed(closed)
    }
  }

  /** Gives it back, unless it was answered. Where that fails it returns by itself, when its time is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isSettled) return
    try {
      await this.nack()
    } catch (error) {
      if (!(error instanceof DDataError)) throw error
    }
  }
}

/** Takes deliveries for answered; not where the answer was refused, or is known to have come to nothing. */
export async function answering<R>(
  deliveries: readonly Pick<Delivery<unknown>, 'settled'>[],
  answer: () => Promise<R>,
): Promise<R> {
  const takeBack = deliveries.map((delivery) => delivery.settled())
  try {
    return await answer()
  } catch (error) {
    const isNothingDone = error instanceof DDataError && error.applied === 'no'
    if (isNothingDone) for (const takeOneBack of takeBack) takeOneBack()
    throw error
  }
}
