import { systemClock, type Clock } from '@casty/clock'
import type { Logger } from '@casty/membership'
import { SbrError } from '../errors.ts'

/** How a lease is held. Durations are in milliseconds. */
export interface LeaseOptions {
  /** What is held: at most 200 letters. Owners that exclude each other use the same name. */
  readonly name: string
  /** Who asks, for people to read: at most 200 letters, best the node's address and incarnation. */
  readonly owner: string
  /**
   * How long the lease runs without a renewal. Raise it to ride out longer outages of the store and
   * pauses of this process; each raise keeps others waiting as much longer for a holder that died.
   * From 100 on.
   * @defaultValue 30_000
   */
  readonly ttlMs?: number
  /**
   * Time between two renewals. Lower it to have more of them before the lease is lost, at the price
   * of as many writes. Together with `operationTimeoutMs` it stays below nine tenths of `ttlMs`.
   * @defaultValue a third of ttlMs
   */
  readonly heartbeatMs?: number
  /**
   * How long any call may take, whatever the store does. Lower it to know sooner that the store does
   * not answer; raise it where the store is slow.
   * @defaultValue a sixth of ttlMs, and 5_000 at most
   */
  readonly operationTimeoutMs?: number
  /** @defaultValue systemClock */
  readonly clock?: Clock
  /** Is told of renewals and releases that failed. @defaultValue none */
  readonly logger?: Logger
}

/** Names of all {@link LeaseOptions}, for a lease that checks what it is given. */
export const leaseOptionNames: readonly (keyof LeaseOptions)[] = [
  'name',
  'owner',
  'ttlMs',
  'heartbeatMs',
  'operationTimeoutMs',
  'clock',
  'logger',
]

/** The durations of a lease, all of them settled. */
export interface LeaseTiming {
  readonly ttlMs: number
  readonly heartbeatMs: number
  readonly operationTimeoutMs: number
}

export const leaseDefaults: LeaseTiming = {
  ttlMs: 30_000,
  heartbeatMs: 10_000,
  operationTimeoutMs: 5_000,
}

export interface ResolvedLeaseOptions extends LeaseTiming {
  readonly name: string
  readonly owner: string
  readonly clock: Clock
  readonly logger: Logger | undefined
}

/**
 * How long a holder believes in a lease, from the moment at which it *asked* for the grant or renewal
 * that came last. The store counts the whole of `ttlMs`, from the later moment at which it wrote. The
 * tenth between the two covers clocks whose rates differ by up to 1 %, and leaves the rest (9 %) to
 * callbacks that come late and to servers whose clocks differ, should one take over from another.
 *
 * @see Gray and Cheriton, Leases, SOSP 1989, §4 (what clocks have to keep to)
 */
export function trustedLeaseMs(ttlMs: number): number {
  return ttlMs * 0.9
}

/**
 * Fills in the defaults.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function resolveLeaseOptions(options: LeaseOptions): ResolvedLeaseOptions {
  const { clock = systemClock, logger } = options
  return {
    name: leaseText('name', options.name),
    owner: leaseText('owner', options.owner),
    ...leaseTiming(options),
    clock,
    logger,
  }
}

/**
 * The durations that options come to, with the defaults that follow from `ttlMs`.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @example leaseTiming({ ttlMs: 12_000 }).heartbeatMs // => 4000
 */
export function leaseTiming(options: Partial<LeaseTiming> = {}): LeaseTiming {
  const { ttlMs = leaseDefaults.ttlMs } = options
  const heartbeatMs = options.heartbeatMs ?? ttlMs / 3
  const operationTimeoutMs = options.operationTimeoutMs ?? Math.min(ttlMs / 6, 5_000)
  duration('ttlMs', ttlMs, 100)
  duration('heartbeatMs', heartbeatMs, 1)
  duration('operationTimeoutMs', operationTimeoutMs, 1)
  if (heartbeatMs + operationTimeoutMs >= trustedLeaseMs(ttlMs)) {
    const allowed = `a sum below nine tenths of ttlMs, ${trustedLeaseMs(ttlMs)}`
    const sum = heartbeatMs + operationTimeoutMs
    throw SbrError.invalidOption('a lease', 'heartbeatMs + operationTimeoutMs', sum, allowed)
  }
  return { ttlMs, heartbeatMs, operationTimeoutMs }
}

const longestMs = 86_400_000

function duration(option: string, value: number, shortestMs: number): void {
  if (Number.isFinite(value) && value >= shortestMs && value <= longestMs) return
  const allowed = `a number of milliseconds from ${shortestMs} to ${longestMs}`
  throw SbrError.invalidOption('a lease', option, value, allowed)
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function leaseText(option: string, value: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 200) return value
  throw SbrError.invalidOption('a lease', option, value, 'a text of 1 to 200 letters')
}
