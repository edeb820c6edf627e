// What becomes of the items of queues.
import type { Delivery } from '@casty/ddata'
import { DeadItems } from './dead-items.ts'
import {
  checkQueueItems,
  type QueueItemInput,
  type QueueItemOutput,
} from '../linearizability/check-queue-items.ts'
import { HistoryRecorder, type OpenOperation } from '../linearizability/history-recorder.ts'

/** How an item is put in. */
export interface Enqueued {
  readonly item: string
  readonly priority: number
  readonly delayMs: number
  /** Of those with the same one, one counts. */
  readonly dedupId: string | undefined
}

interface Enqueue extends Enqueued {
  readonly invokedAt: number
  completedAt: number
  /** Why it is not there. */
  refused: 'another came before' | 'it did not come' | undefined
}

interface FirstDelivery {
  readonly item: string
  readonly invokedAt: number
  readonly completedAt: number
}

/** An item in the hands of one who works on it. */
interface Kept {
  readonly item: string
  readonly by: string
  readonly deliveries: number
  readonly from: number
  readonly completedAt: number
  /** Until then nobody else may get it. */
  until: number
}

/** What becomes of the time that one has for an item. */
export interface KeptTime {
  /** It was asked for, and granted, until then as it was asked for. */
  until(at: number): void
  /** It may be given back by then. */
  atMost(at: number): void
}

export class Items {
  readonly #now: () => number
  readonly #recorder: HistoryRecorder<QueueItemInput, QueueItemOutput>
  readonly #enqueues = new Map<string, Enqueue>()
  readonly #first: FirstDelivery[] = []
  readonly #delivered = new Set<string>()
  readonly #kept: Kept[] = []
  /** Users that give back what they have. */
  readonly #closed = new Set<string>()
  readonly #together: (readonly string[])[] = []
  readonly dead: DeadItems = new DeadItems()
  #calls = 0

  constructor(now: () => number) {
    this.#now = now
    this.#recorder = new HistoryRecorder({ now })
  }

  invoke(queue: string, input: QueueItemInput): OpenOperation<QueueItemOutput> {
    return this.#recorder.invoke(`call ${++this.#calls}`, queue, input)
  }

  enqueues(enqueued: Enqueued): void {
    const times = { invokedAt: this.#now(), completedAt: Infinity }
    this.#enqueues.set(enqueued.item, { ...enqueued, ...times, refused: undefined })
  }

  /** These are put in by one call. */
  together(items: readonly string[]): void {
    this.#together.push(items)
  }

  enqueued(item: string): void {
    const enqueue = this.#enqueues.get(item)
    if (enqueue) enqueue.completedAt = this.#now()
  }

  refused(item: string, why: Enqueue['refused']): void {
    const enqueue = this.#enqueues.get(item)
    if (enqueue) enqueue.refused = why
  }

  /** An item is delivered, to one who asked at `invokedAt` and has so many milliseconds for it. */
  delivered(
    { value: item, deliveries }: Pick<Delivery<string>, 'value' | 'deliveries'>,
    invokedAt: number,
    visibilityMs: number,
    by: string,
  ): KeptTime {
    // Of items that were dead, deliveries are counted anew.
    const isFirst = deliveries === 1 && !this.#delivered.has(item)
    this.#delivered.add(item)
    const completedAt = this.#now()
    if (isFirst) this.#first.push({ item, invokedAt, completedAt })
    const until = this.#closed.has(by) ? completedAt : invokedAt + visibilityMs * slowest
    const kept: Kept = { item, by, deliveries, from: invokedAt, completedAt, until }
    this.#kept.push(kept)
    this.dead.delivered(item, invokedAt, completedAt)
    return {
      until: (at) => {
        const now = this.#now()
        if (!this.#closed.has(by)) kept.until = now + (at - now) * slowest
      },
      atMost: (at) => {
        kept.until = Math.min(kept.until, at)
      },
    }
  }

  /** A user is about to be closed: what it has goes back, whenever that is carried out. */
  closes(by: string): void {
    this.#closed.add(by)
    for (const kept of this.#kept)
      if (kept.by === by) kept.until = Math.min(kept.until, this.#now())
  }

  /** @returns what is wrong. @param remaining - what is in each queue at the end */
  judge(remaining: ReadonlyMap<string, readonly string[]>): readonly string[] {
    const wrong = checkQueueItems(this.#recorder.history(), remaining).map(({ message }) => message)
    return [
      ...wrong,
      ...this.#overtaken(),
      ...this.#tooEarly(),
      ...this.#twice(),
      ...this.#taken(),
      ...this.#torn(),
      ...this.dead.judge(),
    ]
  }

  /** All of those that were put in at once are delivered in the end, or none. */
  #torn(): readonly string[] {
    return this.#together.flatMap((items) => {
      const missing = items.filter((item) => !this.#delivered.has(item))
      if (missing.length === 0 || missing.length === items.length) return []
      return [`Of ${items.join(', ')}, which were put in at once, ${missing.join(', ')} never came`]
    })
  }

  /** Whose first delivery was asked for after that of one that was to come later had come. */
  #overtaken(): readonly string[] {
    const found: string[] = []
    for (const late of this.#first) {
      const first = this.#enqueues.get(late.item)
      if (!first || first.delayMs > 0) continue
      for (const early of this.#first) {
        const second = this.#enqueues.get(early.item)
        if (!second || queueOf(late.item) !== queueOf(early.item)) continue
        if (early.completedAt >= late.invokedAt || !comesBefore(first, second, early)) continue
        found.push(`${early.item} was delivered before ${late.item}, which was there before it`)
      }
    }
    return found
  }

  #tooEarly(): readonly string[] {
    return this.#first.flatMap(({ item, completedAt }) => {
      const { delayMs = 0, invokedAt = 0 } = this.#enqueues.get(item) ?? {}
      const afterMs = completedAt - invokedAt
      if (afterMs >= delayMs * slowest - 1) return []
      return [`${item} was to come after ${delayMs} ms, and came after ${Math.round(afterMs)} ms`]
    })
  }

  /**
   * Delivered again while somebody had time for it. What was dead, and is redriven, counts its deliveries anew: then a delivery may have
   * come behind another one of the same number, and one of a lower number behind it.
   */
  #taken(): readonly string[] {
    return this.#kept.flatMap(({ item, deliveries, from, completedAt }) => {
      const before = this.#kept.filter(
        (one) => one.item === item && one.deliveries === deliveries - 1 && one.from < completedAt,
      )
      const isFine = before.some(
        (one) =>
          completedAt >= one.until - 1 ||
          this.dead.isRedriven(queueOf(item), from, one.completedAt),
      )
      if (isFine || before.length === 0) return []
      const early = Math.round(Math.min(...before.map(({ until }) => until)) - completedAt)
      return [`${item} was delivered to another ${early} ms before its time was over`]
    })
  }

  /** Of those that are alike, one is in the queue. */
  #twice(): readonly string[] {
    const groups = new Map<string, Enqueue[]>()
    for (const enqueue of this.#enqueues.values()) {
      if (enqueue.dedupId === undefined) continue
      const key = `${queueOf(enqueue.item)}: ${enqueue.dedupId}`
      groups.set(key, [...(groups.get(key) ?? []), enqueue])
    }
    return [...groups].flatMap(([key, alike]) => {
      const there = alike.filter(
        (one) => one.completedAt < Infinity || this.#delivered.has(one.item),
      )
      const names = there.map(({ item }) => item).join(' and ')
      if (there.length > 1) return [`Of id ${key}, ${names} are there`]
      const isNone = alike.every(({ refused }) => refused !== undefined)
      const isRefused = alike.some(({ refused }) => refused === 'another came before')
      return isNone && isRefused ? [`Of id ${key}, none is there, and another came before`] : []
    })
  }
}

function queueOf(item: string): string {
  return item.split(' ', 1).join()
}

/** Whether the second may only come when the first is delivered, as whoever asked for it could know. */
function comesBefore(first: Enqueue, second: Enqueue, delivery: FirstDelivery): boolean {
  if (first.priority < second.priority) return false
  const isUrgent = first.priority > second.priority
  return first.completedAt < (isUrgent ? delivery.invokedAt : second.invokedAt)
}

/** Clocks of those who keep queues may be ahead of the world's by so little. */
const slowest = 0.98
