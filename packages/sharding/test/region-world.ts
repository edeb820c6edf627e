// Nodes with regions in one process, over the network in memory and on virtual time. Who owns which shard is said by
// the test, so that regions are seen apart from the protocol by which nodes agree on that.
import { ActorSystem, type ActorRef } from '@casty/actor'
import { ManualClock, seededRandom } from '@casty/clock'
import { Cluster, NodeAddress, type NodeIdentity } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import type { EntityRegion, EntityType, ShardingLimits, TypeSettings } from '@casty/sharding'
import { checkType } from '../src/entity-type.ts'
import { LeaseGate } from '../src/lease-gate.ts'
import { Regions } from '../src/regions.ts'
import { Replication } from '../src/replication/replication.ts'
import { checkLimits } from '../src/sharding-options.ts'
import { unowned, type ShardRow } from '../src/table/shard-row.ts'
import { rowsChanged, ShardTable } from '../src/table/shard-table.ts'
import { outcome, passUntil } from '../../../tooling/virtual-time/index.ts'

const port = 1

export interface RegionNode {
  readonly host: string
  readonly address: NodeAddress
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly regions: Regions
  readonly gate: LeaseGate
  /** Dead letters, as `reason path: message`. */
  readonly lost: string[]
  /** Warnings and errors. */
  readonly log: string[]
  /** Shards that were handed over, as `type/shard@epoch`. */
  readonly released: string[]
  /** Shards that somebody wrote to under a higher epoch, as `type/shard@epoch by epoch`. */
  readonly fenced: string[]
  table: ShardTable
  /** What the node does not know of the table yet. */
  isDeaf: boolean
}

export class RegionWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #random = seededRandom(1)
  readonly #nodes = new Map<string, RegionNode>()
  readonly #everStarted: RegionNode[] = []
  readonly #limits: ShardingLimits
  #table = ShardTable.empty
  #seq = 0
  /** After how long a node learns of a change; by default one after the other. */
  lagOf: (index: number) => number = (index) => index

  private constructor(limits: ShardingLimits) {
    this.#limits = limits
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: seededRandom(2),
      latencyMs: 1,
    })
  }

  /** Nodes that are all up, and see each other. */
  static async of(hosts: string, limits: ShardingLimits = {}): Promise<RegionWorld> {
    const world = new RegionWorld(limits)
    for (const host of hosts.split(' ')) await world.start(host)
    await world.until(() =>
      world.nodes.every(({ cluster }) => upIn(cluster) === world.nodes.length),
    )
    return world
  }

  async start(host: string): Promise<RegionNode> {
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
    })
    const log: string[] = []
    const note = (_details: object, message: string): void => void log.push(message)
    const logger = { debug() {}, info() {}, warn: note, error: note }
    const system = new ActorSystem({ clock, random, logger })
    const lost: string[] = []
    system.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      const { reason, path, message } = event.deadLetter
      lost.push(`${reason} ${path}: ${JSON.stringify(message)}`)
    })
    const remoting = Remoting.attach({ system, cluster, random })
    const gate = new LeaseGate(clock)
    gate.setUntil(Infinity)
    const released: string[] = []
    const fenced: string[] = []
    const regions = new Regions({
      system,
      cluster,
      remoting,
      gate,
      settings: checkLimits(this.#limits),
      port: {
        get table() {
          return node.table
        },
        emptied: () => {},
        replicated: () => {},
        contested: () => {},
        typesChanged: () => {},
        fenced: ({ typeName, shard, epoch }, written) => {
          fenced.push(`${typeName}/${shard}@${epoch} by ${written}`)
        },
        released: (type, shard, epoch) => {
          released.push(`${type}/${shard}@${epoch}`)
          this.#released(type, shard, epoch)
        },
      },
      startReplication: (port, maxFrameBytes) => new Replication(port, maxFrameBytes),
    })
    const address = NodeAddress.of(host, port)
    const node: RegionNode = {
      host,
      address,
      cluster,
      system,
      remoting,
      regions,
      gate,
      lost,
      log,
      released,
      fenced,
      table: ShardTable.empty,
      isDeaf: false,
    }
    cluster.subscribe(() => regions.membersChanged(cluster.getState()))
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  get nodes(): readonly RegionNode[] {
    return [...this.#nodes.values()]
  }

  node(host: string): RegionNode {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`No process runs at ${host}`)
    return node
  }

  identity(host: string): NodeIdentity {
    return this.node(host).cluster.self
  }

  /** Starts the same type everywhere; the table knows it from then on. */
  startType<M>(type: EntityType<M>): ReadonlyMap<string, EntityRegion<M>> {
    const checked = checkType(type)
    const { name, numShards } = checked
    const settings = { name, numShards, replicas: 0, disks: 0 }
    const started = this.nodes.map(
      ({ host, regions }) => [host, regions.start<M>(checkType(type))] as const,
    )
    this.declare(settings)
    return new Map(started)
  }

  /** Has the table know a type. */
  declare(settings: TypeSettings, census = 0): void {
    this.#change({ type: 'type', settings, census })
  }

  /** Gives a shard to a node, under the next epoch. */
  give(type: string, shard: number, host: string | undefined): void {
    const { epoch } = this.#table.row(type, shard)
    const owner = host === undefined ? undefined : this.identity(host)
    this.set(type, shard, { ...unowned, epoch: epoch + 1, owner })
  }

  /** Gives all shards of a type, in turn. */
  giveAll(type: string, hosts: string): void {
    const owners = hosts.split(' ')
    const count = this.#table.types.get(type)?.rows.length ?? 0
    for (let shard = 0; shard < count; shard++) {
      this.give(type, shard, owners[shard % owners.length])
    }
  }

  /** Begins to move a shard; it goes on when its owner has released it. */
  move(type: string, shard: number, to: string): void {
    this.set(type, shard, { ...this.#table.row(type, shard), movingTo: this.identity(to) })
  }

  ownerOf(type: string, shard: number): string | undefined {
    return this.#table.row(type, shard).owner?.address.host
  }

  rowOf(type: string, shard: number): ShardRow {
    return this.#table.row(type, shard)
  }

  #released(type: string, shard: number, epoch: number): void {
    // As a coordinator that has to ask others first.
    this.clock.schedule(3, () => {
      const row = this.#table.row(type, shard)
      if (row.epoch !== epoch || !row.movingTo) return
      this.set(type, shard, { ...unowned, epoch: epoch + 1, owner: row.movingTo })
    })
  }

  set(type: string, shard: number, row: ShardRow): void {
    this.#change({ type: 'shards', typeName: type, rows: [{ shard, row }] })
  }

  #change(change: Parameters<ShardTable['with']>[0]['changes'][number]): void {
    const version = { term: 1, seq: ++this.#seq }
    this.#table = this.#table.with({ version, changes: [change] })
    // Nodes learn of it one after the other.
    for (const [index, node] of this.nodes.entries()) {
      this.clock.schedule(this.lagOf(index), () => this.tell(node))
    }
  }

  /** Has a node learn what the table is now. */
  tell(node: RegionNode): void {
    if (node.isDeaf) return
    const changes = rowsChanged(node.table, this.#table)
    node.table = this.#table
    node.regions.tableCommitted(changes)
  }

  lease(host: string, has: boolean): void {
    this.node(host).gate.setUntil(has ? Infinity : -Infinity)
  }

  async kill(host: string): Promise<void> {
    const { address, cluster, regions, remoting } = this.node(host)
    this.network.kill(address)
    this.#nodes.delete(host)
    regions[Symbol.dispose]()
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
    for (const { regions, remoting, cluster, system } of this.#everStarted) {
      regions[Symbol.dispose]()
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

export interface Question<R> {
  readonly replyTo: ActorRef<R>
}
