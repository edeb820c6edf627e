// What every call may be given.
import { DDataError } from '../errors.ts'
import type { CallTerms } from '../session/pending.ts'
import { maxKeyBytes } from '../state/command.ts'
import { duration, knownNames, text, waitTime } from '../values/arguments.ts'

export interface BaseOptions {
  /**
   * Into how many parts it is split where it can be; all who use it must say the same. 1 to 65,536.
   * @defaultValue 100
   */
  readonly shards?: number
  /** Within which a call is carried out, or is known to wait for its turn, in milliseconds. @defaultValue 5_000 */
  readonly timeoutMs?: number
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** In place of that of the structure, in milliseconds. */
  readonly timeoutMs?: number
}

export interface WriteOptions extends CallOptions {
  /**
   * One effect for each key and structure, whoever calls: a second call with it gets the answer of the first. It is
   * remembered for five minutes.
   */
  readonly idempotencyKey?: string
}

export interface ReadOptions extends CallOptions {
  /**
   * `linearizable`: as it is now, as long as clocks run alike; `strict`: whatever clocks do, for one more round trip.
   * @defaultValue 'linearizable'
   */
  readonly consistency?: 'linearizable' | 'strict'
}

export interface WaitOptions extends CallOptions {
  /**
   * How long to wait for a turn, in milliseconds; Infinity: as long as it takes.
   * @defaultValue what is left of `timeoutMs` where that is given, with the call or the structure; else Infinity
   */
  readonly waitMs?: number
}

export const maxShards = 65_536
export const defaultShards = 100
export const defaultTimeoutMs = 5_000

const callNames = ['signal', 'timeoutMs']

/** As most calls do: then there is nothing to be checked. */
function asksNothing(options: CallOptions): boolean {
  // Users may have no types.
  if (typeof options !== 'object' || options === null) return false
  if (Object.getPrototypeOf(options) !== Object.prototype) return false
  for (const _ in options) return false
  return true
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT`, `CASTY_DDATA_ABORTED` */
export function termsOf(
  what: string,
  options: CallOptions,
  timeoutMs: number,
  more: readonly string[] = [],
): CallTerms {
  if (asksNothing(options)) return { what, timeoutMs }
  knownNames('options', options, [...callNames, ...more])
  const { signal } = options
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw DDataError.argument('options.signal', signal, 'an AbortSignal')
  }
  if (signal?.aborted) throw DDataError.aborted(what, 'no', signal.reason)
  return {
    what,
    ...(signal && { signal }),
    timeoutMs:
      options.timeoutMs === undefined
        ? timeoutMs
        : duration('options.timeoutMs', options.timeoutMs),
  }
}

/** @param name - of the structure: keys of each are its own */
export function writeTermsOf(
  what: string,
  name: string,
  options: WriteOptions,
  timeoutMs: number,
  more: readonly string[] = [],
): CallTerms {
  if (asksNothing(options)) return { what, timeoutMs }
  const terms = termsOf(what, options, timeoutMs, [...more, 'idempotencyKey'])
  const { idempotencyKey } = options
  if (idempotencyKey === undefined) return terms
  text('options.idempotencyKey', idempotencyKey, maxKeyBytes - 2 * 512 - 8)
  return { ...terms, key: `${name.length}:${name}${idempotencyKey}` }
}

/** How long calls of a structure may take. */
export interface TimeLimit {
  readonly timeoutMs: number
  /** Whether its user said so: then it is the limit of waiting as well. */
  readonly isStated: boolean
}

/** Of a call that may have to wait for its turn. */
export function waitTermsOf(
  what: string,
  options: WaitOptions,
  { timeoutMs, isStated }: TimeLimit,
  more: readonly string[] = [],
): CallTerms {
  if (!isStated && asksNothing(options)) return { what, timeoutMs: Infinity, waitMs: Infinity }
  const terms = termsOf(what, options, timeoutMs, [...more, 'waitMs'])
  const { waitMs } = options
  if (waitMs !== undefined) return { ...terms, waitMs: waitTime('options.waitMs', waitMs) }
  if (isStated || options.timeoutMs !== undefined) return terms
  // Where nobody says how long, it ends only when nobody who could answer is heard of any more.
  return { ...terms, timeoutMs: Infinity, waitMs: Infinity }
}

export function readTermsOf(
  what: string,
  options: ReadOptions,
  timeoutMs: number,
): CallTerms & { readonly isStrict: boolean } {
  if (asksNothing(options)) return { what, timeoutMs, isStrict: false }
  const terms = termsOf(what, options, timeoutMs, ['consistency'])
  const { consistency = 'linearizable' } = options
  if (consistency !== 'linearizable' && consistency !== 'strict') {
    throw DDataError.argument('options.consistency', consistency, 'linearizable or strict')
  }
  return { ...terms, isStrict: consistency === 'strict' }
}
