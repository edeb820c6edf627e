// What becomes of the items of queues.
import {
  checkQueueItems,
  type QueueItemInput,
  type QueueItemOutput,
} from '../linearizability/check-queue-items.ts'
import { HistoryRecorder, type OpenOperation } from '../linearizability/history-recorder.ts'

interface Enqueue {
  readonly item: string
  readonly invokedAt: number
  completedAt: number
}

interface FirstDelivery {
  readonly item: string
  readonly invokedAt: number
  readonly completedAt: number
}

export class Items {
  readonly #now: () => number
  readonly #recorder: HistoryRecorder<QueueItemInput, QueueItemOutput>
  readonly #enqueues = new Map<string, Enqueue>()
  readonly #first: FirstDelivery[] = []
  #calls = 0

  constructor(now: () => number) {
    this.#now = now
    this.#recorder = new HistoryRecorder({ now })
  }

  invoke(queue: string, input: QueueItemInput): OpenOperation<QueueItemOutput> {
    return this.#recorder.invoke(`call ${++this.#calls}`, queue, input)
  }

  enqueues(item: string): void {
    this.#enqueues.set(item, { item, invokedAt: this.#now(), completedAt: Infinity })
  }

  enqueued(item: string): void {
    const enqueue = this.#enqueues.get(item)
    if (enqueue) enqueue.completedAt = this.#now()
  }

  /** An item is delivered for the first time, to one who asked at `invokedAt`. */
  delivered(item: string, invokedAt: number): void {
    this.#first.push({ item, invokedAt, completedAt: this.#now() })
  }

  /** @returns what is wrong. @param remaining - what is in each queue at the end */
  judge(remaining: ReadonlyMap<string, readonly string[]>): readonly string[] {
    const wrong = checkQueueItems(this.#recorder.history(), remaining).map(({ message }) => message)
    return [...wrong, ...this.#overtaken()]
  }

  /** Whose first delivery was asked for after that of one that was enqueued later had come. */
  #overtaken(): readonly string[] {
    const found: string[] = []
    const [queueOf, all] = [(item: string) => item.split(' ', 1).join(), this.#first]
    for (const late of all) {
      const earlier = this.#enqueues.get(late.item)
      if (!earlier) continue
      for (const early of all) {
        const later = this.#enqueues.get(early.item)
        if (!later || queueOf(late.item) !== queueOf(early.item)) continue
        if (earlier.completedAt >= later.invokedAt || early.completedAt >= late.invokedAt) continue
        found.push(`${early.item} was delivered before ${late.item}, which was there before it`)
      }
    }
    return found
  }
}
