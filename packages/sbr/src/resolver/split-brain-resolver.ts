import type { DowningContext, DowningProvider } from '@casty/membership'
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

  /** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
  constructor(options: ResolverOptions = {}) {
    this.#settings = checkResolverOptions(options)
    this.#onRuling = options.onRuling
    this.agreement = resolverAgreement(this.#settings)
    this.downRemovalMarginMs = downRemovalMarginMs(options)
  }

  start(context: DowningContext): SbrRuntime {
    return new SbrRuntime(this.#settings, context, this.#onRuling)
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
