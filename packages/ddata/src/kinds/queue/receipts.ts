// What a consumer tells of deliveries: that they are done, go back, or take longer.
import type { Clock } from '@casty/clock'
import { DDataError } from '../../errors.ts'
import { giveBackMs } from '../../session/lane-port.ts'
import type { Session } from '../../session/session.ts'
import { termsOf, type CallOptions } from '../../structures/call-options.ts'
import type { PartCalls } from '../../structures/part.ts'
import { readBoolean, readCount } from '../../structures/readers.ts'
import { promised } from '../../structures/when-there.ts'
import { flag } from '../../values/arguments.ts'
import type { DeliveryPort, NackOptions, Receipt } from './delivery.ts'
import { maxReasonBytes, queueCall, type QueueConfig } from './queue-calls.ts'
import { wholeMs } from './queue-terms.ts'
import type { HeldItems } from './held-items.ts'

/** Where the calls of one queue go, and for how long they may take unless they say so themselves. */
export interface ReceiptsParts {
  readonly session: Session
  readonly heldItems: HeldItems
  readonly name: string
  readonly part: PartCalls
  readonly config: QueueConfig
  readonly timeoutMs: number
}

const nackNames = ['delayMs', 'reason', 'dead']

export class Receipts implements DeliveryPort {
  readonly #parts: ReceiptsParts

  constructor(parts: ReceiptsParts) {
    this.#parts = parts
  }

  get clock(): Clock {
    return this.#parts.session.clock
  }

  get source(): string {
    const { session, name } = this.#parts
    return `${name} ${session.id}`
  }

  get isClosed(): boolean {
    return this.#parts.session.isClosed
  }

  whenClosed(drop: () => void): Disposable {
    return this.#parts.session.whenClosed(drop)
  }

  hold(receipt: Receipt): void {
    this.#parts.heldItems.hold(
      receipt,
      async () => await this.nack(receipt, { timeoutMs: giveBackMs }),
    )
  }

  letGo(receipt: Receipt): void {
    this.#parts.heldItems.letGo(receipt)
  }

  ack(receipts: readonly Receipt[], options: CallOptions): Promise<number> {
    return promised(() => {
      const { name, timeoutMs, config, part } = this.#parts
      const terms = termsOf(`ack of queue ${name}`, options, timeoutMs)
      const out = queueCall('ack', config).count(receipts.length)
      for (const { number, receipt } of receipts) out.varint(number).varint(receipt)
      return part.call(out.finish(), terms, readCount)
    })
  }

  async nack({ number, receipt }: Receipt, options: NackOptions): Promise<boolean> {
    const { name, timeoutMs, config, part } = this.#parts
    const terms = termsOf(`nack of queue ${name}`, options, timeoutMs, nackNames)
    const { delayMs = 0, reason = '', dead = false } = options
    const delay = delayMs === 0 ? 0 : wholeMs('options.delayMs', delayMs)
    flag('options.dead', dead)
    if (typeof reason !== 'string') throw DDataError.argument('options.reason', reason, 'a text')
    const out = queueCall('nack', config).varint(number).varint(receipt)
    out.varint(delay).bool(dead).string(reason.slice(0, 300), maxReasonBytes)
    return await part.call(out.finish(), terms, readBoolean)
  }

  async extend({ number, receipt }: Receipt, ms: number, options: CallOptions): Promise<boolean> {
    const { name, timeoutMs, config, part } = this.#parts
    const terms = termsOf(`extend of queue ${name}`, options, timeoutMs)
    const out = queueCall('extend', config).varint(number).varint(receipt)
    return await part.call(out.varint(wholeMs('ms', ms)).finish(), terms, readBoolean)
  }
}
