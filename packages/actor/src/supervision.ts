// What becomes of an actor that failed, as a pure function of its failures so far.
import { ActorError } from './errors.ts'
import { knownNames } from './option-values.ts'

const supervisionOptions = ['decide', 'maxRestarts', 'withinMs', 'backoff']

/** What may become of an actor that failed. */
export type Directive =
  | 'resume' // It goes on as it was. The message that it failed on is lost.
  | 'restart' // It begins anew, with the mailbox that it has.
  | 'stop'
  | 'escalate' // Whoever supervises it further out decides; its parent, in the end.

export interface Backoff {
  /** Before the first restart, in milliseconds. Doubles with each failure. */
  readonly minMs: number
  readonly maxMs: number
  /** So much of the pause is left to chance, from 0 to 1. @defaultValue 0.2 */
  readonly jitter?: number
}

/** Options of {@link oneForOne} and {@link allForOne}. */
export interface SupervisionOptions {
  /** @defaultValue always 'restart' */
  readonly decide?: (error: unknown) => Directive
  /** How many restarts there may be within `withinMs`; one more, and the actor stops. @defaultValue 10 */
  readonly maxRestarts?: number
  /** In milliseconds. @defaultValue 60_000 */
  readonly withinMs?: number
  /** Pause before a restart. Messages wait meanwhile. @defaultValue none */
  readonly backoff?: Backoff
}

/** Made by {@link oneForOne} or {@link allForOne}. It remembers nothing: many actors may share one. */
export interface SupervisionStrategy extends Required<Omit<SupervisionOptions, 'backoff'>> {
  /** Whether the failure of one child is that of all. Matters for children only. */
  readonly type: 'one-for-one' | 'all-for-one'
  readonly backoff: Required<Backoff> | undefined
}

/** When an actor was restarted, oldest first, on the monotonic clock: as far as that still counts. */
export type RestartHistory = readonly number[]

/** What becomes of an actor: a directive, and how long to wait before a restart. */
export type Verdict =
  | { readonly type: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly type: Exclude<Directive, 'restart'> }

/** Whoever fails is dealt with alone. @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
export function oneForOne(options: SupervisionOptions = {}): SupervisionStrategy {
  return strategyOf('one-for-one', options)
}

/** Whoever fails, all children share its fate. @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
export function allForOne(options: SupervisionOptions = {}): SupervisionStrategy {
  return strategyOf('all-for-one', options)
}

/**
 * What becomes of an actor, by its strategy. Throws what `decide` throws.
 *
 * @param draw - uniform in [0, 1)
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION` where `decide` gives no directive
 */
export function judgeFailure(
  strategy: SupervisionStrategy,
  error: unknown,
  history: RestartHistory,
  now: number,
  draw: number,
): Verdict {
  const directive = strategy.decide(error)
  if (directive !== 'restart') return { type: checkedDirective(directive) }
  const recent = history.filter((at) => now - at < strategy.withinMs)
  if (recent.length >= strategy.maxRestarts) return { type: 'stop' }
  return {
    type: 'restart',
    delayMs: delayOf(strategy.backoff, recent.length, draw),
    history: [...recentEnough(recent, strategy), now],
  }
}

/** Without a limit they would be ever more: as many are enough to double the shortest of pauses to the longest. */
const mostWithoutLimit = 64

function recentEnough(
  recent: RestartHistory,
  { maxRestarts }: SupervisionStrategy,
): RestartHistory {
  return maxRestarts === Infinity ? recent.slice(-mostWithoutLimit) : recent
}

const otherDirectives = ['resume', 'stop', 'escalate'] as const

function checkedDirective(directive: (typeof otherDirectives)[number]): typeof directive {
  if (otherDirectives.includes(directive)) return directive
  const allowed = `restart, ${otherDirectives.join(', ')}`
  throw ActorError.invalidOption('a strategy', 'decide', directive, `one that gives ${allowed}`)
}

/** @see Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015 */
function delayOf(backoff: Required<Backoff> | undefined, restarts: number, draw: number): number {
  if (!backoff) return 0
  const longest = Math.min(backoff.minMs * 2 ** restarts, backoff.maxMs)
  return longest * (1 - backoff.jitter * draw)
}

function strategyOf(
  type: SupervisionStrategy['type'],
  options: SupervisionOptions,
): SupervisionStrategy {
  const of = type === 'one-for-one' ? 'oneForOne()' : 'allForOne()'
  knownNames(of, options, supervisionOptions)
  const { decide = () => 'restart', maxRestarts = 10, withinMs = 60_000, backoff } = options
  if (typeof decide !== 'function') {
    throw ActorError.invalidOption(of, 'decide', decide, 'a function from an error to a directive')
  }
  if (!(Number.isInteger(maxRestarts) || maxRestarts === Infinity) || maxRestarts < 0) {
    throw ActorError.invalidOption(of, 'maxRestarts', maxRestarts, 'an integer from 0, or Infinity')
  }
  if (typeof withinMs !== 'number' || !(withinMs > 0)) {
    throw ActorError.invalidOption(of, 'withinMs', withinMs, 'a number of milliseconds above 0')
  }
  return { type, decide, maxRestarts, withinMs, backoff: backoff && checkedBackoff(of, backoff) }
}

function checkedBackoff(of: string, backoff: Backoff): Required<Backoff> {
  knownNames(`backoff of ${of}`, backoff, ['minMs', 'maxMs', 'jitter'])
  const { minMs, maxMs, jitter = 0.2 } = backoff
  if (!(minMs > 0) || !Number.isFinite(minMs)) {
    throw ActorError.invalidOption(of, 'backoff.minMs', minMs, 'a number of milliseconds above 0')
  }
  if (!(maxMs >= minMs) || !Number.isFinite(maxMs)) {
    throw ActorError.invalidOption(
      of,
      'backoff.maxMs',
      maxMs,
      `from backoff.minMs, which is ${minMs}`,
    )
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw ActorError.invalidOption(of, 'backoff.jitter', jitter, 'from 0 to 1')
  }
  return { minMs, maxMs, jitter }
}
