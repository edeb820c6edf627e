// What users say of a queue, and are told by it.
import type {
  BaseOptions,
  CallOptions,
  WaitOptions,
  WriteOptions,
} from '../../structures/call-options.ts'
import type { StandardSchema } from '../../structures/standard-schema.ts'

export interface QueueOptions<T> extends BaseOptions {
  /** Checks items before they are sent. */
  readonly value?: StandardSchema<T>
  /** How long a consumer has for an item before it is delivered again, in milliseconds. @defaultValue 30_000 */
  readonly visibilityMs?: number
  /** An item that was delivered so often goes to the dead list. @defaultValue as often as it takes */
  readonly maxDeliveries?: number
  /** Items that there may be: ready, delayed and being worked on. @defaultValue as many as there is memory for */
  readonly maxSize?: number
  /** What becomes of one too many. @defaultValue 'reject' */
  readonly onFull?: 'reject' | 'wait'
  /** The bytes of one item. @defaultValue 262_144, which is the most that there may be */
  readonly maxItemBytes?: number
  /** How long a `dedupId` is remembered, in milliseconds. @defaultValue 300_000 */
  readonly dedupWindowMs?: number
}

export interface EnqueueOptions extends WriteOptions {
  /** Hidden for so long, in milliseconds. @defaultValue 0 */
  readonly delayMs?: number
  /** Higher ones come first: 0 to 255. @defaultValue 0 */
  readonly priority?: number
  /** Of items with the same one, the first counts; 1 to 512 bytes. */
  readonly dedupId?: string
  /** Forgotten after so long, unless somebody works on it, in milliseconds. @defaultValue never */
  readonly ttlMs?: number
}

export interface Enqueued {
  readonly id: string
  /** There was one of that `dedupId`: this is its id. */
  readonly deduplicated: boolean
}

export interface ReserveOptions extends WaitOptions, WriteOptions {
  /** In place of that of the queue, in milliseconds. */
  readonly visibilityMs?: number
}

export interface ConsumeOptions extends CallOptions {
  /** How many items to have in hand at most: once half of them are done, more are taken while the loop is at the others. @defaultValue 1 */
  readonly prefetch?: number
  readonly visibilityMs?: number
  /** Whether items are kept from others for as long as the loop works on them. @defaultValue true */
  readonly autoExtend?: boolean
}

export interface RedriveOptions extends WriteOptions {
  /** Of items on the dead list, as it tells them. @defaultValue all of them */
  readonly ids?: Iterable<string>
}

/** How many items a queue has, by how they are. */
export interface QueueStatistics {
  readonly ready: number
  readonly delayed: number
  readonly inFlight: number
  readonly dead: number
}

/** An item that was delivered too often, or was given up. */
export interface DeadItem<T> {
  readonly id: string
  readonly value: T
  readonly deliveries: number
  readonly reason: string
}

export const queueOptionNames: readonly string[] = [
  'value',
  'visibilityMs',
  'maxDeliveries',
  'maxSize',
  'onFull',
  'maxItemBytes',
  'dedupWindowMs',
]
