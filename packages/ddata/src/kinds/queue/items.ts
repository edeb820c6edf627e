// What is in a queue, and in which order it comes out: by priority, then by when it was enqueued. What is returned takes
// the place that it had.
import type { ByteReader, ByteWriter } from '@casty/transport'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { Heap } from '../../state/heap.ts'
import { maxPriority, maxReasonBytes } from './queue-calls.ts'

const states = ['ready', 'delayed', 'reserved', 'dead'] as const
export type ItemState = (typeof states)[number]

/** Never changed: another one takes its place. So whoever writes down what was here goes on with it as it was. */
export interface Item {
  /** Its place among all that were ever enqueued here. */
  readonly number: number
  readonly value: string
  readonly priority: number
  readonly enqueuedAt: number
  /** By the clock of the part; Infinity: it stays. */
  readonly expiresAt: number
  readonly state: ItemState
  readonly deliveries: number
  /** Of its last delivery, which may be acknowledged until there is another one; 0: none. */
  readonly receipt: number
  /** While it is delayed: when it is ready. */
  readonly readyAt: number
  /** Why it is dead. */
  readonly reason: string
}

const isReady = ({ state }: Item): boolean => state === 'ready'
const isDelayedUntil = ({ state, readyAt }: Item, at: number): boolean =>
  state === 'delayed' && readyAt === at
/** What is worked on ends when it is returned; what is dead does not end. */
const mayExpire = ({ state }: Item): boolean => state === 'ready' || state === 'delayed'
const isThereUntil = (item: Item, at: number): boolean => mayExpire(item) && item.expiresAt === at

/** What an item takes when it is saved, besides its value and why it is dead, at least. */
const itemBytes = 16

function bytesOf({ value, reason }: Item): number {
  return value.length + reason.length + itemBytes
}

/** So many places are kept, of items that are not there any more. */
const fewPlaces = 1_000

const itself = (number: number): number => number

export class Items {
  readonly #items = new Map<number, Item>()
  /** Those that are ready, and some that are not any more. */
  readonly #ready = new Heap<number>(itself)
  readonly #delayed = new Heap<number>(itself)
  readonly #expiring = new Heap<number>(itself)
  /** Those that are reserved, by the receipt of their delivery. */
  readonly #byReceipt = new Map<number, Item>()
  #bytes = 0
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

  /** What they take when they are saved, at least. */
  get bytes(): number {
    return this.#bytes
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
    this.#bytes += bytesOf(item)
    this.#index(item)
    this.#tidy()
  }

  values(): Iterable<Item> {
    return this.#items.values()
  }

  #index(item: Item): void {
    if (item.state === 'ready') this.#ready.add(maxPriority - item.priority, item.number)
    else if (item.state === 'delayed') this.#delayed.add(item.readyAt, item.number)
    else if (item.state === 'reserved') this.#byReceipt.set(item.receipt, item)
    if (mayExpire(item) && item.expiresAt !== Infinity) {
      this.#expiring.add(item.expiresAt, item.number)
    }
  }

  /** @returns the one that takes its place */
  become(item: Item, state: ItemState, change: Partial<Item> = {}): Item {
    if (item.state === 'reserved') this.#byReceipt.delete(item.receipt)
    this.#counts[item.state] -= 1
    const changed = { ...item, ...change, state }
    this.#items.set(item.number, changed)
    this.#counts[state] += 1
    this.#bytes += bytesOf(changed) - bytesOf(item)
    this.#index(changed)
    this.#tidy()
    return changed
  }

  /** What is in order may be there no more, or be there twice: it is put in order anew where that is most of it. */
  #tidy(): void {
    const most = 2 * this.#items.size + fewPlaces
    if (Math.max(this.#ready.size, this.#delayed.size, this.#expiring.size) <= most) return
    this.#clearOrder()
    for (const item of this.#items.values()) this.#index(item)
  }

  #clearOrder(): void {
    for (const heap of [this.#ready, this.#delayed, this.#expiring]) heap.clear()
  }

  remove(item: Item): void {
    if (item.state === 'reserved') this.#byReceipt.delete(item.receipt)
    this.#counts[item.state] -= 1
    this.#bytes -= bytesOf(item)
    this.#items.delete(item.number)
  }

  /** The one that comes next. It stays where it is. */
  first(): Item | undefined {
    return this.#firstOf(this.#ready, isReady)
  }

  /** That of items as they are, so that it is the same wherever the queue goes on. */
  nextDue(): number {
    return Math.min(
      this.#firstOf(this.#delayed, isDelayedUntil)?.readyAt ?? Infinity,
      this.#firstOf(this.#expiring, isThereUntil)?.expiresAt ?? Infinity,
    )
  }

  /** Delayed ones that are ready by now. */
  *readyBy(now: number): Iterable<Item> {
    for (;;) {
      const item = this.#firstOf(this.#delayed, isDelayedUntil)
      if (!item || item.readyAt > now) return
      this.#delayed.take()
      yield item
    }
  }

  /** Those that have ended by now, unless somebody works on them. */
  *expiredBy(now: number): Iterable<Item> {
    for (;;) {
      const item = this.#firstOf(this.#expiring, isThereUntil)
      if (!item || item.expiresAt > now) return
      this.#expiring.take()
      yield item
    }
  }

  /** Places of items that have another one by now, or are gone, are let go. */
  #firstOf(heap: Heap<number>, holds: (item: Item, key: number) => boolean): Item | undefined {
    for (;;) {
      const number = heap.first
      if (number === undefined) return undefined
      const item = this.#items.get(number)
      if (item && holds(item, heap.firstRank)) return item
      heap.take()
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
    this.#bytes = 0
    this.#byReceipt.clear()
    this.#clearOrder()
    Object.assign(this.#counts, { ready: 0, delayed: 0, reserved: 0, dead: 0 })
    for (const item of dead) this.add(item)
  }

  forgetDead(): void {
    const dead = [...this.dead(0)] // Each that is removed is taken out of what is gone through.
    for (const item of dead) this.remove(item)
  }
}

export function writeItem(out: ByteWriter, item: Item): void {
  out.varint(item.number).u8(states.indexOf(item.state)).u8(item.priority)
  out.varint(item.enqueuedAt).varint(item.expiresAt === Infinity ? 0 : item.expiresAt)
  out.varint(item.deliveries).varint(item.receipt).varint(item.readyAt)
  out.string(item.reason, maxReasonBytes)
  writeLetters(out, item.value)
}

export function readItem(from: ByteReader): Item {
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
