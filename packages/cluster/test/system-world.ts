// Nodes with everything in one process, over the network in memory and on virtual time.
import { ManualClock, seededRandom, type Random } from '@casty/clock'
import { ClusteredActorSystem, type ClusteredActorSystemOptions } from '@casty/cluster'
import { NodeAddress } from '@casty/membership'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'

const port = 1

export class SystemWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #random: Random
  readonly #nodes = new Map<string, ClusteredActorSystem>()
  readonly #everStarted: ClusteredActorSystem[] = []

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(seed + 0x5eed),
      latencyMs: 1,
    })
  }

  /** Nodes that are all up, and see each other. */
  static async of(
    hosts: string,
    options: Partial<ClusteredActorSystemOptions> = {},
  ): Promise<SystemWorld> {
    const world = new SystemWorld()
    for (const host of hosts.split(' ')) await world.start(host, options)
    await world.until(() => world.nodes.every((node) => upOn(node) === world.nodes.length))
    return world
  }

  optionsFor(host: string): ClusteredActorSystemOptions {
    return {
      transport: this.network.transport({ host }),
      host,
      port,
      insecure: true,
      nodeId: host,
      seedNodes: [`a:${port}`],
      clock: this.clock,
      random: seededRandom(this.#random() * 0x1_0000_0000),
    }
  }

  async start(
    host: string,
    options: Partial<ClusteredActorSystemOptions> = {},
  ): Promise<ClusteredActorSystem> {
    return this.add(
      host,
      await this.settled(
        ClusteredActorSystem.start({ ...this.optionsFor(host), ...options }),
        120_000,
      ),
    )
  }

  add(host: string, node: ClusteredActorSystem): ClusteredActorSystem {
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  get nodes(): readonly ClusteredActorSystem[] {
    return [...this.#nodes.values()]
  }

  node(host: string): ClusteredActorSystem {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  /** The process is gone, and tells nobody. */
  async kill(host: string): Promise<void> {
    const node = this.node(host)
    this.network.kill(NodeAddress.of(host, port))
    this.#nodes.delete(host)
    await this.settled(node.cluster.shutdown())
  }

  /** Leaves in good order. */
  async shutdown(host: string): Promise<void> {
    const node = this.node(host)
    this.#nodes.delete(host)
    await this.settled(node.shutdown(), 60_000)
  }

  async settle(ms = 50): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  async until(holds: () => boolean, limitMs = 60_000): Promise<number> {
    const start = this.clock.now()
    await this.clock.advanceAsync(0)
    while (!holds()) {
      if (this.clock.now() - start >= limitMs) throw new Error(`Not within ${limitMs} ms\n${this}`)
      await this.clock.advanceAsync(5)
    }
    return this.clock.now() - start
  }

  /** Lets time pass until the promise settles; its outcome is the call's. */
  async settled<T>(promise: Promise<T>, limitMs = 30_000): Promise<T> {
    let isSettled = false
    const note = (): void => void (isSettled = true)
    promise.then(note, note)
    await this.until(() => isSettled, limitMs)
    return await promise
  }

  toString(): string {
    return this.nodes.map((node) => `${node.selfNode}: ${node.explain().summary}`).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = this.#everStarted.map(async (node) => {
      await node.cluster.shutdown() // Nobody is to wait for the others, who end as well.
      await node.shutdown()
    })
    await this.settled(Promise.all(ends), 120_000)
  }
}

function upOn(node: ClusteredActorSystem): number {
  return node.getClusterState().members.filter(({ status }) => status === 'up').length
}
