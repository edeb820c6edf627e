import { TransportError, type Insecurity, type NodeAddress } from '@casty/transport'
import { classifyDialFailure } from './dial-failure.ts'
import { describeInsecurity } from './tls/insecurity.ts'

/** What bounds an attempt. */
export interface AttemptBounds {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** What is under way, as whoever began it ends it: the first of these calls counts, later ones do nothing. */
export interface DialAttempt<T> {
  /** It is there: makes of it what was asked for, in this turn. */
  readonly succeed: (take: () => T | PromiseLike<T>) => void
  /** It came to nothing; the error is Node's as a rule, and tells by its code what kind of failure that is. */
  readonly fail: (error: unknown) => void
  /** Nobody listens there, though no error says so. */
  readonly refuse: () => void
  /** Somebody is there, and hung up on what was said in plain text. */
  readonly hungUpOn: (cause: unknown) => void
  /** Somebody is there, and one of the two does not trust the other. */
  readonly distrust: (found: Omit<Insecurity, 'detail'>, cause?: unknown) => void
}

/** How what was begun is let go of. */
export interface AttemptEnd {
  /** It is over, in whichever way: takes listeners off. */
  readonly settled: () => void
  /** It came to nothing: closes what there is of it, for which nobody asks any more. */
  readonly abandoned: () => void
}

/**
 * One attempt at a connection, which ends once: by what `begin` reports, by its time, or by the signal.
 *
 * @param begin - starts it; reports nothing before it has returned
 * @throws TransportError `CASTY_TRANSPORT_DIAL_FAILED`; `signal.reason` once that is aborted
 */
export function attemptDial<T>(
  address: NodeAddress,
  { timeoutMs, signal }: AttemptBounds,
  begin: (attempt: DialAttempt<T>) => AttemptEnd,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    const settle = (): boolean => {
      if (isSettled) return false
      isSettled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      end.settled()
      return true
    }
    const giveUp = (reason: unknown): void => {
      if (!settle()) return
      end.abandoned()
      // `signal.reason` is what the caller chose to abort with, an Error or not.
      reject(reason)
    }
    const aborted = (): void => giveUp(signal?.reason)
    const end = begin({
      succeed: (take) => void (settle() && resolve(take())),
      fail: (error) =>
        giveUp(TransportError.dialFailed(address, classifyDialFailure(error), error)),
      hungUpOn: (cause) => giveUp(TransportError.unanswered(address, cause)),
      refuse: () => giveUp(TransportError.dialFailed(address, 'refused')),
      distrust(found, cause) {
        const detail = describeInsecurity(address.toString(), found)
        giveUp(TransportError.insecureDial(address, { ...found, detail }, cause))
      },
    })
    // After a stall of the event loop the timer is due before an answer that has long arrived is
    // read. One more turn lets it count.
    const timer = setTimeout(() => {
      setImmediate(() => giveUp(TransportError.dialFailed(address, 'timeout')))
    }, timeoutMs)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
