// What goes out of a queue: to who waits for it, in order; and what becomes of it there.
import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import { keyOf, readCallId, writeCallId } from '../../state/call-id.ts'
import { endOf } from '../../state/ends.ts'
import type { CallId, Outcome, Surroundings } from '../../state/machine.ts'
import { writeLetters } from '../../values/letters.ts'
import type { Item, Items } from './items.ts'
import { maxReasonBytes, pageBytes, type QueueConfig } from './queue-calls.ts'
import { savedPieces } from './saved-pieces.ts'

/** Who waits for items. */
interface Taker {
  readonly call: CallId
  readonly max: number
  readonly visibilityMs: number
}

export class Deliveries {
  readonly #items: Items
  readonly #limits: () => QueueConfig
  readonly #makeRoom: (around: Surroundings) => void
  /** In the order in which they came. */
  readonly #takers = new Map<string, Taker>()

  /** @param makeRoom - to be called when an item takes no room any more */
  constructor(items: Items, limits: () => QueueConfig, makeRoom: (around: Surroundings) => void) {
    this.#items = items
    this.#limits = limits
    this.#makeRoom = makeRoom
  }

  get hasWaiting(): boolean {
    return this.#takers.size > 0
  }

  /** Takes items for good, and waits for none. */
  dequeue(max: number, out: ByteWriter, around: Surroundings): void {
    const taken: Item[] = []
    for (let bytes = 0; taken.length < max && bytes < pageBytes;) {
      const item = this.#items.first()
      if (!item) break
      this.#items.remove(item)
      taken.push(item)
      bytes += item.value.length
    }
    out.count(taken.length)
    for (const { value } of taken) writeLetters(out, value)
    this.#makeRoom(around)
  }

  /** Lets items be worked on; waits for some where it is asked to. */
  reserve(call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const [max, visibilityMs, waits] = [input.varint(), input.varint(), input.bool()]
    // Who waits for nothing would wait for ever, and all others behind it.
    if (max === 0) throw DDataError.malformed('No items are asked for')
    if (waits && (this.#takers.size > 0 || !this.#items.first())) {
      this.#takers.set(keyOf(call), { call, max, visibilityMs })
      return 'parked'
    }
    // Who does not wait does not overtake those who do.
    const delivered = this.#takers.size > 0 ? [] : this.#deliver(max, visibilityMs, around)
    writeDeliveries(out, delivered)
    return 'done'
  }

  #deliver(max: number, visibilityMs: number, around: Surroundings): readonly Item[] {
    const delivered: Item[] = []
    for (let bytes = 0; delivered.length < max && bytes < pageBytes;) {
      const item = this.#items.first()
      if (!item) break
      bytes += item.value.length
      const [deliveries, receipt] = [item.deliveries + 1, around.nextCount()]
      delivered.push(this.#items.become(item, 'reserved', { deliveries, receipt }))
      around.startTimer(receipt, visibilityMs)
    }
    return delivered
  }

  /** The item of a delivery that is still the last one, and is being worked on. */
  #delivered(number: number, receipt: number): Item | undefined {
    const item = this.#items.find(number)
    return item?.state === 'reserved' && item.receipt === receipt ? item : undefined
  }

  /** Also counts when it comes late, as long as nobody else got the item. */
  ack(number: number, receipt: number, around: Surroundings): boolean {
    const item = this.#items.find(number)
    if (!item || receipt === 0 || item.receipt !== receipt || item.state === 'dead') return false
    around.stopTimer(receipt)
    this.#items.remove(item)
    this.#makeRoom(around)
    return true
  }

  nack(input: ByteReader, around: Surroundings): boolean {
    const [number, receipt, delayMs, isDead] = [
      input.varint(),
      input.varint(),
      input.varint(),
      input.bool(),
    ]
    const reason = input.string(maxReasonBytes)
    const item = this.#delivered(number, receipt)
    if (!item) return false
    around.stopTimer(receipt)
    this.#return(item, delayMs, isDead, reason, around)
    return true
  }

  extend(input: ByteReader, around: Surroundings): boolean {
    const item = this.#delivered(input.varint(), input.varint())
    if (item) around.startTimer(item.receipt, input.varint())
    return item !== undefined
  }

  /** A delivery was neither acknowledged nor returned in time. */
  timedOut(receipt: number, around: Surroundings): void {
    const item = this.#items.reservedBy(receipt)
    if (item) this.#return(item, 0, false, 'It was not acknowledged in time', around)
  }

  #return(
    item: Item,
    delayMs: number,
    isDead: boolean,
    reason: string,
    around: Surroundings,
  ): void {
    const { maxDeliveries } = this.#limits()
    if (item.expiresAt <= around.now) {
      this.#items.remove(item)
      this.#makeRoom(around)
    } else if (isDead || (maxDeliveries > 0 && item.deliveries >= maxDeliveries)) {
      this.#items.become(item, 'dead', { reason })
      this.#makeRoom(around)
    } else if (delayMs > 0) {
      this.#items.become(item, 'delayed', { readyAt: endOf(around.now, delayMs) })
    } else this.#items.become(item, 'ready')
  }

  /** Who waits for items gets them, in order. */
  serve(around: Surroundings): void {
    for (const [key, { call, max, visibilityMs }] of this.#takers) {
      const delivered = this.#deliver(max, visibilityMs, around)
      if (delivered.length === 0) return
      this.#takers.delete(key)
      around.settle(call, (out) => writeDeliveries(out, delivered))
    }
  }

  withdraw(call: CallId): void {
    this.#takers.delete(keyOf(call))
  }

  /** Ends what is worked on. */
  stopTimers(around: Surroundings): void {
    for (const { receipt } of this.#items.reserved()) around.stopTimer(receipt)
  }

  /** Nobody waits any more. @returns the calls that did */
  clear(): readonly CallId[] {
    const waiting = Array.from(this.#takers.values(), ({ call }) => call)
    this.#takers.clear()
    return waiting
  }

  saveTakers(kind: number, pieceBytes: number): Iterable<Uint8Array> {
    return savedPieces(kind, this.#takers.values(), pieceBytes, (out, taker) => {
      writeCallId(out, taker.call)
      out.varint(taker.max).varint(taker.visibilityMs)
    })
  }

  restoreTaker(piece: ByteReader): void {
    const call = readCallId(piece)
    this.#takers.set(keyOf(call), { call, max: piece.varint(), visibilityMs: piece.varint() })
  }
}

function writeDeliveries(out: ByteWriter, items: readonly Item[]): void {
  out.count(items.length)
  for (const { number, receipt, deliveries, enqueuedAt, value } of items) {
    out.varint(number).varint(receipt).varint(deliveries).varint(enqueuedAt)
    writeLetters(out, value)
  }
}
