import type { DowningContext, DowningProvider } from '@casty/membership'
import { SbrError } from '../errors.ts'
import {
  checkResolverOptions,
  downRemovalMarginMs,
  resolverAgreement,
  type ResolverOptions,
  type ResolverSettings,
} from './settings.ts'
import { SbrRuntime } from './sbr-runtime.ts'

/**
 * Downs members that stay unreachable, by a strategy: hand it to `Cluster.start` as `downing`. Several
 * nodes of one process may share it, unless its strategy holds a lease, which belongs to one.
 */
export class SplitBrainResolver implements DowningProvider {
  readonly agreement: string
  /** See {@link downRemovalMarginMs}. */
  readonly downRemovalMarginMs: number
  readonly #settings: ResolverSettings
  readonly #onRuling: ResolverOptions['onRuling']
  #last: SbrRuntime | undefined

  /** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
  constructor(options: ResolverOptions = {}) {
    this.#settings = checkResolverOptions(options)
    this.#onRuling = options.onRuling
    this.agreement = resolverAgreement(this.#settings)
    this.downRemovalMarginMs = downRemovalMarginMs(options)
  }

  /**
   * Called by the node that it is handed to.
   *
   * @throws SbrError `CASTY_SBR_LEASE_IN_USE` while another node of the process has the lease
   */
  start(context: DowningContext): SbrRuntime {
    const { lease } = this.#settings.strategy
    if (lease && this.#last?.isStopped === false) {
      throw SbrError.leaseInUse(lease.lease.name, context.self.key)
    }
    this.#last = new SbrRuntime(this.#settings, context, this.#onRuling, lease && this.#last)
    return this.#last
  }
}

/**
 * Split-brain resolution by `keepMajority()`, unless another strategy is given.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @example
 * const cluster = await Cluster.start({ transport: tcpTransport(), downing: splitBrainResolver() })
 */
export function splitBrainResolver(options: ResolverOptions = {}): SplitBrainResolver {
  return new SplitBrainResolver(options)
}
