// Nodes with replicators in one process, over the network in memory and on virtual time.
import { ManualClock, seededRandom } from '@casty/clock'
import { Cluster, NodeAddress, type ClusterConfig } from '@casty/membership'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import { Replicator, type ReplicatorSettings } from '../src/index.ts'

const port = 1

export interface WorldNode {
  readonly host: string
  readonly cluster: Cluster
  readonly replicator: Replicator
}

export class ReplicatorWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #settings: ReplicatorSettings
  readonly #config: Partial<ClusterConfig>
  readonly #random = seededRandom(1)
  readonly #nodes = new Map<string, WorldNode>()
  readonly #everStarted: WorldNode[] = []

  private constructor(settings: ReplicatorSettings, config: Partial<ClusterConfig>) {
    this.#settings = settings
    this.#config = config
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(2),
      latencyMs: 1,
    })
  }

  /** Nodes that are all up, and know each other. */
  static async of(
    hosts: string,
    settings: ReplicatorSettings = {},
    config: Partial<ClusterConfig> = {},
  ): Promise<ReplicatorWorld> {
    const world = new ReplicatorWorld(settings, config)
    for (const host of hosts.split(' ')) await world.start(host)
    await world.allUp()
    return world
  }

  async start(host: string): Promise<WorldNode> {
    const random = seededRandom(this.#random() * 0x1_0000_0000)
    const { clock } = this
    const cluster = await Cluster.start({
      transport: this.network.transport({ host }),
      host,
      port,
      insecure: true,
      seedNodes: [`a:${port}`],
      clock,
      random,
      ...this.#config,
    })
    const replicator = Replicator.attach({ cluster, clock, random, ...this.#settings })
    const node = { host, cluster, replicator }
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  async allUp(): Promise<void> {
    const count = this.#nodes.size
    await this.until(() =>
      [...this.#nodes.values()].every(
        ({ cluster, replicator }) =>
          cluster.getState().members.filter(({ status }) => status === 'up').length === count &&
          replicator.explain().nodes.length === count - 1,
      ),
    )
  }

  at(host: string): Replicator {
    return this.#node(host).replicator
  }

  cluster(host: string): Cluster {
    return this.#node(host).cluster
  }

  #node(host: string): WorldNode {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  /** The process is gone, and the others agree that it is down. */
  async killAndDown(host: string): Promise<void> {
    const { cluster } = this.#node(host)
    const { key } = cluster.self
    this.network.kill(NodeAddress.of(host, port))
    this.#nodes.delete(host)
    const [survivor] = this.#nodes.values()
    survivor?.cluster.down(cluster.self)
    await this.until(() =>
      [...this.#nodes.values()].every(
        (node) => !node.cluster.getState().members.some((member) => member.key === key),
      ),
    )
  }

  /** Cuts these hosts off from all others, until the result is disposed of. */
  cut(...hosts: readonly string[]): Disposable {
    const others = [...this.#nodes.keys()].filter((host) => !hosts.includes(host))
    const addresses = (names: readonly string[]): readonly NodeAddress[] =>
      names.map((host) => NodeAddress.of(host, port))
    this.network.partition(addresses(hosts), addresses(others))
    return { [Symbol.dispose]: () => this.network.heal() }
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  /** How long it took. */
  async until(holds: () => boolean, withinMs = 60_000): Promise<number> {
    const startMs = this.clock.now()
    await this.advance(0)
    while (!holds()) {
      if (this.clock.now() - startMs > withinMs) throw new Error(`Not within ${withinMs} ms`)
      await this.advance(5)
    }
    return this.clock.now() - startMs
  }

  /** What a call comes to, while time passes. */
  async awaited<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const note = (): void => void (isSettled = true)
    promise.then(note, note)
    await this.until(() => isSettled)
    return await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { replicator } of this.#everStarted) replicator[Symbol.dispose]()
    for (const { cluster } of this.#everStarted) await cluster[Symbol.asyncDispose]()
  }
}
