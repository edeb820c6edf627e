// A cluster that hosts structures, and processes outside of it that use them: all on virtual time.
import { ActorSystem, Behaviors, type ActorRef } from '@casty/actor'
import { ManualClock, seededRandom, type Random } from '@casty/clock'
import { Distributed, type Copies, type DistributedOptions } from '@casty/ddata'
import { Cluster, NodeAddress } from '@casty/membership'
import { inMemoryJournal, type EventJournal } from '@casty/persistence'
import { ClientAccess, ClusterClient, Remoting } from '@casty/remote'
import { Sharding, ShardingClient, type EntityRegion } from '@casty/sharding'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import { ProcessClock } from './process-clock.ts'

const port = 1
const numShards = 8
const contactPoints = ['h1:1', 'h2:1', 'h3:1']

/** What a case says of how structures are kept. */
export interface Keeping {
  readonly isJournaled: boolean
  readonly replication: unknown
}

/** A member that hosts structures. */
interface Host {
  readonly name: string
  readonly address: NodeAddress
  readonly clock: ProcessClock
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly access: ClientAccess
  readonly distributed: Distributed
}

/** A process that uses structures, and hosts none. */
export interface Process {
  readonly name: string
  readonly clock: ProcessClock
  readonly system: ActorSystem
  readonly client: ClusterClient
  readonly sharding: ShardingClient
  readonly distributed: Distributed
  readonly replies: Replies
}

/** What becomes of the answers to a process. */
export interface Replies {
  /** `drop-next`: the next one is lost; `hold`: all are, until the process asks again. */
  mode: 'pass' | 'drop-next' | 'hold'
}

export class StructuresWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #journal: EventJournal | undefined
  readonly #replication: Copies | undefined
  readonly #random: Random
  readonly #hosts = new Map<string, Host>()
  readonly #processes = new Map<string, Process>()
  readonly #gone: (Host | Process)[] = []
  readonly #hostCount: number
  /** The part that was told something last. */
  #lastPart: string | undefined

  private constructor(hostCount: number, { isJournaled, replication }: Keeping) {
    this.#hostCount = hostCount
    this.#journal = isJournaled ? inMemoryJournal({ clock: this.clock }) : undefined
    // With a journal that all reach there are no copies. What is wrong is refused by who is given it.
    this.#replication = isJournaled ? undefined : (replication as Copies | undefined)
    this.#random = seededRandom(1)
    this.network = createMemoryNetwork({ clock: this.clock, random: seededRandom(2), latencyMs: 0 })
  }

  static async of(hostCount: number, keeping: Keeping): Promise<StructuresWorld> {
    const world = new StructuresWorld(hostCount, keeping)
    for (let index = 1; index <= hostCount; index++) await world.startHost(`h${index}`)
    await world.ready()
    return world
  }

  get #options(): DistributedOptions {
    const [journal, replication] = [this.#journal, this.#replication]
    return { numShards, ...(journal && { journal }), ...(replication && { replication }) }
  }

  #seeded(): Random {
    return seededRandom(this.#random() * 0x1_0000_0000)
  }

  async startHost(name: string): Promise<void> {
    const clock = new ProcessClock(this.clock)
    const random = this.#seeded()
    const cluster = await Cluster.start({
      transport: this.network.transport({ host: name }),
      host: name,
      port,
      insecure: true,
      seedNodes: contactPoints,
      clock,
      random,
    })
    const system = new ActorSystem({ clock, random })
    const remoting = Remoting.attach({ system, cluster, random })
    const access = new ClientAccess(remoting)
    const sharding = Sharding.attach({ system, cluster, remoting })
    const distributed = new Distributed({ system, sharding }, { ...this.#options, random })
    const address = NodeAddress.of(name, port)
    const host = { name, address, clock, cluster, system, remoting, access, sharding, distributed }
    this.#hosts.set(name, host)
  }

  /** All members see each other, and all shards have an owner. */
  async ready(): Promise<void> {
    const count = this.#hosts.size
    const owned = (): number =>
      [...this.#hosts.values()].reduce(
        (sum, { sharding }) => sum + (sharding.explain().regions[0]?.shards ?? 0),
        0,
      )
    await this.until(
      () =>
        owned() === numShards &&
        [...this.#hosts.values()].every(
          ({ cluster }) =>
            cluster.getState().members.filter(({ status }) => status === 'up').length === count,
        ),
    )
  }

  async startProcess(name: string): Promise<Process> {
    const clock = new ProcessClock(this.clock)
    const random = this.#seeded()
    const system = new ActorSystem({ clock, random })
    const transport = this.network.transport({ host: `p-${name}` })
    const connecting = ClusterClient.connect({
      system,
      transport,
      contactPoints,
      random,
      listen: { host: `p-${name}`, port, insecure: true },
      // Nothing is ever late here: who is silent for that long is gone.
      heartbeatIntervalMs: 100,
      contactTimeoutMs: 300,
    })
    const client = await this.settled(connecting)
    const sharding = ShardingClient.attach({ client })
    const replies: Replies = { mode: 'pass' }
    const watched = this.#watched(system, sharding, replies)
    const distributed = new Distributed({ system, sharding: watched }, { ...this.#options, random })
    const process = { name, clock, system, client, sharding, distributed, replies }
    this.#processes.set(name, process)
    return process
  }

  /** The same, with somebody in between who can lose answers. */
  #watched(system: ActorSystem, sharding: ShardingClient, replies: Replies): ShardingClient {
    const told = (part: string): void => void (this.#lastPart = part)
    const startProxy = <M>(type: Parameters<ShardingClient['startProxy']>[0]): EntityRegion<M> => {
      const region = sharding.startProxy<M>(type)
      const tellEach = region.tellEach.bind(region)
      const filters = new Map<unknown, ActorRef<unknown>>()
      region.tellEach = (replyTo, requests) => {
        for (const [part] of requests) told(part)
        let filter = filters.get(replyTo)
        if (!filter) {
          // Requests have whom to answer in common, and nothing else is told to parts.
          filter = system.spawn(filterTo(replyTo as ActorRef<unknown>, replies))
          filters.set(replyTo, filter)
        }
        tellEach(filter as typeof replyTo, requests)
      }
      return region
    }
    return Object.assign(Object.create(sharding) as ShardingClient, { startProxy })
  }

  process(name: string): Process {
    const process = this.#processes.get(name)
    if (!process) throw new Error(`there is no process ${name}`)
    return process
  }

  hasProcess(name: string): boolean {
    return this.#processes.has(name)
  }

  /** The host that runs what was used last. */
  hostInUse(): string {
    const part = this.#lastPart
    for (const { name, sharding } of this.#hosts.values()) {
      const region = sharding.startProxy({ name: 'casty:ddata', numShards })
      const { stage } = region.explain(part === undefined ? 0 : region.shardOf(part))
      if (stage === 'running') return name
    }
    throw new Error('nobody runs what was used last')
  }

  killHost(name: string): void {
    const host = this.#host(name)
    this.#hosts.delete(name)
    host.clock.kill()
    this.network.kill(host.address)
    this.#gone.push(host)
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name)
    if (!host) throw new Error(`there is no host ${name}`)
    return host
  }

  hosts(): readonly string[] {
    return [...this.#hosts.keys()]
  }

  async restartAll(): Promise<void> {
    for (const name of this.hosts()) this.killHost(name)
    await this.settle(100)
    for (let index = 1; index <= this.#hostCount; index++) await this.startHost(`h${index}`)
    await this.ready()
  }

  async leave(name: string): Promise<void> {
    const host = this.#host(name)
    await this.settled(host.cluster.leave(), 60_000)
    this.#hosts.delete(name)
    this.#gone.push(host)
  }

  pauseHost(name: string): void {
    const { clock, address } = this.#host(name)
    clock.pause()
    this.network.pause(address)
  }

  resumeHost(name: string): void {
    const { clock, address } = this.#host(name)
    clock.resume()
    this.network.resume(address)
  }

  kill(name: string): void {
    const process = this.process(name)
    process.clock.kill()
    this.network.kill(process.client.self.address)
    this.#processes.delete(name)
    this.#gone.push(process)
  }

  pause(name: string): void {
    const { clock, client } = this.process(name)
    clock.pause()
    this.network.pause(client.self.address)
  }

  resume(name: string): void {
    const { clock, client } = this.process(name)
    clock.resume()
    this.network.resume(client.self.address)
  }

  isolate(name: string): void {
    this.network.partition([this.process(name).client.self.address], this.#addresses(name))
  }

  heal(): void {
    this.network.heal()
  }

  #addresses(except: string): readonly NodeAddress[] {
    return [
      ...[...this.#hosts.values()].map(({ address }) => address),
      ...[...this.#processes.values()]
        .filter(({ name }) => name !== except)
        .map(({ client }) => client.self.address),
    ]
  }

  /** @param groups - names of hosts and processes */
  partition(groups: readonly (readonly string[])[]): void {
    const [left = [], right = []] = groups
    this.network.partition(
      left.map((name) => this.#addressOf(name)),
      right.map((name) => this.#addressOf(name)),
    )
  }

  #addressOf(name: string): NodeAddress {
    return this.#hosts.get(name)?.address ?? this.process(name).client.self.address
  }

  /** Lets all happen that takes no time. */
  async still(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.clock.advanceAsync(0)
  }

  async settle(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
    await this.still()
  }

  async until(holds: () => boolean, limitMs = 60_000): Promise<void> {
    const start = this.clock.now()
    await this.still()
    while (!holds()) {
      if (this.clock.now() - start >= limitMs)
        throw new Error(`it did not come about in ${limitMs} ms`)
      await this.clock.advanceAsync(5)
    }
  }

  /** Lets no more time pass than it takes. Where it does not settle in time, that is a failure. */
  async settled<T>(promise: Promise<T>, limitMs = 30_000): Promise<T> {
    let isSettled = false
    const note = (): void => void (isSettled = true)
    promise.then(note, note)
    await this.until(() => isSettled, limitMs)
    return await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.network.heal()
    for (const one of [...this.#processes.values(), ...this.#hosts.values(), ...this.#gone]) {
      one.clock.kill()
      one.sharding[Symbol.dispose]()
      if ('remoting' in one) one.remoting[Symbol.dispose]()
    }
    this.#processes.clear()
    this.#hosts.clear()
  }
}

function filterTo(replyTo: ActorRef<unknown>, replies: Replies) {
  return Behaviors.receiveMessage<unknown>((reply) => {
    if (replies.mode === 'hold') return
    if (replies.mode === 'drop-next') replies.mode = 'pass'
    else replyTo.tell(reply)
  })
}
