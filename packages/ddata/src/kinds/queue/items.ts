// What is in a queue, and in which order it comes out: by priority, then by when it was enqueued. What is returned takes
// the place that it had.
import { ByteWriter, type ByteReader } from '@casty/transport'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { ItemHeap } from './item-heap.ts'
import { maxPriority, maxReasonBytes } from './queue-calls.ts'

const states = ['ready', 'delayed', 'reserved', 'dead'] as const
export type ItemState = (typeof states)[number]

export interface Item {
  /** Its place among all that were ever enqueued here. */
  readonly number: number
  readonly value: string
  readonly priority: number
  readonly enqueuedAt: number
  /** By the clock of the part; Infinity: it stays. */
  readonly expiresAt: number
  state: ItemState
  deliveries: number
  /** Of its last delivery, which may be acknowledged until there is another one; 0: none. */
  receipt: number
  /** While it is delayed: when it is ready. */
  readyAt: number
  /** Why it is dead. */
  reason: string
}

export class Items {
  readonly #items = new Map<number, Item>()
  /** Those that are ready, and some that are not any more. */
  readonly #ready = new ItemHeap()
  readonly #delayed = new ItemHeap()
  readonly #expiring = new ItemHeap()
  /** Those that are reserved, by the receipt of their delivery. */
  readonly #byReceipt = new Map<number, Item>()
  readonly #counts = { ready: 0, delayed: 0, reserved: 0, dead: 0 }

  get counts(): Readonly<Record<ItemState, number>> {
    return this.#counts
  }

  /** All that take room. */
  get size(): number {
    return this.#items.size - this.#counts.dead
  }

  get isEmpty(): boolean {
    return this.#items.size === 0
  }

  find(number: number): Item | undefined {
    return this.#items.get(number)
  }

  reservedBy(receipt: number): Item | undefined {
    return this.#byReceipt.get(receipt)
  }

  add(item: Item): void {
    this.#items.set(item.number, item)
    this.#counts[item.state] += 1
    this.#index(item)
    if (item.expiresAt !== Infinity) this.#expiring.add(item.expiresAt, item.number)
  }

  #index(item: Item): void {
    if (item.state === 'ready') this.#ready.add(maxPriority - item.priority, item.number)
    else if (item.state === 'delayed') this.#delayed.add(item.readyAt, item.number)
    else if (item.state === 'reserved') this.#byReceipt.set(item.receipt, item)
  }

  become(item: Item, state: ItemState): void {
    if (item.state === 'reserved') this.#byReceipt.delete(item.receipt)
    this.#counts[item.state] -= 1
    item.state = state
    this.#counts[state] += 1
    this.#index(item)
  }

  remove(item: Item): void {
    if (item.state === 'reserved') this.#byReceipt.delete(item.receipt)
    this.#counts[item.state] -= 1
    this.#items.delete(item.number)
  }

  /** The one that comes next. It stays where it is. */
  first(): Item | undefined {
    for (;;) {
      const number = this.#ready.first
      if (number === undefined) return undefined
      const item = this.#items.get(number)
      if (item?.state === 'ready') return item
      this.#ready.take()
    }
  }

  nextDue(): number {
    return Math.min(this.#delayed.firstKey, this.#expiring.firstKey)
  }

  /** Delayed ones that are ready by now. */
  *readyBy(now: number): Iterable<Item> {
    while (this.#delayed.firstKey <= now) {
      const item = this.#items.get(this.#delayed.take() ?? 0)
      if (item?.state === 'delayed' && item.readyAt <= now) yield item
    }
  }

  /** Those that have ended by now, unless somebody works on them. */
  *expiredBy(now: number): Iterable<Item> {
    while (this.#expiring.firstKey <= now) {
      const item = this.#items.get(this.#expiring.take() ?? 0)
      if (item && item.state !== 'reserved' && item.state !== 'dead') yield item
    }
  }

  *dead(after: number): Iterable<Item> {
    if (this.#counts.dead === 0) return
    for (const item of this.#items.values()) {
      if (item.state === 'dead' && item.number > after) yield item
    }
  }

  reserved(): Iterable<Item> {
    return this.#byReceipt.values()
  }

  /** All but those that are dead. */
  clear(): void {
    const dead = [...this.dead(0)]
    this.#items.clear()
    this.#byReceipt.clear()
    for (const heap of [this.#ready, this.#delayed, this.#expiring]) heap.clear()
    Object.assign(this.#counts, { ready: 0, delayed: 0, reserved: 0, dead: 0 })
    for (const item of dead) this.add(item)
  }

  forgetDead(): void {
    const dead = [...this.dead(0)] // Each that is removed is taken out of what is gone through.
    for (const item of dead) this.remove(item)
  }

  *save(pieceBytes: number): Iterable<Uint8Array> {
    let out = new ByteWriter(pieceBytes)
    for (const item of this.#items.values()) {
      writeItem(out, item)
      if (out.length < pieceBytes) continue
      yield out.finish()
      out = new ByteWriter(pieceBytes)
    }
    if (out.length > 0) yield out.finish()
  }

  restore(piece: ByteReader): void {
    while (piece.remaining > 0) this.add(readItem(piece))
  }
}

function writeItem(out: ByteWriter, item: Item): void {
  out.varint(item.number).u8(states.indexOf(item.state)).u8(item.priority)
  out.varint(item.enqueuedAt).varint(item.expiresAt === Infinity ? 0 : item.expiresAt)
  out.varint(item.deliveries).varint(item.receipt).varint(item.readyAt)
  out.string(item.reason, maxReasonBytes)
  writeLetters(out, item.value)
}

function readItem(from: ByteReader): Item {
  const number = from.varint()
  const state = states[from.u8()] ?? 'dead'
  const [priority, enqueuedAt, expires] = [from.u8(), from.varint(), from.varint()]
  const [deliveries, receipt, readyAt] = [from.varint(), from.varint(), from.varint()]
  const reason = from.string(maxReasonBytes)
  const expiresAt = expires === 0 ? Infinity : expires
  const value = readLetters(from)
  return {
    number,
    state,
    priority,
    enqueuedAt,
    expiresAt,
    deliveries,
    receipt,
    readyAt,
    reason,
    value,
  }
}
