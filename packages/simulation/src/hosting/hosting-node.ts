// What every node has that hosts shards, from its actors to its regions.
import { ActorSystem } from '@casty/actor'
import type { Cluster, Logger } from '@casty/membership'
import { ClientAccess, Remoting } from '@casty/remote'
import { Sharding, type ShardingOptions } from '@casty/sharding'
import { closed } from '../membership/production-node.ts'
import type { Surroundings } from '../world/simulated-process.ts'
import type { StartedNode } from './start-node.ts'

export class HostingNode<P> {
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly #started: StartedNode<P>
  readonly #surroundings: Surroundings

  constructor(
    started: StartedNode<P>,
    surroundings: Surroundings,
    {
      logger,
      leaseMs,
      limits = {},
    }: { readonly logger: Logger; readonly leaseMs: number } & Pick<ShardingOptions, 'limits'>,
  ) {
    const { clock, random } = surroundings
    const { cluster, marginMs } = started
    this.#started = started
    this.#surroundings = surroundings
    this.system = new ActorSystem({ clock, random, logger, stopTimeoutMs: 2_000 })
    const { system } = this
    this.remoting = Remoting.attach({ system, cluster, random })
    this.sharding = Sharding.attach({
      system,
      cluster,
      remoting: this.remoting,
      leaseMs,
      downRemovalMarginMs: marginMs + leaseMs,
      limits,
    })
    new ClientAccess(this.remoting)
  }

  get cluster(): Cluster {
    return this.#started.cluster
  }

  /** Ends as a program does whose cluster goes on without it. */
  async end(reason: string): Promise<void> {
    this.sharding[Symbol.dispose]()
    await closed(this.cluster)
    this.remoting[Symbol.dispose]()
    await this.system.shutdown().catch(() => {}) // An actor that waits for the journal is left behind.
    await this.#started.disk?.[Symbol.asyncDispose]()
    this.#surroundings.exit(reason)
  }
}
