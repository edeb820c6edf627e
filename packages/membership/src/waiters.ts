import type { Clock } from '@casty/clock'
import { capable, durationOrForever, knownNames, whole } from './option-values.ts'

/** How a wait stands: over, over in vain, or undefined while it goes on. */
export type WaitOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: Error }

export interface WaitLimits {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Why the time ran out. */
  readonly timeout: (timeoutMs: number) => Error
}

const defaultTimeoutMs = 60_000
const maxMembers = 100_000

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION`: whoever waits for nonsense would wait for nobody, or for ever */
export function checkWaitFor(count: number, options: Omit<WaitLimits, 'timeout'>): void {
  whole('count', count, 0, maxMembers)
  knownNames('waitFor()', options, ['timeoutMs', 'signal'])
  const { timeoutMs, signal } = options
  if (timeoutMs !== undefined && timeoutMs !== 0) durationOrForever('timeoutMs', timeoutMs)
  if (signal !== undefined) {
    capable('signal', signal, ['throwIfAborted', 'addEventListener'], 'an AbortSignal')
  }
}

/** Who waits for the state to become something. Asked again after every change. */
export class Waiters {
  readonly #clock: Clock
  readonly #checks = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `check` after every change, until disposed of. */
  watch(check: () => void): Disposable {
    this.#checks.add(check)
    return { [Symbol.dispose]: () => void this.#checks.delete(check) }
  }

  changed(): void {
    for (const check of this.#checks) check()
  }

  /** Waits without a limit. */
  async untilDone(outcome: () => WaitOutcome | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#settle(outcome, resolve, reject, () => {}))
  }

  async until(
    outcome: () => WaitOutcome | undefined,
    { timeoutMs = defaultTimeoutMs, signal, timeout }: WaitLimits,
  ): Promise<void> {
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => settle(() => reject(asError(signal?.reason)))
      const timer = this.#clock.schedule(timeoutMs, () => settle(() => reject(timeout(timeoutMs))))
      signal?.addEventListener('abort', abort, { once: true })
      const settle = this.#settle(outcome, resolve, reject, () => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
      })
    })
  }

  /** Settles once, by outcome or by the function returned. */
  #settle(
    outcome: () => WaitOutcome | undefined,
    resolve: () => void,
    reject: (error: Error) => void,
    release: () => void,
  ): (act: () => void) => void {
    const settle = (act: () => void): void => {
      this.#checks.delete(check)
      release()
      act()
    }
    const check = (): void => {
      const now = outcome()
      if (now?.type === 'done') settle(resolve)
      else if (now) settle(() => reject(now.error))
    }
    this.#checks.add(check)
    check()
    return settle
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
