// Which replica is to become the owner of a shard whose owner is gone: the one whose copies go furthest.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { NodeState } from '../core/node-state.ts'
import type { Copies, ReplicaReportMessage, ShardAtEpoch } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import { shardKey } from './plan.ts'
import type { Term } from './term.ts'

/** Shards asked for in one message. */
const maxShardsPerQuery = 500

interface Promotion extends ShardAtEpoch {
  readonly replicas: readonly NodeIdentity[]
  /** Until then, replicas that are in reach are waited for. */
  readonly until: number
  /** What they told; nothing where they have no copies. */
  readonly told: Map<NodeKey, Copies | undefined>
  /** Whether the present plan needs it. */
  isWanted: boolean
}

/** Mutable, and of one term. */
export class Promotions {
  readonly #node: NodeState
  readonly #term: Term
  readonly #open = new Map<string, Promotion>()
  /** When somebody was asked last. */
  readonly #askedAt = new Map<NodeKey, number>()
  #hasNew = false

  constructor(node: NodeState, term: Term) {
    this.#node = node
    this.#term = term
  }

  /** @returns nobody in particular where nobody has copies; undefined while replicas are still asked */
  best(
    typeName: string,
    shard: number,
    { replicas, epoch }: ShardRow,
    now: number,
  ): NodeIdentity | 'anybody' | undefined {
    if (replicas.length === 0) return 'anybody'
    const key = shardKey(typeName, shard)
    let promotion = this.#open.get(key)
    if (promotion?.epoch !== epoch) {
      const until = now + 2 * this.#node.settings.leaseMs
      promotion = { typeName, shard, epoch, replicas, until, told: new Map(), isWanted: true }
      this.#open.set(key, promotion)
      this.#hasNew = true
    }
    promotion.isWanted = true
    const waited = replicas.some((node) => this.#isAsked(node) && !promotion.told.has(node.key))
    if (waited && now < promotion.until) return undefined
    return furthest(promotion) ?? 'anybody'
  }

  #isAsked({ key }: NodeIdentity): boolean {
    const member = this.#node.member(key)
    return member !== undefined && member.status === 'up' && member.isReachable
  }

  /** Asks those who have not told yet, for what the plan before this wanted to know. @returns when to look again */
  ask(now: number): number {
    for (const [key, promotion] of this.#open) {
      // Its owner has come back, perhaps.
      if (!promotion.isWanted) this.#open.delete(key)
      promotion.isWanted = false
    }
    if (this.#open.size === 0) return Number.POSITIVE_INFINITY
    const again = this.#node.settings.leaseMs / 4
    for (const [node, shards] of this.#lacking()) {
      const isDue = now >= (this.#askedAt.get(node.key) ?? Number.NEGATIVE_INFINITY) + again
      if (!isDue && !this.#hasNew) continue
      this.#askedAt.set(node.key, now)
      for (let start = 0; start < shards.length; start += maxShardsPerQuery) {
        this.#query(node, shards.slice(start, start + maxShardsPerQuery))
      }
    }
    this.#hasNew = false
    return now + again
  }

  #query(node: NodeIdentity, shards: readonly ShardAtEpoch[]): void {
    const isSelf = node.key === this.#node.self.key
    if (isSelf) this.#node.effects.push({ type: 'report-replicas', to: node, shards })
    else this.#node.send(node, { type: 'replica-query', shards }, 'data')
  }

  #lacking(): ReadonlyMap<NodeIdentity, readonly ShardAtEpoch[]> {
    const byNode = new Map<
      NodeKey,
      { readonly node: NodeIdentity; readonly shards: ShardAtEpoch[] }
    >()
    for (const { typeName, shard, epoch, replicas, told } of this.#open.values()) {
      for (const node of replicas) {
        if (told.has(node.key) || !this.#isAsked(node) || !this.#term.followers.has(node.key))
          continue
        const lacking = byNode.get(node.key) ?? { node, shards: [] }
        lacking.shards.push({ typeName, shard, epoch })
        byNode.set(node.key, lacking)
      }
    }
    return new Map([...byNode.values()].map(({ node, shards }) => [node, shards]))
  }

  told(from: NodeKey, { shards }: ReplicaReportMessage): void {
    for (const { typeName, shard, epoch, copies } of shards) {
      const promotion = this.#open.get(shardKey(typeName, shard))
      if (promotion?.epoch === epoch) promotion.told.set(from, copies)
    }
  }

  done(typeName: string, shard: number): void {
    this.#open.delete(shardKey(typeName, shard))
  }
}

/** Highest epoch, then highest position; of equals the first replica of the row. */
function furthest({ replicas, told }: Promotion): NodeIdentity | undefined {
  let best: { readonly node: NodeIdentity; readonly copies: Copies } | undefined
  for (const node of replicas) {
    const copies = told.get(node.key)
    if (!copies) continue
    const isAhead =
      !best ||
      copies.epoch - best.copies.epoch > 0 ||
      (copies.epoch === best.copies.epoch && copies.position > best.copies.position)
    if (isAhead) best = { node, copies }
  }
  return best?.node
}
