import { DDataError } from '../../errors.ts'
import type { BaseOptions, TimeLimit } from '../../structures/call-options.ts'
import { whole } from '../../values/arguments.ts'

export interface LeaseOptions extends BaseOptions {
  /**
   * How long a lease lasts that is not renewed, in whole milliseconds, from 100. Others wait for so long when its holder
   * dies; a holder that does not reach the cluster for nearly so long loses it.
   * @defaultValue 30_000
   */
  readonly ttlMs?: number
  /** Whether leases are renewed for as long as they are not released. @defaultValue true */
  readonly renew?: boolean
  /**
   * How long one that waited has to say that it is still there when its turn comes, in whole milliseconds, from 10: one
   * that died while it waited costs the others so much, once.
   * @defaultValue 1_000
   */
  readonly offerTimeoutMs?: number
  /**
   * Called with the token of each lease before whoever asked for it has it: tells the resource of it, so that the resource
   * refuses what is still under way from the holder before. When it rejects, the lease is released, and the call rejects
   * with the same.
   */
  readonly claim?: (token: bigint) => void | Promise<void>
}

export const leaseDefaults: { readonly ttlMs: number; readonly offerTimeoutMs: number } =
  Object.freeze({
    ttlMs: 30_000,
    offerTimeoutMs: 1_000,
  })

export const leaseOptionNames: readonly string[] = ['ttlMs', 'renew', 'offerTimeoutMs', 'claim']

export interface CheckedLeaseOptions {
  readonly ttlMs: number
  readonly isRenewed: boolean
  readonly offerTimeoutMs: number
  readonly claim: ((token: bigint) => void | Promise<void>) | undefined
  readonly limit: TimeLimit
}

const maxMs = 0x7fff_ffff

/** @param timeoutMs - that holds for the structure. @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function checkLeaseOptions(options: LeaseOptions, timeoutMs: number): CheckedLeaseOptions {
  const { renew = true, claim } = options
  const { ttlMs = leaseDefaults.ttlMs, offerTimeoutMs = leaseDefaults.offerTimeoutMs } = options
  if (typeof renew !== 'boolean') throw DDataError.argument('options.renew', renew, 'true or false')
  if (claim !== undefined && typeof claim !== 'function') {
    throw DDataError.argument('options.claim', claim, 'a function of a token')
  }
  return {
    ttlMs: whole('options.ttlMs', ttlMs, 100, maxMs),
    isRenewed: renew,
    offerTimeoutMs: whole('options.offerTimeoutMs', offerTimeoutMs, 10, maxMs),
    claim,
    limit: { timeoutMs, isStated: options.timeoutMs !== undefined },
  }
}
