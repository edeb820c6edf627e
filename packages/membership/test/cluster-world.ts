// Real `Cluster` objects in one process, over the network in memory and on virtual time. One seed
// decides every draw, so that a run that failed can be repeated.
import { ManualClock, seededRandom, type Random } from '@casty/clock'
import {
  createMemoryNetwork,
  NodeAddress,
  type CutMode,
  type MemoryNetwork,
} from '@casty/transport'
import { Cluster, type ClusterConfig, type ClusterEvent } from '@casty/membership'
import { ProcessClock, type ResumeOrder } from './process-clock.ts'
import { outcome, passUntil } from '../../../tooling/virtual-time/index.ts'

/** Seeds 1 to `count`; `CASTY_SEED=1234` reruns one alone, `CASTY_RUNS=1000` looks further. */
export function seeds(count: number): readonly number[] {
  const { CASTY_SEED, CASTY_RUNS } = process.env
  if (CASTY_SEED !== undefined) return [Number(CASTY_SEED)]
  return Array.from({ length: Number(CASTY_RUNS ?? count) }, (_, index) => index + 1)
}

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly details: object
}

/** One process of the world: a life of one host. */
export interface WorldNode {
  readonly host: string
  readonly address: NodeAddress
  readonly cluster: Cluster
  readonly clock: ProcessClock
  /** Everything told to the first subscriber, from `current-state` on. */
  readonly events: readonly ClusterEvent[]
  readonly log: readonly LogEntry[]
}

export type WorldOptions = Omit<Partial<ClusterConfig>, 'host' | 'port' | 'clock' | 'random'> & {
  /** How wrong the wall clock of the process is. */
  readonly wallOffsetMs?: number
}

export const port = 1

export function addressOf(host: string): NodeAddress {
  return NodeAddress.of(host, port)
}

export class ClusterWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #random: Random
  readonly #nodes = new Map<string, WorldNode>()
  readonly #everStarted: WorldNode[] = []

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(seed + 0x5eed),
      latencyMs: 1,
    })
  }

  /** Starts a process at a host where none runs; its seed is `a` unless it is told otherwise. */
  async start(host: string, options: WorldOptions = {}): Promise<WorldNode> {
    const { wallOffsetMs = 0, ...config } = options
    const clock = new ProcessClock(this.clock)
    clock.wallOffsetMs = wallOffsetMs
    const log: LogEntry[] = []
    const note =
      (level: LogEntry['level']) =>
      (details: object, message: string): void =>
        void log.push({ level, details, message })
    const cluster = await Cluster.start({
      transport: this.network.transport({ host }),
      host,
      port,
      insecure: true,
      seedNodes: [`a:${port}`],
      clock,
      random: seededRandom(this.#random() * 0x1_0000_0000),
      logger: {
        debug: note('debug'),
        info: note('info'),
        warn: note('warn'),
        error: note('error'),
      },
      ...config,
    })
    const events: ClusterEvent[] = []
    cluster.subscribe((event) => void events.push(event))
    const node: WorldNode = { host, address: addressOf(host), cluster, clock, events, log }
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  /** Starts several in this order, and waits until every node there is sees all of them up. */
  async startAll(hosts: string, options: WorldOptions = {}): Promise<void> {
    for (const host of hosts.split(' ')) await this.start(host, options)
    await this.until(() => this.allUp(this.nodes.length), 10_000)
  }

  node(host: string): WorldNode {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  cluster(host: string): Cluster {
    return this.node(host).cluster
  }

  /** The processes that run, in the order in which their hosts were first started. */
  get nodes(): readonly WorldNode[] {
    return [...this.#nodes.values()].filter(
      ({ events }) => events.at(-1)?.type !== 'cluster-shutting-down',
    )
  }

  /** The process dies: its connections are reset, dials to it are refused. */
  async kill(host: string): Promise<void> {
    const { address, cluster } = this.node(host)
    this.network.kill(address)
    this.#nodes.delete(host)
    await cluster.shutdown()
  }

  /** The machine dies: nothing of it is heard any more, not even that it is gone. */
  async vanish(host: string): Promise<void> {
    for (const other of this.nodes) if (other.host !== host) this.cut(host, other.host)
    await this.kill(host)
  }

  /** Stops a process as SIGSTOP does. */
  pause(host: string): void {
    const { address, clock } = this.node(host)
    clock.stop()
    this.network.pause(address)
  }

  resume(host: string, order: ResumeOrder = 'timers-first'): void {
    const { address, clock } = this.node(host)
    if (order === 'timers-first') clock.goOn()
    this.network.resume(address)
    if (order === 'sockets-first') clock.goOn()
  }

  cut(from: string, to: string, options: { mode?: CutMode; oneWay?: boolean } = {}): void {
    this.network.cut(addressOf(from), addressOf(to), options)
  }

  /** Cuts every link between two groups of hosts, `'a b'` and `'c d e'`. */
  partition(left: string, right: string, options: { mode?: CutMode } = {}): void {
    this.network.partition(addresses(left), addresses(right), options)
  }

  heal(from?: string, to?: string): void {
    const [left, right] = [from, to].map((host) =>
      host === undefined ? undefined : addressOf(host),
    )
    this.network.heal(left, right)
  }

  /** Every process there ever was, in the order in which they started. */
  get everStarted(): readonly WorldNode[] {
    return this.#everStarted
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  /** Lets time pass until `holds`; returns how long it took, in milliseconds of virtual time. */
  async until(holds: () => boolean, limitMs: number): Promise<number> {
    return await passUntil(this.clock, holds, limitMs, () => this.toString())
  }

  /** Lets time pass until `promise` settles; its outcome is the call's. */
  async settled<T>(promise: Promise<T>, limitMs = 10_000): Promise<T> {
    return await outcome(promise, (holds) => this.until(holds, limitMs))
  }

  /** What a node sees: `'a.up b.down | a✗b'`, the second part being who finds whom unreachable. */
  view(host: string): string {
    const { members, reachability } = this.cluster(host).getState()
    const statuses = members.map((member) => `${member.address.host}.${member.status}`)
    const rows = [...reachability.rows].toSorted(([left], [right]) => (left < right ? -1 : 1))
    const pairs = rows.flatMap(([observer]) =>
      reachability.unreachableFrom(observer).map((key) => `${hostOf(observer)}✗${hostOf(key)}`),
    )
    return [statuses.join(' '), ...(pairs.length > 0 ? [pairs.join(' ')] : [])].join(' | ')
  }

  /** Whom a node counts as unreachable, sorted: `'c d'`. */
  unreachable(host: string): string {
    return [...this.cluster(host).getState().unreachable].map(hostOf).toSorted().join(' ')
  }

  /** Every running node sees exactly `count` members, all of them up and reachable. */
  allUp(count: number): boolean {
    const { nodes } = this
    if (nodes.length === 0) return false
    return nodes.every(({ cluster }) => {
      const { members, unreachable } = cluster.getState()
      return (
        members.length === count &&
        members.every((member) => member.status === 'up') &&
        unreachable.size === 0
      )
    })
  }

  /** Every running node holds the same state, and all know that all do. */
  get agreed(): boolean {
    const [first, ...others] = this.nodes.map(({ cluster }) => cluster.getState())
    return first !== undefined && first.isConverged && others.every((state) => state.equals(first))
  }

  /** Every running node sees this. */
  everySees(view: string): boolean {
    return this.nodes.length > 0 && this.nodes.every(({ host }) => this.view(host) === view)
  }

  toString(): string {
    return this.nodes
      .map(({ host, cluster }) => `${host}: ${this.view(host)}\n   ${cluster.explain().summary}`)
      .join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { clock } of this.nodes) clock.goOn()
    for (const { cluster } of this.#everStarted) await cluster[Symbol.asyncDispose]()
  }
}

/** `host` of `host:port#incarnation`. */
export function hostOf(key: string): string {
  return key.slice(0, key.lastIndexOf(':'))
}

function addresses(hosts: string): readonly NodeAddress[] {
  return hosts.split(' ').map(addressOf)
}
