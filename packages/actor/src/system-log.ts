// What a system writes into the log of whoever gave it one. Dead letters may be many, so of those with one
// reason only the first of each minute are written, and how many there were besides.
import type { Clock } from '@casty/clock'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Logger } from './logger.ts'
import type { SystemEvent } from './system-event.ts'

const mostPerWindow = 10
const windowMs = 60_000

export class SystemLog {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #windows = new Map<string, { readonly endsAt: number; count: number }>()

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  failed({ ref, error, directive }: Extract<SystemEvent, { type: 'actor-failed' }>): void {
    this.#logger.error({ path: ref.path, error, directive }, `${ref.path} failed`)
  }

  /** Payloads may hold secrets: of a message only its type is written. */
  deadLetter(path: string, message: unknown, reason: DeadLetterReason): void {
    const missed = this.#missed(reason)
    if (missed === undefined) return
    const details = { path, reason, messageType: typeNameOf(message), missed }
    this.#logger.warn(details, `A message to ${path} is a dead letter: ${reason}`)
  }

  /** Something that a user handed in threw. */
  report(error: unknown, what: string): void {
    const missed = this.#missed('reports')
    if (missed !== undefined) this.#logger.error({ error, missed }, what)
  }

  /** How many of that kind were not written since the last one; undefined where this one is not either. */
  #missed(kind: string): number | undefined {
    const now = this.#clock.now()
    const window = this.#windows.get(kind)
    if (window && now < window.endsAt) {
      window.count++
      return window.count <= mostPerWindow ? 0 : undefined
    }
    this.#windows.set(kind, { endsAt: now + windowMs, count: 1 })
    return Math.max(0, (window?.count ?? 0) - mostPerWindow)
  }
}

function typeNameOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return typeof message
  try {
    if ('type' in message && typeof message.type === 'string') return message.type.slice(0, 100)
    return message.constructor?.name ?? 'object'
  } catch {
    return 'object' // It may be anything, and does not want to be looked at.
  }
}
