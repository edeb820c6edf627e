// Nodes with replicators in one process, over the network in memory and on virtual time.
import { ManualClock, seededRandom } from '@casty/clock'
import {
  Cluster,
  ClusterEndpoint,
  NodeAddress,
  type ClusterConfig,
  type NodeIdentity,
} from '@casty/membership'
import { createMemoryNetwork, Endpoint, type MemoryNetwork } from '@casty/transport'
import {
  ClientReplicator,
  Replicator,
  type ClientReplicatorSettings,
  type ClientsOptions,
  type ReplicatingClient,
  type ReplicatorSettings,
} from '../src/index.ts'

const port = 1

export interface WorldNode {
  readonly host: string
  readonly cluster: Cluster
  readonly replicator: Replicator
}

/** A process that is no member: it talks to whom the test says. */
export class WorldClient implements ReplicatingClient, AsyncDisposable {
  readonly replicator: ClientReplicator
  readonly cluster: { readonly endpoint: ClusterEndpoint }
  readonly #endpoint: Endpoint
  readonly #listeners = new Set<(event: { readonly type: string }) => void>()
  #contact: NodeIdentity | undefined

  constructor(endpoint: Endpoint, world: ReplicatorWorld, settings: ClientReplicatorSettings) {
    this.#endpoint = endpoint
    this.cluster = { endpoint: new ClusterEndpoint(endpoint) }
    this.replicator = ClientReplicator.attach({ client: this, clock: world.clock, ...settings })
  }

  get self(): NodeIdentity {
    return this.cluster.endpoint.self
  }

  get contact(): NodeIdentity | undefined {
    return this.#contact
  }

  /** Its contact from now on; none, where it is undefined. */
  turnTo(contact: NodeIdentity | undefined): void {
    this.#contact = contact
    for (const listener of this.#listeners) listener({ type: 'contact-changed' })
  }

  subscribe(listener: (event: { readonly type: string }) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.replicator[Symbol.dispose]()
    await this.#endpoint[Symbol.asyncDispose]()
  }
}

export class ReplicatorWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #settings: ReplicatorSettings & { readonly clients?: ClientsOptions }
  readonly #config: Partial<ClusterConfig>
  readonly #random = seededRandom(1)
  readonly #nodes = new Map<string, WorldNode>()
  readonly #everStarted: WorldNode[] = []
  readonly #clients: WorldClient[] = []

  private constructor(
    settings: ReplicatorSettings & { readonly clients?: ClientsOptions },
    config: Partial<ClusterConfig>,
  ) {
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
    settings: ReplicatorSettings & { readonly clients?: ClientsOptions } = {},
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

  /** A process that is no member, and talks to nobody yet. */
  async client(host: string, settings: ClientReplicatorSettings = {}): Promise<WorldClient> {
    const endpoint = await Endpoint.start({
      transport: this.network.transport({ host }),
      clock: this.clock,
      random: seededRandom(this.#random() * 0x1_0000_0000),
      address: NodeAddress.of(host, port),
      incarnation: 1,
      clusterName: 'casty',
      trust: 'client',
      remembersPeers: false,
      insecure: true,
    })
    const client = new WorldClient(endpoint, this, settings)
    this.#clients.push(client)
    return client
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
    for (const client of this.#clients) await client[Symbol.asyncDispose]()
    for (const { replicator } of this.#everStarted) replicator[Symbol.dispose]()
    for (const { cluster } of this.#everStarted) await cluster[Symbol.asyncDispose]()
  }
}
