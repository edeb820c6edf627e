// Which replica is to become the owner of a shard whose owner is gone: the one whose copies go furthest. Of types whose copies
// are on disks as well, also nodes that began again are asked, and nothing begins before so many have told that whatever was confirmed
// is with one of them.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { NodeState } from '../core/node-state.ts'
import type {
  Copies,
  ReplicaReport,
  ReplicaReportMessage,
  ShardAtEpoch,
  TypeSettings,
} from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import { shardKey } from './plan.ts'
import type { Term } from './term.ts'

/** Shards asked for in one message. */
const maxShardsPerQuery = 500

interface Promotion extends ShardAtEpoch {
  readonly settings: TypeSettings
  /** Of the row. */
  readonly replicas: readonly NodeIdentity[]
  /** Who may have copies besides, of a life before this one. */
  hosts: readonly NodeIdentity[]
  readonly since: number
  /** What they told; nothing where they have no copies. */
  readonly told: Map<NodeKey, ReplicaReport>
  /** Whether the present plan needs it. */
  isWanted: boolean
}

/** Who has copies of a shard, as far as they were asked. */
export interface Found {
  /** Those whose copies go furthest. */
  readonly furthest: readonly NodeIdentity[]
  /** All who have some. */
  readonly keepers: readonly NodeIdentity[]
  /** Under which the last of it was written; 0 where there is nothing. */
  readonly epoch: number
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

  /**
   * @param hosts - who can run the type
   * @returns undefined while it is not known well enough
   */
  best(
    settings: TypeSettings,
    shard: number,
    { replicas, epoch }: ShardRow,
    hosts: readonly NodeIdentity[],
    now: number,
  ): Found | undefined {
    const isDurable = settings.disks > 0
    if (replicas.length === 0 && !isDurable) return nothing
    const { name: typeName } = settings
    const key = shardKey(typeName, shard)
    let promotion = this.#open.get(key)
    if (promotion?.epoch !== epoch) {
      const told = new Map<NodeKey, ReplicaReport>()
      const begun = { typeName, shard, epoch, settings, replicas, hosts, since: now, told }
      promotion = { ...begun, isWanted: true }
      this.#open.set(key, promotion)
      this.#hasNew = true
    }
    promotion.isWanted = true
    if (isDurable) promotion.hosts = hosts
    const waited = askedFor(promotion).some((node) => this.#isAsked(node) && !told(promotion, node))
    if (waited && now < promotion.since + 2 * this.#node.settings.leaseMs) return undefined
    if (confirmedLineages(promotion).size > 1) return undefined
    const patience = this.#node.settings.recoveryTimeoutMs
    if (isDurable && !isEnough(promotion) && now < promotion.since + patience) return undefined
    return found(promotion)
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

  done(typeName: string, shard: number): void {
    this.#open.delete(shardKey(typeName, shard))
  }

  /** What a shard waits for, in a sentence; undefined where it waits for nothing here. */
  explain(typeName: string, shard: number): string | undefined {
    const promotion = this.#open.get(shardKey(typeName, shard))
    if (!promotion) return undefined
    const { told: reports, settings } = promotion
    const silent = askedFor(promotion).filter((node) => !told(promotion, node))
    const missing = silent.length === 0 ? '' : `, and not ${silent.join(', ')}`
    const have = `${reports.size} of the nodes that may have copies of it have told what they have${missing}.`
    const lineages = confirmedLineages(promotion)
    if (lineages.size > 1) {
      const sides = [...lineages.values()].map((nodes) => nodes.join(' and ')).join(', or ')
      return `It has copies of several lineages, and neither knows what was confirmed in the other: stop the nodes of all but one, and start them with empty disks. They are those of ${sides}. ${have}`
    }
    if (settings.disks === 0 || isEnough(promotion)) return have
    const { recoveryTimeoutMs } = this.#node.settings
    const end = Number.isFinite(recoveryTimeoutMs) ? ', or recoveryTimeoutMs has passed' : ''
    const known = Math.max(0, ...Array.from(reports.values(), ({ hosts }) => hosts))
    const ofHosts = known === 0 ? '' : ` ${known} nodes had copies of its type.`
    return `It waits for disks: nothing begins before so many have told that nothing confirmed can be missing${end}. ${have}${ofHosts}`
  }
}

const nothing: Found = { furthest: [], keepers: [], epoch: 0 }

function askedFor({ replicas, hosts }: Promotion): readonly NodeIdentity[] {
  const known = new Set(replicas.map(({ key }) => key))
  return [...replicas, ...hosts.filter(({ key }) => !known.has(key))]
}

function told(promotion: Promotion, { key }: NodeIdentity): boolean {
  return promotion.told.has(key)
}

/**
 * Whether whatever was confirmed is with somebody who told. It is on `disks` of the nodes that have copies of the type: not all of
 * those can be among the others where these are fewer. The same holds of the nodes that the row names, the owner included.
 */
function isEnough({ settings, replicas, told: reports }: Promotion): boolean {
  const others = settings.disks - 1
  const ofRow = replicas.filter(({ key }) => reports.has(key)).length
  if (replicas.length > 0 && ofRow >= replicas.length + 1 - others) return true
  let [hosts, knowing] = [0, 0]
  for (const report of reports.values()) {
    hosts = Math.max(hosts, report.hosts)
    if (report.hosts > 0) knowing++
  }
  // Where nobody ever had copies, there is nothing to wait for. What few know may be out of date.
  const majority = Math.floor(hosts / 2) + 1
  return knowing >= (hosts === 0 ? 0 : Math.max(hosts - others, majority))
}

/** Who has copies of which lineage in which something may have been confirmed. */
function confirmedLineages(promotion: Promotion): ReadonlyMap<number, readonly NodeIdentity[]> {
  const nodes = new Map<number, NodeIdentity[]>()
  for (const node of askedFor(promotion)) {
    const lineage = promotion.told.get(node.key)?.lineage
    if (!lineage?.isConfirmed) continue
    const known = nodes.get(lineage.bornIn) ?? []
    known.push(node)
    nodes.set(lineage.bornIn, known)
  }
  return nodes
}

/**
 * Highest epoch, then highest position; of equals those that the row names first. Where there is a lineage in which something may
 * have been confirmed, others do not count.
 */
function found(promotion: Promotion): Found {
  const [confirmed] = confirmedLineages(promotion).keys()
  const keepers = askedFor(promotion).filter(({ key }) => {
    const report = promotion.told.get(key)
    const isOther = confirmed !== undefined && report?.lineage?.bornIn !== confirmed
    return report?.copies !== undefined && !isOther
  })
  const copiesOf = ({ key }: NodeIdentity): Copies =>
    promotion.told.get(key)?.copies ?? { epoch: 0, position: 0 }
  const ordered = keepers.toSorted((left, right) => compare(copiesOf(right), copiesOf(left)))
  const [first] = ordered
  if (!first) return nothing
  const best = copiesOf(first)
  const furthest = ordered.filter((node) => compare(copiesOf(node), best) === 0)
  return { furthest, keepers, epoch: best.epoch }
}

function compare(left: Copies, right: Copies): number {
  return left.epoch - right.epoch || left.position - right.position
}
