import type { DowningContext, DowningProvider } from '@casty/membership'
import { SbrError } from '../errors.ts'
import type { Lease } from '../lease.ts'
import { doubtsAbout } from './doubts.ts'
import {
  checkResolverOptions,
  downRemovalMarginMs,
  resolverAgreement,
  type ResolverOptions,
  type ResolverSettings,
} from './settings.ts'
import { SbrRuntime } from './sbr-runtime.ts'

/**
 * Whose a lease object is, in which resolver it may be: a note on the object itself, which knows nothing
 * of nodes. With it, two nodes of one process cannot both take one grant for theirs.
 */
const keepers = new WeakMap<Lease, SbrRuntime>()

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
  readonly #doubts: readonly string[]

  /** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
  constructor(options: ResolverOptions = {}) {
    this.#settings = checkResolverOptions(options)
    this.#onRuling = options.onRuling
    this.#doubts = doubtsAbout(options)
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
    const former = lease && keepers.get(lease.lease)
    if (lease && former?.isStopped === false) {
      throw SbrError.leaseInUse(lease.lease.name, context.self.key)
    }
    const runtime = new SbrRuntime(this.#settings, context, this.#onRuling, former)
    if (lease) keepers.set(lease.lease, runtime)
    for (const doubt of this.#doubts) context.logger.warn({ agreement: this.agreement }, doubt)
    return runtime
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
