// Which replica is to become the owner of a shard whose owner is gone: the one whose copies go furthest. Of types
// whose copies are on disks as well, also nodes that began again are asked, and nothing begins before so many have
// told that whatever was confirmed is with one of them.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { NodeState } from '../core/node-state.ts'
import type { ReplicaReport, ReplicaReportMessage, ShardAtEpoch } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { TypeTable } from '../table/shard-table.ts'
import { awaited, isEnough } from './enough.ts'
import { found, nothing, type Found } from './found.ts'
import { askedFor, confirmedLineages, told, toldLineages, type Promotion } from './promotion.ts'
import { refusal, type Decided } from './refusal.ts'
import { shardKey } from './shard-key.ts'
import type { Term } from './term.ts'
import { waitingOf, type Waiting } from './waiting.ts'

/** Shards asked for in one message. */
const maxShardsPerQuery = 500
/** After so many times `leaseMs` a shard waits for long. */
const leasesUntilReported = 10

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

  /**
   * @param hosts - who can run the type
   * @param isContested - whether its owner knows that there may be copies which come from elsewhere
   * @returns undefined while it is not known well enough
   */
  best(
    { settings, census }: TypeTable,
    shard: number,
    row: ShardRow,
    hosts: readonly NodeIdentity[],
    isContested: boolean,
    now: number,
  ): Found | undefined {
    const isDurable = settings.disks > 0
    const { replicas, epoch } = row
    if (replicas.length === 0 && !isDurable) return nothing
    const { name: typeName } = settings
    const key = shardKey(typeName, shard)
    let promotion = this.#open.get(key)
    if (promotion?.epoch !== epoch || promotion.isContested !== isContested) {
      const told = new Map<NodeKey, ReplicaReport>()
      const begun = {
        typeName,
        shard,
        epoch,
        settings,
        census,
        row,
        hosts,
        isContested,
        since: now,
        told,
      }
      promotion = { ...begun, isForced: false, isWanted: true, reported: 'nothing' }
      this.#open.set(key, promotion)
      this.#hasNew = true
    }
    promotion.isWanted = true
    promotion.census = census
    if (isDurable) promotion.hosts = hosts
    if (this.#isGathering(promotion, now)) return undefined
    if (confirmedLineages(promotion).size > 1) return undefined
    const patience = this.#node.settings.recoveryTimeoutMs
    const mayGoOn = promotion.isForced || now >= promotion.since + patience
    if (isDurable && !this.#isEnough(promotion) && !mayGoOn) return undefined
    return found(promotion)
  }

  /** Whether somebody in reach has yet to tell, and has the time to. */
  #isGathering(promotion: Promotion, now: number): boolean {
    if (this.#isLate(promotion, now)) return false
    return askedFor(promotion).some((node) => this.#isAsked(node) && !told(promotion, node))
  }

  #isLate({ since }: Promotion, now: number): boolean {
    return now >= since + 2 * this.#node.settings.leaseMs
  }

  /** Whether a member is there that has not told what it runs, and may be about to bring copies. */
  get #areSomeComing(): boolean {
    return this.#node.view.some(({ node: { key }, status, isReachable }) => {
      const hasTold = (this.#term.followers.get(key)?.regionsVersion ?? 0) > 0
      const isNew = status === 'joining' || status === 'weakly-up' || !hasTold
      return isReachable && isNew && status !== 'down'
    })
  }

  /** Whether whatever was confirmed is with somebody who told. */
  #isEnough(promotion: Promotion): boolean {
    const { owner } = promotion.row
    // Where the owner goes on, it has told only once it confirms nothing any more.
    const isOwnerAwaited = promotion.isContested && owner !== undefined && this.#isAsked(owner)
    return (!isOwnerAwaited || told(promotion, owner)) && isEnough(promotion)
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
    this.#reportLong(now)
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
    for (const promotion of this.#open.values()) {
      const { typeName, shard, epoch } = promotion
      for (const node of askedFor(promotion)) {
        const isLacking = !told(promotion, node) && this.#isAsked(node)
        if (!isLacking || !this.#term.followers.has(node.key)) continue
        const lacking = byNode.get(node.key) ?? { node, shards: [] }
        lacking.shards.push({ typeName, shard, epoch })
        byNode.set(node.key, lacking)
      }
    }
    return new Map([...byNode.values()].map(({ node, shards }) => [node, shards]))
  }

  told(from: NodeKey, { shards }: ReplicaReportMessage): void {
    for (const report of shards) {
      const promotion = this.#open.get(shardKey(report.typeName, report.shard))
      if (promotion?.epoch === report.epoch) promotion.told.set(from, report)
    }
  }

  /** Whether it is being found out who has copies of it. */
  isOpen(typeName: string, shard: number): boolean {
    return this.#open.has(shardKey(typeName, shard))
  }

  /** Whether it is about to go on, whatever is missing. */
  isForced(typeName: string, shard: number): boolean {
    return this.#open.get(shardKey(typeName, shard))?.isForced === true
  }

  /**
   * Goes on with what there is of one lineage, or with what there is.
   *
   * @returns how that went, and whose copies do not count any more; undefined while those in reach have yet to tell, or to come
   */
  force(typeName: string, shard: number, lineage: number, now: number): Decided | undefined {
    const promotion = this.#open.get(shardKey(typeName, shard))
    if (!promotion) return refusal('not-waiting')
    if (this.#isGathering(promotion, now)) return undefined
    if (this.#areSomeComing && !this.#isLate(promotion, now)) return undefined
    const known = toldLineages(promotion)
    const missing = Math.max(0, ...awaited(promotion).map(({ missing: few }) => few))
    if (lineage === 0 && known.length > 1) return refusal('lineage-needed', known, missing)
    if (lineage !== 0 && known.every((one) => one.lineage !== lineage)) {
      return refusal('unknown-lineage', known, missing)
    }
    const lineages = known.length > 1 ? known.filter((one) => one.lineage !== lineage) : []
    if (lineages.length === 0 && this.#isEnough(promotion)) return refusal('not-waiting')
    promotion.isForced = true
    // They tell again once they have forgotten.
    for (const { key } of lineages.flatMap(({ nodes }) => nodes)) promotion.told.delete(key)
    this.#hasNew = true
    return { outcome: 'recovered', missing, lineages }
  }

  done(typeName: string, shard: number): void {
    this.#open.delete(shardKey(typeName, shard))
  }

  /** What a shard waits for; undefined where it waits for nothing here. */
  explain(typeName: string, shard: number): Waiting | undefined {
    const promotion = this.#open.get(shardKey(typeName, shard))
    return promotion && this.#waitingOf(promotion)
  }

  #waitingOf(promotion: Promotion): Waiting {
    const { recoveryTimeoutMs } = this.#node.settings
    return waitingOf(promotion, this.#isEnough(promotion), recoveryTimeoutMs)
  }

  /** Who looks after the cluster hears of shards that wait for long: what they wait for may never come. */
  #reportLong(now: number): void {
    const longMs = leasesUntilReported * this.#node.settings.leaseMs
    const groups = new Map<string, Promotion[]>()
    for (const promotion of this.#open.values()) {
      if (promotion.settings.disks === 0 || now < promotion.since + longMs) continue
      const isForPeople = confirmedLineages(promotion).size > 1
      const reported = isForPeople ? 'people' : 'disks'
      // Once the disks are back that were waited for, it may be people.
      if (promotion.reported === 'people' || promotion.reported === reported) continue
      promotion.reported = reported
      const key = `${reported} ${promotion.typeName}`
      groups.set(key, [...(groups.get(key) ?? []), promotion])
    }
    for (const waiting of groups.values()) {
      const [first] = waiting
      if (!first) continue
      const shards = waiting.map(({ shard }) => shard)
      const why = this.#waitingOf(first).text
      this.#node.effects.push({ type: 'shards-wait', typeName: first.typeName, shards, why })
    }
  }
}
