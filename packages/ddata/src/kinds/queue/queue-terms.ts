// What is asked of a queue, as its part is told; and what its refusals mean.
import { DDataError } from '../../errors.ts'
import type { Refusal } from '../../state/machine.ts'
import { explainRefusal } from '../../structures/explain.ts'
import { duration, knownNames, text, whole } from '../../values/arguments.ts'
import {
  configFields,
  maxDedupIdBytes,
  maxPriority,
  tooManyAtOnce,
  type EnqueueTerms,
  type QueueConfig,
} from './queue-calls.ts'
import { queueOptionNames, type EnqueueOptions, type QueueOptions } from './queue-options.ts'

const forever = 2 ** 43
const dayMs = 86_400_000

/** @throws DDataError `CASTY_DDATA_ARGUMENT`, as all of these */
export function wholeMs(name: string, ms: number): number {
  return Math.ceil(Math.min(duration(name, ms), forever))
}

/** What all who use it have to agree on. */
export function configOf<T>(shards: number, options: QueueOptions<T>): QueueConfig {
  const { maxDeliveries, maxSize, onFull = 'reject', dedupWindowMs = 300_000 } = options
  knownNames('options', options, [...queueOptionNames, 'shards', 'timeoutMs'])
  if (onFull !== 'reject' && onFull !== 'wait') {
    throw DDataError.argument('options.onFull', onFull, 'reject or wait')
  }
  const limit = (name: string, value: number | undefined): number =>
    value === undefined ? 0 : whole(name, value, 1, Number.MAX_SAFE_INTEGER)
  return {
    shards,
    maxDeliveries: limit('options.maxDeliveries', maxDeliveries),
    maxSize: limit('options.maxSize', maxSize),
    waitsWhenFull: onFull === 'wait' ? 1 : 0,
    dedupWindowMs: Math.ceil(Math.min(duration('options.dedupWindowMs', dedupWindowMs), 7 * dayMs)),
  }
}

/** @param wallNow - milliseconds since the Unix epoch */
export function enqueueTerms(options: EnqueueOptions, wallNow: number): EnqueueTerms {
  const { delayMs = 0, ttlMs = 0, priority = 0, dedupId } = options
  return {
    delayMs: delayMs === 0 ? 0 : wholeMs('options.delayMs', delayMs),
    ttlMs: ttlMs === 0 ? 0 : wholeMs('options.ttlMs', ttlMs),
    priority: whole('options.priority', priority, 0, maxPriority),
    dedupId: dedupId === undefined ? '' : text('options.dedupId', dedupId, maxDedupIdBytes),
    enqueuedAt: Math.max(0, Math.floor(wallNow)),
  }
}

/** An option as it is on the wire, as users write it. */
function written(field: string, value: number): number | string | undefined {
  if (field === configFields.waitsWhenFull) return value === 1 ? 'wait' : 'reject'
  const isNone = value === 0 && field !== configFields.dedupWindowMs
  return isNone ? undefined : value
}

export function explainQueue(what: string, refusal: Refusal): DDataError {
  const { code, field, existing, requested } = refusal
  if (code === 'CASTY_DDATA_CONFIG_MISMATCH') {
    return DDataError.configMismatch(
      what,
      field,
      written(field, existing),
      written(field, requested),
    )
  }
  if (code !== 'CASTY_DDATA_QUEUE_FULL') return explainRefusal(what, refusal)
  if (field === tooManyAtOnce) {
    return new DDataError(
      code,
      `${what} has no room for ${requested} items at once, since its maxSize is ${existing}. Enqueue fewer at a time.`,
      { field: 'maxSize', existing, requested },
    )
  }
  return new DDataError(
    code,
    `${what} is full: it would have ${requested} items, and its maxSize is ${existing}. ` +
      'Try again later, or have it wait for room (onFull).',
    { field, existing, requested, isRetryable: true },
  )
}
