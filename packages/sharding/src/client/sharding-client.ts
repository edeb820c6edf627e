// Entities for a process outside of the cluster. It routes as a member does, by a table of its own, so that a message
// takes one hop to the owner of its shard; but it hosts nothing, and has no say in who owns what.
import type { ActorSystem } from '@casty/actor'
import type { ClusterClient } from '@casty/remote'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { EntityRegion, RegionStatistics } from '../entity-region.ts'
import { checkProxy, type EntityProxy } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import { LeaseGate } from '../lease-gate.ts'
import { Regions } from '../regions.ts'
import { checkLimits, type ShardingLimits } from '../sharding-options.ts'
import type { RowChange } from '../table/shard-table.ts'
import { sayEveryMs } from './client-times.ts'
import { LearntTable } from './learnt-table.ts'
import {
  clientTableFrameType,
  decodeTableMessage,
  encodeTableMessage,
  type TableMessage,
} from './table-frames.ts'

export interface ShardingClientOptions {
  readonly client: ClusterClient
  /** Whose entities: those of other data centers are others. @defaultValue that of the first contact */
  readonly dataCenter?: string
  /** Of what waits here while nobody can take it, and for how long. */
  readonly limits?: ShardingLimits
}

/** What a client knows of entities, in one readable object. */
export interface ShardingClientExplanation {
  /** In a sentence, for people. */
  readonly summary: string
  /** The member that tells who has which shard. */
  readonly toldBy: string | undefined
  readonly dataCenter: string | undefined
  readonly tableVersion: string
  readonly regions: readonly RegionStatistics[]
}

/**
 * Entities of a cluster, for a client of it: messages go straight to the node that has the entity. While that is not
 * known, moves, or is out of reach, they wait here, as many and as long as `limits` allow.
 *
 * @example
 * const sharding = ShardingClient.attach({ client })
 * const carts = sharding.startProxy<Add>({ name: 'cart', numShards: 100 })
 * carts.tell('cart-17', { amount: 3 })
 */
export class ShardingClient implements Disposable {
  readonly #client: ClusterClient
  readonly #system: ActorSystem
  readonly #learnt = new LearntTable()
  readonly #regions: Regions
  readonly #subscriptions: readonly Disposable[]
  /** Members that have shards of what is sent to from here. */
  readonly #owners = new Map<NodeKey, NodeIdentity>()
  /** Those of them who were told so of late. */
  readonly #told = new Set<NodeKey>()
  #dataCenter: string | undefined
  #timer: Disposable | undefined
  #isDisposed = false

  private constructor({ client, dataCenter, limits = {} }: ShardingClientOptions) {
    this.#client = client
    this.#dataCenter = dataCenter
    this.#system = client.system
    const { cluster, remoting, system } = client
    const learnt = this.#learnt
    this.#regions = new Regions({
      system,
      cluster: {
        self: client.self,
        endpoint: cluster.endpoint,
        selfMember: undefined,
        getState: () => cluster.getState(),
      },
      remoting,
      gate: new LeaseGate(system.clock),
      settings: checkLimits(limits),
      isInReach: (node) => client.isInReach(node),
      port: {
        get table() {
          return learnt.table
        },
        released: () => {},
        fenced: () => {},
        emptied: () => {},
        replicated: () => {},
        contested: () => {},
        typesChanged: () => {},
      },
    })
    this.#subscriptions = [
      cluster.endpoint.handle(clientTableFrameType, (from, bytes, start, end) =>
        this.#received(from, decodeTableMessage(bytes, start, end)),
      ),
      cluster.subscribe(() => this.#membersChanged()),
      client.subscribe((event) => {
        if (event.type === 'contact-changed') this.#say()
        else this.#membersChanged()
      }),
    ]
    this.#sayAgain()
  }

  /**
   * Has entities of a cluster reached through a client of it, until it is disposed of. One for each client.
   *
   * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`; TransportError `CASTY_TRANSPORT_INVALID_OPTION` where the
   * client has one already
   */
  static attach(options: ShardingClientOptions): ShardingClient {
    return new ShardingClient(options)
  }

  /**
   * Sends to entities of a type.
   *
   * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`, also where the cluster is known to have another number of
   * shards; `CASTY_SHARDING_TYPE_TAKEN`, `CASTY_SHARDING_STOPPED`
   */
  startProxy<M>(type: EntityProxy): EntityRegion<M> {
    const checked = checkProxy(type)
    const known = this.#learnt.table.types.get(checked.name)?.settings.numShards
    if (known !== undefined && known !== checked.numShards) {
      const allowed = `${known}, as the cluster has it`
      throw ShardingError.invalidOption('numShards', checked.numShards, allowed)
    }
    const region = this.#regions.start<M>(checked)
    for (const row of this.#learnt.table.types.get(checked.name)?.rows ?? []) this.#want(row.owner)
    return region
  }

  /** The regions that were started here. */
  get regions(): readonly EntityRegion<never>[] {
    return this.#regions.all
  }

  explain(): ShardingClientExplanation {
    const { table } = this.#learnt
    const { term, seq } = table.version
    const teller = this.#teller()?.key
    const isKnown = table.types.size > 0
    const from = teller === undefined ? 'No member tells of changes now' : `${teller} tells it`
    return {
      summary: isKnown
        ? `It is known who has the shards of ${[...table.types.keys()].join(', ')}. ${from}.`
        : `Nothing is known of shards yet. ${from}.`,
      toldBy: teller,
      dataCenter: this.#dataCenter,
      tableVersion: `${term}.${seq}`,
      regions: this.#regions.all.map((region) => region.statistics()),
    }
  }

  /** What waits is dropped. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#timer?.[Symbol.dispose]()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#regions[Symbol.dispose]()
  }

  #received(from: NodeIdentity, message: TableMessage): void {
    if (message.type === 'leaving') {
      this.#letGo(from)
      return
    }
    // What another one still says may be older than what this one did.
    if (message.type !== 'told' || !this.#teller()?.equals(from)) return
    if (message.dataCenter !== this.#dataCenter) return
    const changes = this.#learnt.learn(message.content)
    if (changes === undefined) this.#say()
    else this.#changed(changes)
  }

  /** What is for its shards waits until somebody tells who has them now. */
  #letGo(member: NodeIdentity): void {
    this.#regions.leaves(member)
    const bytes = encodeTableMessage({ type: 'let-go' })
    this.#client.cluster.endpoint.send(member, 'data', clientTableFrameType, bytes)
  }

  #changed(changes: readonly RowChange[]): void {
    const names = new Set(this.#regions.all.map(({ type }) => type))
    for (const { typeName, row } of changes) if (names.has(typeName)) this.#want(row.owner)
    this.#regions.tableCommitted(changes)
  }

  #want(owner: NodeIdentity | undefined): void {
    if (!owner) return
    this.#owners.set(owner.key, owner)
    this.#client.want(owner)
    this.#sayToOwners()
  }

  /** Whoever has entities that this client sends to tells it before it goes. */
  #sayToOwners(): void {
    const bytes = encodeTableMessage({ type: 'uses' })
    for (const [key, owner] of this.#owners) {
      if (this.#told.has(key) || !this.#client.isInReach(owner)) continue
      this.#client.cluster.endpoint.send(owner, 'data', clientTableFrameType, bytes)
      this.#told.add(key)
    }
  }

  #forgetOwners(): void {
    const state = this.#client.cluster.getState()
    for (const [key, owner] of this.#owners) if (!state.member(owner)) this.#owners.delete(key)
    this.#told.clear()
  }

  #membersChanged(): void {
    this.#sayToOwners()
    this.#regions.membersChanged(this.#client.cluster.getState())
  }

  #sayAgain(): void {
    this.#say()
    this.#forgetOwners()
    this.#sayToOwners()
    this.#timer = this.#system.clock.schedule(sayEveryMs, () => this.#sayAgain())
  }

  /** What is here, to whoever tells of the rest. */
  #say(): void {
    const teller = this.#teller()
    const dataCenter = this.#dataCenter
    if (!teller || dataCenter === undefined || this.#isDisposed) return
    const { version } = this.#learnt.table
    const bytes = encodeTableMessage({ type: 'has', dataCenter, version })
    this.#client.cluster.endpoint.send(teller, 'data', clientTableFrameType, bytes)
  }

  /** The contact, or where that is of another data center, a member of this one. */
  #teller(): NodeIdentity | undefined {
    const { contact, cluster } = this.#client
    const state = cluster.getState()
    const member = contact && state.member(contact)
    this.#dataCenter ??= member?.dataCenter
    if (member && member.dataCenter === this.#dataCenter) return contact
    const near = state.dataCenters.get(this.#dataCenter ?? '')?.members ?? []
    const isUp = near.filter(({ status }) => status === 'up' || status === 'weakly-up')
    return isUp.find(({ node }) => this.#client.isInReach(node))?.node
  }
}
