// Word of an actor's end comes on the control lane, and may overtake what the actor sent before, which
// comes on the data lane. It is held back until that is there, for a while: what was lost never comes.
import type { NodeIdentity, NodeKey } from '@casty/membership'
import type { DataMark } from './data-order.ts'
import type { WatchEnding } from './watch-messages.ts'

/** How long word of an end waits for what was sent before it, in milliseconds. */
const maxHoldMs = 3_000
/** How long to wait before looking for the first time, and at most, in milliseconds; it doubles. */
const minLookMs = 1
const maxLookMs = 100

export interface TerminatedFrom {
  readonly from: NodeIdentity
  readonly id: number
  readonly ending: WatchEnding
  readonly mark: DataMark
}

interface Queue {
  /** In the order in which they came, which is the one of their marks. */
  readonly items: { readonly terminated: TerminatedFrom; readonly until: number }[]
  lookAt: number
  delayMs: number
}

export class HeldBack {
  readonly #hasArrived: (from: NodeIdentity, mark: DataMark) => boolean
  readonly #maxPerNode: number
  readonly #queues = new Map<NodeKey, Queue>()

  /** @param maxPerNode - as many as are watched on a node: one that says more of it says what nobody asked */
  constructor(hasArrived: (from: NodeIdentity, mark: DataMark) => boolean, maxPerNode: number) {
    this.#hasArrived = hasArrived
    this.#maxPerNode = maxPerNode
  }

  /** How many are held back. */
  get size(): number {
    let size = 0
    for (const { items } of this.#queues.values()) size += items.length
    return size
  }

  /** When to come back with `due`. */
  get nextDeadline(): number | undefined {
    let earliest: number | undefined
    for (const { lookAt } of this.#queues.values()) {
      if (earliest === undefined || lookAt < earliest) earliest = lookAt
    }
    return earliest
  }

  /** @returns whether it may be told at once */
  receive(terminated: TerminatedFrom, now: number): boolean {
    const { from, mark } = terminated
    const queue = this.#queues.get(from.key)
    if (!queue && this.#hasArrived(from, mark)) return true
    const held = queue ?? { items: [], lookAt: now + minLookMs, delayMs: minLookMs }
    if (held.items.length >= this.#maxPerNode) return true
    held.items.push({ terminated, until: now + maxHoldMs })
    this.#queues.set(from.key, held)
    return false
  }

  /** All that waited for that node are of no use any more. */
  forget(node: NodeIdentity): void {
    this.#queues.delete(node.key)
  }

  /** @returns those that may be told now, in order */
  due(now: number): readonly TerminatedFrom[] {
    return [...this.#queues].flatMap(([key, queue]) => {
      if (queue.lookAt > now) return []
      const free = this.#takeFree(queue, now)
      queue.delayMs = free.length > 0 ? minLookMs : Math.min(queue.delayMs * 2, maxLookMs)
      queue.lookAt = now + queue.delayMs
      if (queue.items.length === 0) this.#queues.delete(key)
      return free
    })
  }

  #takeFree({ items }: Queue, now: number): readonly TerminatedFrom[] {
    const held = items.findIndex(
      ({ terminated: { from, mark }, until }) => until > now && !this.#hasArrived(from, mark),
    )
    const free = items.splice(0, held < 0 ? items.length : held)
    return free.map(({ terminated }) => terminated)
  }
}
