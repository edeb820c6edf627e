// What a coordinator changes in the rows of one type: each is looked at once, then those at rest move for evenness, and replicas fill up.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { maxReplicas } from '../codec-limits.ts'
import {
  includesNode,
  placeOf,
  sameNode,
  sameNodes,
  sameRow,
  unowned,
  type ShardRow,
} from '../table/shard-row.ts'
import type { TypeTable } from '../table/shard-table.ts'
import { Census, lineageFound } from './census.ts'
import { Fates } from './fates.ts'
import { nothing, type Found } from './found.ts'
import { HostLoads } from './host-loads.ts'
import { rebalance } from './rebalance.ts'
import { planReplicas } from './replica-places.ts'
import type { Situation } from './situation.ts'

/** What becomes of a shard. */
export interface PlannedRow {
  readonly shard: number
  readonly row: ShardRow
}

/** Mutable: it makes one plan. */
export class TypePlanner {
  retryAt: number = Number.POSITIVE_INFINITY
  readonly #name: string
  readonly #type: TypeTable
  readonly #situation: Situation
  readonly #loads: HostLoads
  readonly #fates: Fates
  readonly #census: Census
  readonly #changed = new Map<number, ShardRow>()
  /** Shards of which it has just been found out which copies count. */
  readonly #decided = new Set<number>()
  /** Owners that lost a shard just now, and are not there to keep copies of it. */
  readonly #displaced = new Map<number, NodeKey>()

  /** @param totals - of shards of all types, by node */
  constructor(type: TypeTable, situation: Situation, totals: ReadonlyMap<NodeKey, number>) {
    this.#type = type
    this.#name = type.settings.name
    this.#situation = situation
    this.#loads = new HostLoads(type, situation, totals)
    this.#fates = new Fates(situation.view, (node) => situation.canRun(node, this.#name))
    this.#census = new Census(type)
  }

  /** Which record of hosts goes on. */
  get census(): number {
    return this.#census.current
  }

  plan(): readonly PlannedRow[] {
    const { rows } = this.#type
    rows.forEach((row, shard) => this.#planRow(shard, row))
    rows.forEach((_, shard) => this.#decide(shard))
    rows.forEach((_, shard) => this.#doubt(shard))
    this.#rebalance()
    this.#placeReplicas()
    return [...this.#changed].map(([shard, row]) => ({ shard, row }))
  }

  /** As it is so far. */
  #row(shard: number): ShardRow {
    return this.#changed.get(shard) ?? this.#type.rows[shard] ?? unowned
  }

  #planRow(shard: number, row: ShardRow): void {
    const { owner } = row
    if (!owner) return this.#allocate(shard, row)
    const fate = this.#fates.of(owner)
    if (fate === 'gone') return this.#takeOver(shard, row, owner)
    if (row.movingTo) return this.#goOn(shard, row, owner, row.movingTo)
    const refused = this.#situation.refused(this.#name, shard)
    if (refused?.epoch === row.epoch) {
      const epoch = Math.max(row.epoch, refused.written) + 1
      return this.#set(shard, { ...row, epoch })
    }
    if (this.#isOpen(shard, row)) this.#agree(shard, row)
    else if (row.epoch < this.#lowestEpoch) this.#raise(shard, row)
    else if (fate === 'goes') this.#moveAway(shard, row)
  }

  /** Whether it is yet to be found out which copies of it count. */
  #isOpen(shard: number, row: ShardRow): boolean {
    return row.isUndecided || this.#situation.isContested(this.#name, shard, row)
  }

  #decide(shard: number): void {
    const row = this.#row(shard)
    const isNew = !row.isDecided && !row.isUndecided
    if (!isNew || !this.#situation.isDecided(this.#name, shard, row.lineage)) return
    this.#set(shard, { ...row, isDecided: true })
  }

  /** What others may have otherwise, and nobody was asked about just now. */
  #doubt(shard: number): void {
    const row = this.#row(shard)
    if (!this.#census.doubts(row) || row.isUndecided || this.#decided.has(shard)) return
    this.#set(shard, { ...row, isUndecided: true })
  }

  #allocate(shard: number, row: ShardRow): void {
    if (!this.#situation.isGathered(this.#name)) return
    const isDurable = this.#type.settings.disks > 0
    const found = isDurable ? this.#promote(shard, row, false) : undefined
    if (isDurable && !found) return
    const { furthest, epoch: written } = found ?? nothing
    const to = this.#loads.pickOf(shard, furthest) ?? this.#loads.pick(shard)
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
      isUndecided: false,
      ...(found ? this.#lineageOf(row, found, epoch) : { lineage: 0, isDecided: false }),
    })
    this.#decided.add(shard)
  }

  /**
   * Its owner began it anew, and somebody may have what was confirmed before: from now on that counts, once all of it is
   * known. Its epoch rises: whoever lives here goes by what did not count.
   */
  #agree(shard: number, row: ShardRow): void {
    const found = this.#promote(shard, row, true)
    if (!found) return
    const epoch = Math.max(found.epoch, row.epoch) + 1
    const isNew = lineageFound(row, found, epoch) !== row.lineage
    if (!isNew && !row.isUndecided && !found.isForced) return
    const { owner } = row
    this.#set(shard, {
      ...row,
      epoch,
      replicas: heard(row, found)
        .filter((node) => !sameNode(node, owner))
        .slice(0, maxReplicas),
      isUndecided: false,
      ...this.#lineageOf(row, found, epoch, true),
    })
    this.#decided.add(shard)
  }

  /** @param isOpen - whether what the row says is in doubt */
  #promote(shard: number, row: ShardRow, isOpen: boolean): Found | undefined {
    const hosts = this.#loads.hosts.map(({ node }) => node)
    return this.#situation.promote(this.#type, shard, row, hosts, isOpen)
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
    const promoted = found.furthest.find((node) => this.#loads.has(node))
    const to = promoted ?? this.#loads.viable(row.movingTo) ?? this.#loads.pick(shard)
    if (!to) return
    this.#settleAt(shard, { ...row, replicas: heard(row, found) }, to, found)
    this.#decided.add(shard)
  }

  #goOn(shard: number, row: ShardRow, owner: NodeIdentity, to: NodeIdentity): void {
    if (this.#loads.viable(to)) {
      const isReleased = this.#situation.releasedAt(this.#name, shard) === row.epoch
      if (isReleased) this.#settleAt(shard, row, to)
      return
    }
    // Perhaps it has not told yet that it can run the type.
    if (!this.#situation.isGathered(this.#name)) return
    const other = this.#loads.pick(shard, owner)
    if (other) this.#set(shard, { ...row, movingTo: other })
    // Another epoch: the owner may have stopped it and said so, which must not count any more.
    else this.#set(shard, { ...row, epoch: row.epoch + 1, movingTo: undefined })
  }

  #moveAway(shard: number, row: ShardRow): void {
    const to = this.#loads.pick(shard, row.owner)
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
    const to = this.#loads.pickOf(shard, row.replicas) ?? this.#loads.pick(shard, row.owner)
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
      ...row,
      epoch,
      owner: to,
      movingTo: undefined,
      replicas: replicas.slice(0, maxReplicas),
      isUndecided: row.isUndecided && !isOpen,
      ...this.#lineageOf(row, found ?? nothing, epoch, isOpen),
    })
  }

  #lineageOf(
    row: ShardRow,
    found: Found,
    epoch: number,
    isOpen = false,
  ): Pick<ShardRow, 'lineage' | 'isDecided'> {
    const lineage = this.#census.lineageOf(row, found, epoch, isOpen)
    const isDecided = found.isForced || (row.isDecided && lineage === row.lineage)
    return { lineage, isDecided }
  }

  /** All who have copies, until the next owner has told that it took over what they have. */
  #keepersOf(shard: number, { owner, replicas }: ShardRow): readonly NodeIdentity[] {
    if (this.#type.settings.replicas === 0) return []
    if (!owner) return replicas
    // Whoever had it has all that was written, and is the best to keep a copy, where it is there to stay.
    if (this.#loads.has(owner)) return [owner, ...replicas]
    this.#displaced.set(shard, owner.key)
    return [...replicas, owner]
  }

  /** Of another epoch, its owner has yet to tell that those that are to keep copies have all. */
  #set(shard: number, row: ShardRow): void {
    const before = this.#row(shard)
    this.#loads.move(shard, placeOf(before), placeOf(row))
    const isReplicated = row.isReplicated && row.epoch === before.epoch
    this.#changed.set(shard, { ...row, isReplicated })
  }

  #rebalance(): void {
    const isChanging = (shard: number): boolean => this.#changed.has(shard)
    const moves = rebalance(this.#type, this.#loads, this.#situation, isChanging)
    for (const [shard, to] of moves) this.#set(shard, { ...this.#row(shard), movingTo: to })
  }

  #placeReplicas(): void {
    const { settings, rows } = this.#type
    const { replicas: wanted } = settings
    if (wanted === 0) return
    const current = rows.map((_, shard) => this.#row(shard))
    // Where the owner is gone, a replica takes its place first: whoever were added now has no copies.
    const isServed = ({ owner }: ShardRow): boolean =>
      owner !== undefined && this.#fates.of(owner) !== 'gone'
    // What was told is of the row as it is in the table.
    const told = rows.map((row, shard) =>
      this.#changed.has(shard) ? undefined : this.#situation.replicated(this.#name, shard, row),
    )
    const superfluous = (shard: number): readonly NodeIdentity[] => told[shard]?.superfluous ?? []
    const places = planReplicas(
      current.map((row) => (isServed(row) ? row : unowned)),
      this.#loads.hosts,
      {
        wanted,
        isKept: (node) => this.#fates.isThere(node),
        stays: (node, shard) =>
          this.#fates.isToStay(node) && this.#displaced.get(shard) !== node.key,
        superfluous,
      },
    )
    for (const [shard, row] of current.entries()) {
      const replicas = places.get(shard) ?? row.replicas
      // Whoever has come to be one of them has nothing yet.
      // Whoever is gone, and was not told to be superfluous, may have counted in the place of one that leaves.
      const isKnown = (node: NodeIdentity): boolean =>
        includesNode(replicas, node) || includesNode(superfluous(shard), node)
      const isSame =
        sameNodes(replicas.slice(0, wanted), row.replicas.slice(0, wanted)) &&
        row.replicas.every(isKnown)
      const isReplicated = isSame && (row.isReplicated || told[shard] !== undefined)
      const after = { ...row, replicas, isReplicated }
      if (!sameRow(after, row)) this.#changed.set(shard, after)
    }
  }
}

/** Who is to be asked for copies: those that the row names, and who was found to have some. */
function heard({ replicas }: ShardRow, found: Found = nothing): readonly NodeIdentity[] {
  return [...replicas, ...found.keepers.filter((node) => !includesNode(replicas, node))]
}
