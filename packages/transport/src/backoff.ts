import type { Random } from '@casty/clock'

/** Spread of the first dial after a connection was lost, so that a lost switch is no stampede. */
const firstRedialMs = 20

/**
 * How long to wait before dial number `attempt` since the lane last held: at most 20 ms before the
 * first, so that a crashed process, whose host refuses the dial, is known within milliseconds; then
 * anywhere below a bound that doubles from `minMs` to `maxMs` ("full jitter").
 *
 * @param attempt - dials that failed since, from 0 on
 * @see Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015
 */
export function reconnectDelayMs(
  attempt: number,
  bounds: { readonly minMs: number; readonly maxMs: number },
  random: Random,
): number {
  if (attempt === 0) return random() * Math.min(firstRedialMs, bounds.maxMs)
  return random() * Math.min(bounds.maxMs, bounds.minMs * 2 ** Math.min(attempt - 1, 50))
}
