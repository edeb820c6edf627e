// Who has copies of which lineage of a shard that goes on: known by name before those of others are given up.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { NodeState } from '../core/node-state.ts'
import type { GivenUpLineage, ReplicaReport, ShardAtEpoch } from '../protocol.ts'
import { lineagesAmong } from './promotion.ts'
import type { Term } from './term.ts'

/** Mutable. */
export class Survey {
  readonly #node: NodeState
  readonly #term: Term
  /** Under no epoch: also its owner answers, and no other question has this for an answer. */
  readonly #shard: ShardAtEpoch
  readonly #told = new Map<NodeKey, ReplicaReport>()
  readonly #endsAt: number
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(
    node: NodeState,
    term: Term,
    { typeName, shard }: Pick<ShardAtEpoch, 'typeName' | 'shard'>,
    now: number,
  ) {
    this.#node = node
    this.#term = term
    this.#shard = { typeName, shard, epoch: 0 }
    this.#endsAt = now + 2 * node.settings.leaseMs
  }

  /** When to ask again, or to go on without those that have not told. */
  get nextAt(): number {
    return Math.min(this.#endsAt, this.#askedAt + this.#againMs)
  }

  get #againMs(): number {
    return this.#node.settings.leaseMs / 4
  }

  told(from: NodeKey, report: ReplicaReport): void {
    const { typeName, shard, epoch } = this.#shard
    const isOfShard = report.shard === shard && report.typeName === typeName
    if (isOfShard && report.epoch === epoch) this.#told.set(from, report)
  }

  /** Whether all in reach have told, or had the time to. */
  isOver(now: number): boolean {
    return now >= this.#endsAt || this.#silent.length === 0
  }

  /** Who has copies of other lineages, as far as they told. */
  others(kept: number): readonly GivenUpLineage[] {
    const nodes = Array.from(this.#term.followers.values(), ({ node }) => node)
    return [...lineagesAmong(nodes, this.#told)]
      .filter(([lineage]) => lineage !== kept)
      .map(([lineage, those]) => ({ lineage, nodes: those }))
  }

  /** Asks those who have not told yet, now and then. */
  ask(now: number): void {
    if (now < this.#askedAt + this.#againMs) return
    this.#askedAt = now
    const { effects, self } = this.#node
    const shards = [this.#shard]
    for (const to of this.#silent) {
      if (to.key === self.key) effects.push({ type: 'report-replicas', to, shards })
      else this.#node.send(to, { type: 'replica-query', shards }, 'data')
    }
  }

  get #silent(): readonly NodeIdentity[] {
    return [...this.#term.followers.values()]
      .filter(({ node, types }) => types.has(this.#shard.typeName) && !this.#told.has(node.key))
      .filter(({ node }) => this.#node.member(node.key)?.isReachable === true)
      .map(({ node }) => node)
  }
}
