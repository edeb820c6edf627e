// Nodes that share structures, in one process and on virtual time.
import { ActorSystem } from '@casty/actor'
import { ManualClock, seededRandom, type Clock, type Random } from '@casty/clock'
import { Distributed, type DistributedOptions } from '@casty/ddata'
import { Cluster, NodeAddress } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { Sharding, type EntityRegion } from '@casty/sharding'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import { outcome, passUntil } from '../../../tooling/virtual-time/index.ts'

const port = 1

/** Alike for all nodes, or for each its own. */
type WorldOptions = DistributedOptions | ((host: string) => DistributedOptions)

export interface DataNode {
  readonly host: string
  readonly address: NodeAddress
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  /** The users of structures that live on it. */
  readonly users: Distributed[]
}

/** One that runs so many times as fast as another one. */
function clockAt(rate: number, base: Clock): Clock {
  return {
    now: () => base.now() * rate,
    wallNow: () => base.wallNow(),
    schedule: (delayMs, callback) => base.schedule(delayMs / rate, callback),
  }
}

export class DataWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  /** What was logged as such, behind the host. */
  readonly errors: string[] = []
  readonly #random: Random
  readonly #options: WorldOptions
  readonly #nodes = new Map<string, DataNode>()
  readonly #everStarted: DataNode[] = []

  constructor(options: WorldOptions = {}, seed = 1) {
    this.#options = options
    this.#random = seededRandom(seed)
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(seed + 0x5eed),
      latencyMs: 1,
    })
  }

  /** Nodes that are all up, and see each other. */
  static async of(hosts: string, options: WorldOptions = {}, seed = 1): Promise<DataWorld> {
    const world = new DataWorld(options, seed)
    for (const host of hosts.split(' ')) await world.start(host)
    await world.until(() =>
      world.nodes.every(({ cluster }) => upIn(cluster) === world.nodes.length),
    )
    return world
  }

  /** @param rate - of its clock */
  async start(host: string, rate = 1): Promise<DataNode> {
    const clock = rate === 1 ? this.clock : clockAt(rate, this.clock)
    const random = seededRandom(this.#random() * 0x1_0000_0000)
    const cluster = await Cluster.start({
      transport: this.network.transport({ host }),
      host,
      port,
      insecure: true,
      seedNodes: [`a:${port}`],
      clock,
      random,
    })
    const logger = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (details: object, message: string) => {
        this.errors.push(`${host}: ${message}`)
        console.error(message, details)
      },
    }
    const system = new ActorSystem({ clock, random, logger })
    const remoting = Remoting.attach({ system, cluster, random })
    const sharding = Sharding.attach({ system, cluster, remoting })
    const address = NodeAddress.of(host, port)
    const node: DataNode = { host, address, cluster, system, remoting, sharding, users: [] }
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    this.user(host)
    return node
  }

  get nodes(): readonly DataNode[] {
    return [...this.#nodes.values()]
  }

  node(host: string): DataNode {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  /** The first user of structures on a node. */
  on(host: string): Distributed {
    const [user] = this.node(host).users
    if (!user) throw new Error(`Nobody uses structures at ${host}`)
    return user
  }

  /** Where a node has its parts. */
  region(host: string): EntityRegion<unknown> {
    return this.node(host).sharding.startProxy<unknown>({ name: 'casty:ddata', numShards: 256 })
  }

  /** One more user of structures on a node. */
  user(host: string): Distributed {
    const { system, sharding, users } = this.node(host)
    const random = seededRandom(this.#random() * 0x1_0000_0000)
    const options = typeof this.#options === 'function' ? this.#options(host) : this.#options
    const user = new Distributed({ system, sharding }, { random, ...options })
    users.push(user)
    return user
  }

  async kill(host: string): Promise<void> {
    const { address, cluster, sharding, remoting } = this.node(host)
    this.network.kill(address)
    this.#nodes.delete(host)
    sharding[Symbol.dispose]()
    remoting[Symbol.dispose]()
    await cluster.shutdown()
  }

  async settle(ms = 50): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  async until(holds: () => boolean, limitMs = 60_000): Promise<number> {
    return await passUntil(this.clock, holds, limitMs)
  }

  /** Lets time pass until the promise settles; its outcome is the call's. */
  async settled<T>(promise: Promise<T>, limitMs = 30_000): Promise<T> {
    return await outcome(promise, (holds) => this.until(holds, limitMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { sharding, remoting, cluster, system } of this.#everStarted) {
      sharding[Symbol.dispose]()
      remoting[Symbol.dispose]()
      await this.settled(system.shutdown(), 120_000)
      await cluster[Symbol.asyncDispose]()
    }
  }
}

function upIn(cluster: Cluster): number {
  return cluster.getState().members.filter(({ status }) => status === 'up').length
}
