// Nodes with all of sharding in one process, over the network in memory and on virtual time.
import { ActorSystem, type Logger } from '@casty/actor'
import { ManualClock, seededRandom, type Clock, type Random } from '@casty/clock'
import { Cluster, NodeAddress, type ClusterConfig } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { Sharding, type EntityRegion, type EntityType, type ShardingOptions } from '@casty/sharding'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import { outcome, passUntil } from '../../../tooling/virtual-time/index.ts'

const port = 1

export interface NodeOptions {
  readonly cluster?: Partial<ClusterConfig>
  readonly sharding?: Partial<ShardingOptions>
  readonly logger?: Logger
  /** Its wall clock is wrong by so much, in milliseconds. */
  readonly wallBehindMs?: number
}

export interface ShardingNode {
  readonly host: string
  readonly address: NodeAddress
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  /** Dead letters, as `reason path: message`. */
  readonly lost: string[]
}

export class ShardingWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #random: Random
  readonly #nodes = new Map<string, ShardingNode>()
  readonly #everStarted: ShardingNode[] = []

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(seed + 0x5eed),
      latencyMs: 1,
    })
  }

  /** Nodes that are all up, and see each other. */
  static async of(hosts: string, options: NodeOptions = {}, seed = 1): Promise<ShardingWorld> {
    const world = new ShardingWorld(seed)
    for (const host of hosts.split(' ')) await world.start(host, options)
    await world.until(() =>
      world.nodes.every(({ cluster }) => upIn(cluster) === world.nodes.length),
    )
    return world
  }

  async start(host: string, options: NodeOptions = {}): Promise<ShardingNode> {
    const clock = this.#clockOf(options)
    const random = seededRandom(this.#random() * 0x1_0000_0000)
    const cluster = await Cluster.start({
      transport: this.network.transport({ host }),
      host,
      port,
      insecure: true,
      seedNodes: [`a:${port}`],
      clock,
      random,
      ...options.cluster,
    })
    const system = new ActorSystem({
      clock,
      random,
      ...(options.logger && { logger: options.logger }),
    })
    const lost: string[] = []
    system.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      const { reason, path, message } = event.deadLetter
      lost.push(`${reason} ${path}: ${JSON.stringify(message)}`)
    })
    const remoting = Remoting.attach({ system, cluster, random })
    const sharding = Sharding.attach({ system, cluster, remoting, ...options.sharding })
    const address = NodeAddress.of(host, port)
    const node: ShardingNode = { host, address, cluster, system, remoting, sharding, lost }
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  #clockOf({ wallBehindMs = 0 }: NodeOptions): Clock {
    const { clock } = this
    return {
      now: () => clock.now(),
      wallNow: () => clock.wallNow() - wallBehindMs,
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
    }
  }

  get nodes(): readonly ShardingNode[] {
    return [...this.#nodes.values()]
  }

  /** Every process there ever was. */
  get everStarted(): readonly ShardingNode[] {
    return this.#everStarted
  }

  node(host: string): ShardingNode {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  /** Starts the same type on all nodes. */
  startType<M>(type: EntityType<M>): ReadonlyMap<string, EntityRegion<M>> {
    return new Map(this.nodes.map(({ host, sharding }) => [host, sharding.start(type)]))
  }

  async kill(host: string): Promise<void> {
    const { address, cluster, sharding, remoting } = this.node(host)
    this.network.kill(address)
    this.#nodes.delete(host)
    sharding[Symbol.dispose]()
    remoting[Symbol.dispose]()
    await cluster.shutdown()
  }

  /** Leaves, and is gone. */
  async leave(host: string): Promise<string> {
    const { cluster } = this.node(host)
    const outcome = await this.settled(cluster.leave(), 60_000)
    this.#nodes.delete(host)
    return outcome
  }

  async settle(ms = 50): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  async until(holds: () => boolean, limitMs = 60_000): Promise<number> {
    return await passUntil(this.clock, holds, limitMs, () => this.toString())
  }

  /** Lets time pass until the promise settles; its outcome is the call's. */
  async settled<T>(promise: Promise<T>, limitMs = 30_000): Promise<T> {
    return await outcome(promise, (holds) => this.until(holds, limitMs))
  }

  toString(): string {
    return this.nodes
      .map(({ host, sharding, cluster }) =>
        [host, cluster.getState().toString(), JSON.stringify(sharding.explain())].join('\n  '),
      )
      .join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { sharding, remoting, cluster, system } of this.#everStarted) {
      sharding[Symbol.dispose]()
      remoting[Symbol.dispose]()
      const stopped = system.shutdown()
      await this.clock.advanceAsync(0)
      await stopped
      await cluster[Symbol.asyncDispose]()
    }
  }
}

function upIn(cluster: Cluster): number {
  return cluster.getState().members.filter(({ status }) => status === 'up').length
}
