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
  /** An enqueue was acknowledged, and the item is neither taken out for good nor still there. */
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
  /** An acknowledgement was asked for, whatever came of it. */
  readonly mayBeRemoved: boolean
}

/**
 * Whether a queue kept what it acknowledged, in O(n log n): acknowledged enqueues are taken out for good or
 * still there, delivered or not, nothing is invented, and nothing returns that was taken out for good. The order of
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
  const items = [...itemsOf(operations, remaining)]
  const lost = items.flatMap(([item, known]) => lossOf(key, item, known, remaining))
  const excused = operations.filter(
    ({ input, outcome }) => input.type === 'dequeue' && outcome.type === 'unknown',
  ).length
  return [
    ...items.flatMap(([item, known]) => inventionOf(key, item, known, remaining)),
    ...items.flatMap(([item, known]) => returnOf(key, item, known, remaining)),
    ...(lost.length > excused ? lost : []),
  ]
}

function lossOf(
  key: string,
  item: string,
  { enqueue, removal, mayBeRemoved }: ItemHistory,
  remaining: ReadonlySet<string>,
): readonly Violation[] {
  if (enqueue?.outcome.type !== 'ok') return []
  if (removal !== undefined || mayBeRemoved || remaining.has(item)) return []
  return [violation('item-lost', key, item, 'was acknowledged, and is gone', enqueue)]
}

function inventionOf(
  key: string,
  item: string,
  { enqueue, deliveries }: ItemHistory,
  remaining: ReadonlySet<string>,
): readonly Violation[] {
  const asked = enqueue?.invokedAt ?? Infinity
  const early = deliveries.find((delivery) => completionOf(delivery) < asked)
  if (early !== undefined) {
    return [violation('item-invented', key, item, 'was delivered before it was enqueued', early)]
  }
  if (enqueue !== undefined || !remaining.has(item)) return []
  return [violation('item-invented', key, item, 'is there, but was never enqueued')]
}

function returnOf(
  key: string,
  item: string,
  { deliveries, removal }: ItemHistory,
  remaining: ReadonlySet<string>,
): readonly Violation[] {
  if (removal === undefined) return []
  const again = deliveries.find((delivery) => returns(delivery, removal))
  if (again !== undefined) {
    const what = 'was delivered after it was taken out'
    return [violation('item-returned', key, item, what, removal, again)]
  }
  if (!remaining.has(item)) return []
  return [violation('item-returned', key, item, 'is there after it was taken out', removal)]
}

function violation(
  rule: QueueItemRule,
  key: string,
  item: string,
  what: string,
  ...operations: readonly QueueOperation[]
): Violation {
  return { rule, key, message: `${key}: item ${item} ${what}.`, operations }
}

const nothingKnown: ItemHistory = {
  enqueue: undefined,
  deliveries: [],
  removal: undefined,
  mayBeRemoved: false,
}

function itemsOf(
  operations: readonly QueueOperation[],
  remaining: ReadonlySet<string>,
): ReadonlyMap<string, ItemHistory> {
  const items = new Map<string, ItemHistory>()
  const update = (item: string, change: (known: ItemHistory) => Partial<ItemHistory>): void => {
    const known = items.get(item) ?? nothingKnown
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
    } else if (input.type === 'acknowledge') {
      update(input.item, ({ removal }) => ({
        removal: outcome.type === 'ok' ? earlier(removal, operation) : removal,
        mayBeRemoved: true,
      }))
    } else if (outcome.type === 'ok' && outcome.output !== null) {
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
