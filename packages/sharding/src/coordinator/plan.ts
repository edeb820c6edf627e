// What a coordinator changes in the table: a pure function of the table, of who is there, and of what it was told.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { maxReplicas } from '../codec-limits.ts'
import { mayRun, type ViewMember } from '../core/view.ts'
import type { Change, TypeSettings } from '../protocol.ts'
import { sameNode, unowned, type ShardRow } from '../table/shard-row.ts'
import type { ShardTable, TypeTable } from '../table/shard-table.ts'
import { nothing, type Found } from './found.ts'
import { planReplicas } from './replica-places.ts'
import type { AllocationStrategy, Host } from './strategy.ts'

/** A number of one shard of one type. */
export function shardKey(typeName: string, shard: number): string {
  return `${shard}:${typeName}`
}

/** What the coordinator knows beside the table. */
export interface Situation {
  readonly view: readonly ViewMember[]
  /** Types that somebody can run, as they told; the first who told decides. */
  readonly types: ReadonlyMap<string, TypeSettings>
  /** Whether this node can run shards of that type; undefined where it has not told yet. */
  canRun(node: NodeKey, typeName: string): boolean | undefined
  /** Whether all had the time to tell which types they run. */
  isGathered(typeName: string): boolean
  /** When all leases of that node, which gets no more of them, have certainly run out; may be past. */
  leaseEnds(node: NodeKey): number
  /** The epoch at which the owner said that nothing of a moving shard runs there any more. */
  releasedAt(typeName: string, shard: number): number | undefined
  /** An epoch that has written, where the owner's is lower: its number, and the owner's. */
  refused(
    typeName: string,
    shard: number,
  ): { readonly epoch: number; readonly written: number } | undefined
  /** The replicas of just this row that are needed no more, as the owner told. */
  superfluous(typeName: string, shard: number, row: ShardRow): readonly NodeIdentity[]
  /** Whether the owner of just this row, which confirmed nothing, was told of copies that come from elsewhere. */
  isContested(typeName: string, shard: number, row: ShardRow): boolean
  /** Who has copies of a shard that has no owner, or whose owner is gone; undefined while that is being found out. */
  promote(
    settings: TypeSettings,
    shard: number,
    row: ShardRow,
    hosts: readonly NodeIdentity[],
    isContested: boolean,
  ): Found | undefined
  readonly strategy: AllocationStrategy
  /** At most so many shards of a type move at once for the sake of evenness: a share, and a number. */
  readonly maxMovingShare: number
  readonly maxMoving: number
  /** New shards begin at this epoch, in milliseconds since the Unix epoch: above any of a former cluster. */
  readonly firstEpoch: number
  /** Shards that are kept in copies have at least this one: those before may be below epochs of a former cluster. */
  readonly lowestEpoch: number
  readonly now: number
}

export interface Plan {
  readonly changes: readonly Change[]
  /** When planning again may bring something, though nothing has changed. */
  readonly retryAt: number
}

/** The next changes of all types. The table must be one that no other change is under way for. */
export function planShards(table: ShardTable, situation: Situation): Plan {
  const changes: Change[] = []
  let retryAt = Number.POSITIVE_INFINITY
  for (const settings of situation.types.values()) {
    if (!table.types.has(settings.name)) changes.push({ type: 'type', settings, census: 0 })
  }
  const totals = countShards(table)
  for (const type of table.types.values()) {
    const planner = new TypePlanner(type, situation, totals)
    const rows = planner.plan()
    changes.push(...changesOf(type, planner.census, rows))
    retryAt = Math.min(retryAt, planner.retryAt)
  }
  return { changes, retryAt }
}

type ShardsChange = Extract<Change, { readonly type: 'shards' }>

/**
 * Where the table goes back to an earlier census, what is undecided from then on comes first: many rows go in several batches, and the next
 * coordinator may know of the first ones alone.
 */
function* changesOf(
  { settings, census: before }: TypeTable,
  census: number,
  rows: ShardsChange['rows'],
): Iterable<Change> {
  const typeName = settings.name
  const undecided = census < before ? rows.filter(({ row }) => row.isUndecided) : []
  const others = rows.filter((row) => !undecided.includes(row))
  if (undecided.length > 0) yield { type: 'shards', typeName, rows: undecided }
  if (census !== before) yield { type: 'type', settings, census }
  if (others.length > 0) yield { type: 'shards', typeName, rows: others }
}

/** The lineage of a shard of which nobody is known to have had anything confirmed: that of the census that goes on. */
function unwritten(row: ShardRow, found: Found, epoch: number): number {
  // Where something is missing, and somebody has decided to go on, it comes back as another one.
  return found.isForced ? epoch : found.census || row.lineage
}

function includes(nodes: readonly NodeIdentity[], { key }: NodeIdentity): boolean {
  return nodes.some((node) => node.key === key)
}

/** Who is to be asked for copies: those that the row names, and who was found to have some. */
function heard({ replicas }: ShardRow, found: Found = nothing): readonly NodeIdentity[] {
  return [...replicas, ...found.keepers.filter((node) => !includes(replicas, node))]
}

/** Where a row's shard is, or is about to be. */
function placeOf({ movingTo, owner }: ShardRow): NodeIdentity | undefined {
  return movingTo ?? owner
}

function countShards(table: ShardTable): Map<NodeKey, number> {
  const totals = new Map<NodeKey, number>()
  for (const { rows } of table.types.values()) {
    for (const row of rows) {
      const place = placeOf(row)
      if (place) totals.set(place.key, (totals.get(place.key) ?? 0) + 1)
    }
  }
  return totals
}

interface Load extends Host {
  readonly shards: number[]
  total: number
}

/** What an owner means for its shards: it is out of reach or gone, it hands them over, or keeps them. */
type Fate = 'gone' | 'goes' | 'stays'

class TypePlanner {
  retryAt = Number.POSITIVE_INFINITY
  /** Which record of hosts goes on. */
  census: number
  readonly #name: string
  readonly #type: TypeTable
  readonly #situation: Situation
  readonly #members: ReadonlyMap<NodeKey, ViewMember>
  /** Nodes that can be given shards, by address. */
  readonly #hosts: readonly Load[]
  readonly #hostsByKey: ReadonlyMap<NodeKey, Load>
  readonly #changed = new Map<number, ShardRow>()
  /** Shards of which it has just been found out which copies count. */
  readonly #decided = new Set<number>()
  readonly #fates = new Map<NodeKey, Fate>()
  /** Owners that lost a shard just now, and are not there to keep copies of it. */
  readonly #displaced = new Map<number, NodeKey>()

  constructor(type: TypeTable, situation: Situation, totals: ReadonlyMap<NodeKey, number>) {
    this.#type = type
    this.#name = type.settings.name
    this.census = type.census
    this.#situation = situation
    this.#members = new Map(situation.view.map((member) => [member.node.key, member]))
    this.#hosts = situation.view
      .filter(({ node, status, isReachable }) => {
        return status === 'up' && isReachable && situation.canRun(node.key, this.#name) === true
      })
      .map(({ node, upNumber = Infinity }) => {
        return { node, upNumber, shards: [], total: totals.get(node.key) ?? 0 }
      })
    this.#hostsByKey = new Map(this.#hosts.map((host) => [host.node.key, host]))
  }

  plan(): readonly { readonly shard: number; readonly row: ShardRow }[] {
    const { rows } = this.#type
    rows.forEach((row, shard) => {
      const place = placeOf(row)
      if (place) this.#hostsByKey.get(place.key)?.shards.push(shard)
    })
    rows.forEach((row, shard) => this.#planRow(shard, row))
    if (this.census < this.#type.census) this.#doubtLater()
    this.#rebalance()
    this.#placeReplicas()
    return [...this.#changed].map(([shard, row]) => ({ shard, row }))
  }

  #planRow(shard: number, row: ShardRow): void {
    const { owner } = row
    if (!owner) return this.#allocate(shard, row)
    const fate = this.#fateOf(owner)
    if (fate === 'gone') return this.#takeOver(shard, row, owner)
    if (row.movingTo) return this.#goOn(shard, row, owner, row.movingTo)
    const refused = this.#situation.refused(this.#name, shard)
    if (refused?.epoch === row.epoch) {
      return this.#set(shard, { ...row, epoch: Math.max(row.epoch, refused.written) + 1 })
    }
    if (this.#isOpen(shard, row)) this.#agree(shard, row)
    else if (row.epoch < this.#lowestEpoch) this.#raise(shard, row)
    else if (fate === 'goes') this.#moveAway(shard, row)
  }

  /** Whether it is yet to be found out which copies of it count. */
  #isOpen(shard: number, row: ShardRow): boolean {
    return row.isUndecided || this.#situation.isContested(this.#name, shard, row)
  }

  /** What was begun in a census that is done with may be beside what was confirmed in the one that goes on. */
  #doubtLater(): void {
    for (const [shard, before] of this.#type.rows.entries()) {
      const row = this.#changed.get(shard) ?? before
      const isLater = row.lineage >= this.#type.census && row.owner !== undefined
      if (isLater && !row.isUndecided && !this.#decided.has(shard)) {
        this.#set(shard, { ...row, isUndecided: true })
      }
    }
  }

  #fateOf({ key }: NodeIdentity): Fate {
    const known = this.#fates.get(key)
    if (known) return known
    const member = this.#members.get(key)
    const isServing = member !== undefined && mayRun(member) && member.isReachable
    const stays = member?.status === 'up' && this.#situation.canRun(key, this.#name) !== false
    const fate = !isServing ? 'gone' : stays ? 'stays' : 'goes'
    this.#fates.set(key, fate)
    return fate
  }

  #allocate(shard: number, row: ShardRow): void {
    if (!this.#situation.isGathered(this.#name)) return
    const isDurable = this.#type.settings.disks > 0
    const found = isDurable ? this.#promote(shard, row, false) : undefined
    if (isDurable && !found) return
    const { furthest, epoch: written } = found ?? nothing
    const to = this.#pickOf(shard, furthest) ?? this.#pick(shard)
    if (!to) return
    const first = row.epoch === 0 ? this.#situation.firstEpoch : row.epoch + 1
    const epoch = Math.max(first, written + 1)
    this.#set(shard, {
      ...row,
      epoch,
      owner: to,
      replicas: heard(row, found)
        .filter((node) => !sameNode(node, to))
        .slice(0, maxReplicas),
      lineage: found ? this.#lineageOf(row, found, epoch) : 0,
      isUndecided: false,
    })
    this.#decided.add(shard)
  }

  /**
   * Where its copies come from, from now on: of what is known to be confirmed, where there is such.
   *
   * @param isOpen - whether what the row says is in doubt
   */
  #lineageOf(row: ShardRow, found: Found, epoch: number, isOpen = false): number {
    if (this.#type.settings.disks === 0) return 0
    const lineage = found.lineage ?? (isOpen ? unwritten(row, found, epoch) : row.lineage || epoch)
    if (this.census === 0) this.census = found.census || epoch
    // It only ever goes back: what nodes wrote down in the later one is done with.
    else if (lineage !== row.lineage && found.census !== 0) {
      this.census = Math.min(this.census, found.census)
    }
    return lineage
  }

  /**
   * Its owner began it anew, and somebody may have what was confirmed before: from now on that counts, once all of it is
   * known. Its epoch rises: whoever lives here goes by what did not count.
   */
  #agree(shard: number, row: ShardRow): void {
    const found = this.#promote(shard, row, true)
    if (!found) return
    const epoch = Math.max(found.epoch, row.epoch) + 1
    const isNew = (found.lineage ?? unwritten(row, found, epoch)) !== row.lineage
    if (!isNew && !row.isUndecided && !found.isForced) return
    const { owner } = row
    this.#set(shard, {
      ...row,
      epoch,
      replicas: heard(row, found)
        .filter((node) => !sameNode(node, owner))
        .slice(0, maxReplicas),
      lineage: this.#lineageOf(row, found, epoch, true),
      isUndecided: false,
    })
    this.#decided.add(shard)
  }

  /** @param isOpen - whether what the row says is in doubt */
  #promote(shard: number, row: ShardRow, isOpen: boolean): Found | undefined {
    const hosts = this.#hosts.map(({ node }) => node)
    return this.#situation.promote(this.#type.settings, shard, row, hosts, isOpen)
  }

  /** Its owner is gone, or out of reach: another gets it, once the owner's lease has run out. */
  #takeOver(shard: number, row: ShardRow, owner: NodeIdentity): void {
    const endsAt = this.#situation.leaseEnds(owner.key)
    if (endsAt > this.#situation.now) {
      this.retryAt = Math.min(this.retryAt, endsAt)
      return
    }
    const found = this.#promote(shard, row, row.isUndecided)
    if (!found) return
    const promoted = found.furthest.find(({ key }) => this.#hostsByKey.has(key))
    const to = promoted ?? this.#viable(row.movingTo) ?? this.#pick(shard)
    if (!to) return
    this.#settleAt(shard, { ...row, replicas: heard(row, found) }, to, found)
    this.#decided.add(shard)
  }

  #goOn(shard: number, row: ShardRow, owner: NodeIdentity, to: NodeIdentity): void {
    if (this.#viable(to)) {
      const isReleased = this.#situation.releasedAt(this.#name, shard) === row.epoch
      if (isReleased) this.#settleAt(shard, row, to)
      return
    }
    // Perhaps it has not told yet that it can run the type.
    if (!this.#situation.isGathered(this.#name)) return
    const other = this.#pick(shard, owner)
    if (other) this.#set(shard, { ...row, movingTo: other })
    // Another epoch: the owner may have stopped it and said so, which must not count any more.
    else this.#set(shard, { ...row, epoch: row.epoch + 1, movingTo: undefined })
  }

  #moveAway(shard: number, row: ShardRow): void {
    const to = this.#pick(shard, row.owner)
    if (to) this.#set(shard, { ...row, movingTo: to })
  }

  /** None below that is given. To rise costs entities their lives, and those dearly that are not kept in copies. */
  get #lowestEpoch(): number {
    return this.#type.settings.replicas > 0 ? this.#situation.lowestEpoch : 0
  }

  /**
   * By a move, to whoever has copies: entities come to what they were sent, and to the end of what they write. Where nobody else
   * can have the shard, its owner begins it again, and what they had is lost.
   */
  #raise(shard: number, row: ShardRow): void {
    if (!this.#situation.isGathered(this.#name)) return
    const to = this.#pickOf(shard, row.replicas) ?? this.#pick(shard, row.owner)
    if (to) this.#set(shard, { ...row, movingTo: to })
    else this.#set(shard, { ...row, epoch: this.#lowestEpoch })
  }

  /** @param found - where its copies were asked for; what is in doubt stays so without */
  #settleAt(shard: number, row: ShardRow, to: NodeIdentity, found?: Found): void {
    const replicas = this.#keepersOf(shard, row).filter((node) => !sameNode(node, to))
    const { epoch: written } = found ?? nothing
    const epoch = Math.max(Math.max(row.epoch, written) + 1, this.#lowestEpoch)
    const isOpen = found !== undefined && row.isUndecided
    this.#set(shard, {
      epoch,
      owner: to,
      movingTo: undefined,
      replicas: replicas.slice(0, maxReplicas),
      lineage: this.#lineageOf(row, found ?? nothing, epoch, isOpen),
      isUndecided: row.isUndecided && !isOpen,
    })
  }

  /** All who have copies, until the next owner has told that it took over what they have. */
  #keepersOf(shard: number, { owner, replicas }: ShardRow): readonly NodeIdentity[] {
    if (this.#type.settings.replicas === 0) return []
    if (!owner) return replicas
    // Whoever had it has all that was written, and is the best to keep a copy, where it is there to stay.
    if (this.#hostsByKey.has(owner.key)) return [owner, ...replicas]
    this.#displaced.set(shard, owner.key)
    return [...replicas, owner]
  }

  #viable(node: NodeIdentity | undefined): NodeIdentity | undefined {
    return node && this.#hostsByKey.has(node.key) ? node : undefined
  }

  /** @param except - who must not get it */
  #pick(shard: number, except?: NodeIdentity): NodeIdentity | undefined {
    const { strategy } = this.#situation
    if (!this.#situation.isGathered(this.#name)) return undefined
    const hosts = except ? this.#hosts.filter(({ node }) => node.key !== except.key) : this.#hosts
    if (hosts.length === 0) return undefined
    const to = strategy.allocate(this.#name, shard, hosts)
    return this.#viable(to)
  }

  /** One of some nodes, where they can be given shards. */
  #pickOf(shard: number, nodes: readonly NodeIdentity[]): NodeIdentity | undefined {
    const hosts = this.#hosts.filter(({ node }) => includes(nodes, node))
    if (hosts.length === 0) return undefined
    return this.#viable(this.#situation.strategy.allocate(this.#name, shard, hosts))
  }

  #set(shard: number, row: ShardRow): void {
    const before = placeOf(this.#changed.get(shard) ?? this.#type.rows[shard] ?? row)
    const after = placeOf(row)
    this.#changed.set(shard, row)
    if (sameNode(before, after)) return
    const left = before && this.#hostsByKey.get(before.key)
    if (left) {
      left.shards.splice(left.shards.indexOf(shard), 1)
      left.total--
    }
    const joined = after && this.#hostsByKey.get(after.key)
    if (!joined) return
    joined.shards.push(shard)
    joined.total++
  }

  /** Not while somebody is out of reach or on the way in: that would be moved twice. */
  #rebalance(): void {
    const { view, strategy, maxMoving, maxMovingShare } = this.#situation
    const isUnsettled = view.some(
      ({ status, isReachable }) =>
        status === 'joining' || status === 'weakly-up' || (status === 'up' && !isReachable),
    )
    if (isUnsettled || !this.#situation.isGathered(this.#name)) return
    const { rows } = this.#type
    const moving = rows.reduce((count, { movingTo }) => count + (movingTo ? 1 : 0), 0)
    const limit =
      Math.max(1, Math.min(Math.floor(rows.length * maxMovingShare), maxMoving)) - moving
    if (limit <= 0) return
    for (const { shard, to } of strategy.rebalance(this.#name, this.#movable(), limit)) {
      const row = rows[shard]
      const isAtRest = row?.owner && !row.movingTo && !row.isUndecided
      const mayMove = isAtRest && !this.#changed.has(shard)
      if (mayMove && this.#viable(to) && !sameNode(row.owner, to)) {
        this.#set(shard, { ...row, movingTo: to })
      }
    }
  }

  /** Hosts with the shards that are at rest there; what is under way counts as load. */
  #movable(): readonly Host[] {
    const { rows } = this.#type
    return this.#hosts.map(({ node, upNumber, shards, total }) => {
      const ordered = shards.toSorted((left, right) => left - right)
      const isAtRest = (shard: number): boolean =>
        rows[shard]?.movingTo === undefined && !this.#changed.has(shard)
      // Those that can move come last, where strategies take from.
      const atRest = ordered.filter(isAtRest)
      const under = ordered.filter((shard) => !isAtRest(shard))
      return { node, upNumber, shards: [...under, ...atRest], total }
    })
  }

  #placeReplicas(): void {
    const { settings, rows } = this.#type
    if (settings.replicas === 0) return
    const current = rows.map((row, shard) => this.#changed.get(shard) ?? row)
    // Where the owner is gone, a replica takes its place first: whoever were added now has no copies.
    const isServed = ({ owner }: ShardRow): boolean =>
      owner !== undefined && this.#fateOf(owner) !== 'gone'
    const superfluous = (shard: number): readonly NodeIdentity[] => {
      // What was told is of the row as it is in the table.
      const row = this.#changed.has(shard) ? undefined : rows[shard]
      return row ? this.#situation.superfluous(this.#name, shard, row) : []
    }
    const places = planReplicas(
      current.map((row) => (isServed(row) ? row : unowned)),
      this.#hosts,
      {
        wanted: settings.replicas,
        isKept: ({ key }) => {
          const member = this.#members.get(key)
          return member !== undefined && mayRun(member)
        },
        stays: ({ key }, shard) => {
          const isUp = this.#members.get(key)?.status === 'up'
          const isHost = this.#situation.canRun(key, this.#name) !== false
          return isUp && isHost && this.#displaced.get(shard) !== key
        },
        superfluous,
      },
    )
    for (const [shard, replicas] of places) {
      const row = current[shard]
      if (row) this.#changed.set(shard, { ...row, replicas })
    }
  }
}
