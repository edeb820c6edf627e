import { HistoryError } from './errors.ts'
import { assertMoments, byKey, completionOf, type History, type Operation } from './operation.ts'
import type { RuleViolation } from './rule-violation.ts'

export type QueueItemInput =
  /** Puts an item in, once per item and queue. Answers `'done'`. */
  | { readonly type: 'enqueue'; readonly item: string }
  /** Takes an item out for good. Answers the item, or `null`. */
  | { readonly type: 'dequeue' }
  /** Takes an item on trial: it returns unless it is acknowledged. Answers the item, or `null`. */
  | { readonly type: 'reserve' }
  /** Takes a reserved item out for good. Answers `'done'`. */
  | { readonly type: 'acknowledge'; readonly item: string }

/** An item, `'done'`, or `null`. */
export type QueueItemOutput = string | null

export type QueueItemRule =
  /** An enqueue was acknowledged, and the item is neither delivered nor still there. */
  | 'item-lost'
  /** An item was delivered, or is there, that nobody had asked to enqueue by then. */
  | 'item-invented'
  /** An item was delivered, or is there, after it was taken out for good. */
  | 'item-returned'

type QueueOperation = Operation<QueueItemInput, QueueItemOutput>
type Violation = RuleViolation<QueueItemRule, QueueItemInput, QueueItemOutput>

/** What is known of one item. */
interface ItemHistory {
  readonly enqueue: QueueOperation | undefined
  readonly deliveries: readonly QueueOperation[]
  /** What took it out for good, the earliest to complete. */
  readonly removal: QueueOperation | undefined
}

/**
 * Whether a queue kept what it acknowledged, in O(n log n): acknowledged enqueues are delivered or
 * still there, nothing is invented, and nothing returns that was taken out for good. The order of
 * delivery is not looked at; `checkLinearizable` with `queueModel` does that, by a search.
 *
 * A `dequeue` whose answer was lost may have taken any item, so as many may be missing.
 *
 * @param remaining - per queue the items in it once all operations are over, reserved ones included
 * @throws HistoryError `CASTY_SIMULATION_HISTORY_INVALID` if an item is enqueued twice, or for moments
 * no operation can have
 * @returns what contradicts; empty if nothing does
 */
export function checkQueueItems(
  history: History<QueueItemInput, QueueItemOutput>,
  remaining: ReadonlyMap<string, readonly string[]>,
): readonly Violation[] {
  assertMoments(history)
  const queues = byKey(history)
  return [...new Set([...queues.keys(), ...remaining.keys()])].flatMap((key) =>
    queueViolations(key, queues.get(key) ?? [], new Set(remaining.get(key))),
  )
}

function queueViolations(
  key: string,
  operations: readonly QueueOperation[],
  remaining: ReadonlySet<string>,
): readonly Violation[] {
  const violations: Violation[] = []
  const lost: Violation[] = []
  for (const [item, { enqueue, deliveries, removal }] of itemsOf(operations, remaining)) {
    const say = (rule: QueueItemRule, what: string, ...involved: readonly QueueOperation[]) =>
      ({ rule, key, message: `${key}: item ${item} ${what}.`, operations: involved }) as const
    const asked = enqueue?.invokedAt ?? Infinity
    const early = deliveries.find((delivery) => completionOf(delivery) < asked)
    if (early !== undefined) {
      violations.push(say('item-invented', 'was delivered before it was enqueued', early))
    } else if (enqueue === undefined && remaining.has(item)) {
      violations.push(say('item-invented', 'is there, but was never enqueued'))
    }
    if (enqueue?.outcome.type === 'ok' && deliveries.length === 0 && !remaining.has(item)) {
      if (removal === undefined)
        lost.push(say('item-lost', 'was acknowledged, and is gone', enqueue))
    }
    if (removal === undefined) continue
    const again = deliveries.find((delivery) => returns(delivery, removal))
    if (again !== undefined) {
      violations.push(say('item-returned', 'was delivered after it was taken out', removal, again))
    } else if (remaining.has(item)) {
      violations.push(say('item-returned', 'is there after it was taken out', removal))
    }
  }
  const excused = operations.filter(
    ({ input, outcome }) => input.type === 'dequeue' && outcome.type === 'unknown',
  ).length
  return lost.length > excused ? [...violations, ...lost] : violations
}

function itemsOf(
  operations: readonly QueueOperation[],
  remaining: ReadonlySet<string>,
): ReadonlyMap<string, ItemHistory> {
  const items = new Map<string, ItemHistory>()
  const update = (item: string, change: (known: ItemHistory) => Partial<ItemHistory>): void => {
    const known = items.get(item) ?? { enqueue: undefined, deliveries: [], removal: undefined }
    items.set(item, { ...known, ...change(known) })
  }
  for (const item of remaining) update(item, () => ({}))
  for (const operation of operations) {
    const { input, outcome } = operation
    if (outcome.type === 'failed') continue
    if (input.type === 'enqueue') {
      update(input.item, ({ enqueue }) => {
        if (enqueue === undefined) return { enqueue: operation }
        throw HistoryError.invalid(`Item ${input.item} is enqueued twice`, 'a new name per item')
      })
    } else if (outcome.type === 'unknown') {
      continue // It may have taken or acknowledged an item, or not.
    } else if (input.type === 'acknowledge') {
      update(input.item, ({ removal }) => ({ removal: earlier(removal, operation) }))
    } else if (outcome.output !== null) {
      update(outcome.output, ({ deliveries, removal }) => ({
        deliveries: [...deliveries, operation],
        removal: input.type === 'dequeue' ? earlier(removal, operation) : removal,
      }))
    }
  }
  return items
}

function earlier(known: QueueOperation | undefined, next: QueueOperation): QueueOperation {
  return known === undefined || completionOf(next) < completionOf(known) ? next : known
}

/** Two that each take it out contradict at any time; one on trial only once the other is over. */
function returns(delivery: QueueOperation, removal: QueueOperation): boolean {
  if (delivery === removal) return false
  if (delivery.input.type === 'dequeue' && removal.input.type === 'dequeue') return true
  return delivery.invokedAt > completionOf(removal)
}
