// Nodes with actors in one process, over the network in memory and on virtual time.
import { ActorSystem, Behaviors, type ActorRef, type Behavior, type Instrument } from '@casty/actor'
import { ManualClock, seededRandom } from '@casty/clock'
import { Cluster, NodeAddress, type ClusterConfig } from '@casty/membership'
import { Remoting, type RemoteEvent, type RemotingLimits, type Serializer } from '@casty/remote'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import { outcome, passUntil } from '../../../tooling/virtual-time/index.ts'

const port = 1

export interface NodeOptions {
  readonly serializer?: Serializer
  readonly limits?: RemotingLimits
  readonly cluster?: Partial<ClusterConfig>
  readonly instrumentOf?: (host: string) => Instrument
}

/** One process: its node of the cluster, its actors, and what makes them reachable. */
export interface TestNode {
  readonly host: string
  readonly address: NodeAddress
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly events: RemoteEvent[]
  /** Dead letters, as `reason path: message`. */
  readonly lost: string[]
}

export class RemoteWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #random = seededRandom(1)
  readonly #nodes = new Map<string, TestNode>()
  readonly #everStarted: TestNode[] = []

  constructor() {
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(2),
      latencyMs: 1,
    })
  }

  /** Nodes that are all up, and see each other. */
  static async of(hosts: string, options: NodeOptions = {}): Promise<RemoteWorld> {
    const world = new RemoteWorld()
    for (const host of hosts.split(' ')) await world.start(host, options)
    await world.until(() =>
      world.nodes.every(({ cluster }) => upIn(cluster) === world.nodes.length),
    )
    return world
  }

  async start(host: string, options: NodeOptions = {}): Promise<TestNode> {
    const { clock } = this
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
    const instrument = options.instrumentOf?.(host)
    const system = new ActorSystem({ clock, random, ...(instrument && { instrument }) })
    const lost: string[] = []
    system.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      const { reason, path, message } = event.deadLetter
      lost.push(`${reason} ${path}: ${JSON.stringify(message)}`)
    })
    const { serializer, limits } = options
    const remoting = Remoting.attach({
      system,
      cluster,
      random,
      ...(serializer && { serializer }),
      ...(limits && { limits }),
    })
    const events: RemoteEvent[] = []
    remoting.subscribe((event) => events.push(event))
    const address = NodeAddress.of(host, port)
    const node: TestNode = { host, address, cluster, system, remoting, events, lost }
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  get nodes(): readonly TestNode[] {
    return [...this.#nodes.values()]
  }

  node(host: string): TestNode {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  /** The ref that one node has to an actor of another. */
  ref<M>(from: string, to: string, path: string): ActorRef<M> {
    return this.node(from).remoting.ref(this.node(to).cluster.self, path)
  }

  async kill(host: string): Promise<void> {
    const { address, cluster } = this.node(host)
    this.network.kill(address)
    this.#nodes.delete(host)
    await cluster.shutdown()
  }

  /** Lets frames arrive, and what follows from them. */
  async settle(): Promise<void> {
    await this.clock.advanceAsync(50)
  }

  async until(holds: () => boolean, limitMs = 60_000): Promise<number> {
    return await passUntil(this.clock, holds, limitMs)
  }

  /** Lets time pass until the promise settles; its outcome is the call's. */
  async settled<T>(promise: Promise<T>, limitMs = 10_000): Promise<T> {
    return await outcome(promise, (holds) => this.until(holds, limitMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { remoting, cluster, system } of this.#everStarted) {
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

export interface Question {
  readonly about: unknown
  readonly replyTo: ActorRef<unknown>
}

/** Answers each question with what it is about. */
export const echoing: Behavior<Question> = Behaviors.receive(({ about, replyTo }) => {
  if (about === 'fail') throw new Error('no')
  if (about === 'stop') return Behaviors.stopped
  if (about !== 'nothing') replyTo.tell(about)
  return Behaviors.same
})

/** Writes every message down. */
export function writing(log: unknown[]): Behavior<unknown> {
  return Behaviors.receive((message) => void log.push(message))
}
