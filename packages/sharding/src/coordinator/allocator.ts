// What a coordinator gathers in its term to decide who gets which shard, and its decisions.
import { NodeIdentity, type NodeKey } from '@casty/transport'
import type { NodeState } from '../core/node-state.ts'
import type {
  Change,
  EpochBehindMessage,
  RecoverMessage,
  RegionsMessage,
  ReplicaReportMessage,
  ReplicatedShardReport,
  ShardAtEpoch,
  TypeSettings,
} from '../protocol.ts'
import { sameNodes, type ShardRow } from '../table/shard-row.ts'
import type { RowChange, ShardTable } from '../table/shard-table.ts'
import { Decisions } from './decisions.ts'
import { FirstEpoch } from './first-epoch.ts'
import type { LeaseBook } from './lease-book.ts'
import { planShards } from './plan.ts'
import { Promotions } from './promotions.ts'
import { shardKey } from './shard-key.ts'
import type { Situation } from './situation.ts'
import type { Term } from './term.ts'
import type { Waiting } from './waiting.ts'

/** Mutable, and of one term. */
export class Allocator {
  readonly #node: NodeState
  readonly #term: Term
  readonly #leases: LeaseBook
  readonly #promotions: Promotions
  readonly #decisions: Decisions
  readonly #firstEpoch: FirstEpoch
  /** By shard, the epoch at which its owner released it. */
  readonly #released = new Map<string, number>()
  /** By shard, the row that its owner contests. */
  readonly #contested = new Map<string, ShardRow>()
  readonly #refused = new Map<string, { readonly epoch: number; readonly written: number }>()
  /** By shard, the replicas that are needed no more, as its owner told. */
  readonly #replicated = new Map<string, ReplicatedShardReport>()
  readonly #typesSeenAt = new Map<string, number>()
  /** Whether anything happened since the last plan that the next one might heed. */
  #isStale = true
  #retryAt = Number.POSITIVE_INFINITY

  constructor(node: NodeState, term: Term, leases: LeaseBook) {
    this.#node = node
    this.#term = term
    this.#leases = leases
    this.#promotions = new Promotions(node, term)
    this.#decisions = new Decisions(node, term, this.#promotions, (typeName, shard, row) =>
      this.#isContested(typeName, shard, row),
    )
    this.#firstEpoch = new FirstEpoch(term)
  }

  /** Something in the view, or in who answers, is another. */
  touch(): void {
    this.#isStale = true
  }

  /** When there may be something to plan although nothing happens. */
  get retryAt(): number {
    return Math.min(this.#retryAt, this.#decisions.nextDeadline())
  }

  regionsTold(from: NodeKey, { version, types }: RegionsMessage, now: number): void {
    const follower = this.#term.followers.get(from)
    if (!follower || version <= follower.regionsVersion) return
    follower.regionsVersion = version
    follower.types = new Map(types.map((settings) => [settings.name, settings]))
    for (const { name } of types) {
      if (!this.#typesSeenAt.has(name)) this.#typesSeenAt.set(name, now)
    }
    this.#isStale = true
  }

  /** The owner of shards that are moving has stopped what ran of them. */
  released(from: NodeKey, shards: readonly ShardAtEpoch[]): void {
    for (const { typeName, shard, epoch } of shards) {
      const row = this.#node.log.latest.row(typeName, shard)
      if (row.owner?.key !== from || row.epoch !== epoch || !row.movingTo) continue
      const key = shardKey(typeName, shard)
      if (this.#released.get(key) === epoch) continue
      this.#released.set(key, epoch)
      this.#isStale = true
    }
  }

  epochBehind(
    from: NodeKey,
    { shard: { typeName, shard, epoch }, written }: EpochBehindMessage,
  ): void {
    const row = this.#node.log.latest.row(typeName, shard)
    if (row.owner?.key !== from || row.epoch !== epoch || written < epoch) return
    if (this.#refused.get(shardKey(typeName, shard))?.written === written) return
    this.#refused.set(shardKey(typeName, shard), { epoch, written })
    this.#isStale = true
  }

  /** The owner of shards has all that any of their replicas had, and those that are to keep it as well. */
  replicated(from: NodeKey, shards: readonly ReplicatedShardReport[]): void {
    for (const told of shards) {
      const { typeName, shard, epoch, replicas } = told
      const row = this.#node.log.latest.row(typeName, shard)
      if (row.owner?.key !== from || row.epoch !== epoch) continue
      const key = shardKey(typeName, shard)
      const known = this.#replicated.get(key)
      if (!sameNodes(row.replicas, replicas) || (known && isSame(known, told))) continue
      this.#replicated.set(key, told)
      this.#isStale = true
    }
  }

  /** The owner of shards was told of copies that come from elsewhere than what it has, which nobody was told to be confirmed. */
  contested(from: NodeKey, shards: readonly ShardAtEpoch[]): void {
    for (const { typeName, shard, epoch } of shards) {
      const row = this.#node.log.latest.row(typeName, shard)
      const key = shardKey(typeName, shard)
      if (row.owner?.key !== from || row.epoch !== epoch || this.#contested.has(key)) continue
      this.#contested.set(key, row)
      this.#isStale = true
    }
  }

  /** Somebody has decided that a shard is to go on. */
  asked(from: NodeIdentity, question: RecoverMessage, now: number): void {
    this.#decisions.asked(from, question, now)
  }

  /** Does what people decided, where the table is at rest. @returns whether there is something to plan by that */
  carryOut(now: number): boolean {
    const isNews = this.#decisions.carryOut(now)
    this.#isStale ||= isNews
    return isNews
  }

  /** What a shard waits for. */
  explain(typeName: string, shard: number): Waiting | undefined {
    return this.#promotions.explain(typeName, shard)
  }

  replicasTold(from: NodeKey, message: ReplicaReportMessage): void {
    this.#promotions.told(from, message)
    this.#decisions.told(from, message)
    this.#isStale = true
  }

  /** The next changes of the table, where there are any. */
  plan(now: number): readonly Change[] {
    if (!this.#isStale && now < this.#retryAt) return []
    this.#isStale = false
    const { log, settings } = this.#node
    const { rebalanceIntervalMs = Number.POSITIVE_INFINITY } = settings.strategy
    const { changes, retryAt } = planShards(log.latest, this.#situation(now))
    const waiting = this.#promotions.ask(now)
    this.#retryAt = Math.min(retryAt, waiting, this.#gatherEnd(now), now + rebalanceIntervalMs)
    return [...this.#planElectorate(log.latest), ...changes]
  }

  /** Changes that are under way: what they were made of is done with. */
  proposed(changes: readonly RowChange[]): void {
    for (const { typeName, shard, before, row } of changes) {
      const key = shardKey(typeName, shard)
      this.#released.delete(key)
      this.#refused.delete(key)
      this.#replicated.delete(key)
      this.#contested.delete(key)
      const isOther = row.isDecided || row.lineage !== before.lineage
      if (isOther) this.#decisions.rowChanged(typeName, shard)
      if (before.epoch !== row.epoch) this.#promotions.done(typeName, shard)
    }
    this.#isStale = true
  }

  /** The voters are to be all who are up, and whom there is a way to: those who answered once. */
  #planElectorate({ electorate }: ShardTable): readonly Change[] {
    const { voters, former } = electorate
    if (former.length > 0) {
      return [{ type: 'electorate', electorate: { voters, former: [] } }]
    }
    const known = new Set(voters.map(({ key }) => key))
    const wanted = this.#node.view
      .filter(({ status }) => status === 'up')
      .map(({ node }) => node)
      .filter(({ key }) => known.has(key) || this.#term.followers.get(key)?.hasAnswered)
      .toSorted(NodeIdentity.compare)
    const isSame = wanted.length === voters.length && wanted.every(({ key }) => known.has(key))
    if (isSame || wanted.length === 0) return []
    return [{ type: 'electorate', electorate: { voters: wanted, former: voters } }]
  }

  #situation(now: number): Situation {
    const { settings, view } = this.#node
    const { followers } = this.#term
    this.#firstEpoch.heed(view, now)
    return {
      view,
      types: this.#types(),
      canRun: (node, typeName) => {
        const follower = followers.get(node)
        if (!follower || follower.regionsVersion === 0) return undefined
        const numShards = this.#node.log.latest.types.get(typeName)?.settings.numShards
        return follower.types.get(typeName)?.numShards === numShards
      },
      isGathered: (typeName) => this.#isGathered(typeName, now),
      leaseEnds: (node) => this.#leases.endsAt(node),
      releasedAt: (typeName, shard) => this.#released.get(shardKey(typeName, shard)),
      refused: (typeName, shard) =>
        this.#refused.size === 0 ? undefined : this.#refused.get(shardKey(typeName, shard)),
      replicated: (typeName, shard, { epoch, replicas }) => {
        const told = this.#replicated.get(shardKey(typeName, shard))
        return told?.epoch === epoch && sameNodes(told.replicas, replicas) ? told : undefined
      },
      isContested: (typeName, shard, row) => this.#isContested(typeName, shard, row),
      isDecided: (typeName, shard, lineage) => this.#decisions.isKept(typeName, shard, lineage),
      promote: (type, shard, row, hosts, isContested) =>
        this.#promotions.best(type, shard, row, hosts, isContested, now),
      strategy: settings.strategy,
      maxMoving: settings.maxMoving,
      maxMovingShare: settings.maxMovingShare,
      firstEpoch: this.#firstEpoch.value,
      lowestEpoch: this.#firstEpoch.floor,
      now,
    }
  }

  #isContested(typeName: string, shard: number, { epoch, lineage }: ShardRow): boolean {
    const told = this.#contested.get(shardKey(typeName, shard))
    return told?.epoch === epoch && told.lineage === lineage
  }

  #types(): Situation['types'] {
    const types = new Map<string, TypeSettings>()
    for (const follower of this.#term.followers.values()) {
      for (const [name, settings] of follower.types) if (!types.has(name)) types.set(name, settings)
    }
    return types
  }

  /** Whether everybody who is up told what it runs, this type among it; or had the time to. */
  #isGathered(typeName: string, now: number): boolean {
    const { gatherMs } = this.#node.settings
    const seenAt = this.#typesSeenAt.get(typeName) ?? this.#term.beganAt
    if (now >= Math.max(seenAt, this.#term.beganAt) + gatherMs) return true
    return this.#node.view
      .filter(({ status, isReachable }) => status === 'up' && isReachable)
      .every(({ node }) => this.#term.followers.get(node.key)?.types.has(typeName))
  }

  #gatherEnd(now: number): number {
    const { gatherMs } = this.#node.settings
    const ends = [this.#term.beganAt, ...this.#typesSeenAt.values()].map((at) => at + gatherMs)
    return ends.reduce(
      (soonest, end) => (end > now ? Math.min(soonest, end) : soonest),
      Number.POSITIVE_INFINITY,
    )
  }
}

function isSame(left: ReplicatedShardReport, right: ReplicatedShardReport): boolean {
  const isSameRow = left.epoch === right.epoch && sameNodes(left.replicas, right.replicas)
  return isSameRow && sameNodes(left.superfluous, right.superfluous)
}
