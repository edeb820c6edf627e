// The copies of entities' events on one node: those of its own shards, which it has replicas keep, and those that it
// keeps for others. The shell around both: frames, the table, one timer.
import type { Clock } from '@casty/clock'
import { journalLimitDefaults, type EventJournal } from '@casty/persistence'
import type { NodeIdentity } from '@casty/transport'
import type { ClusterEndpoint } from '@casty/membership'
import type { CheckedType } from '../entity-type.ts'
import type {
  GiveUpMessage,
  ReplicaReport,
  ReplicatedShardReport,
  ShardAtEpoch,
} from '../protocol.ts'
import { hashOf } from '../region/shard-of.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { ShardTable } from '../table/shard-table.ts'
import { Alarm } from './alarm.ts'
import { CopyOffers } from './copy-offers.ts'
import { EndOfTurn } from './end-of-turn.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import { ReplicatedJournal } from './replicated-journal.ts'
import { ReplicatedShard } from './replicated-shard.ts'
import { ReplicatedType, type Kept } from './replicated-type.ts'
import type { ReplicationHeader, RequestHeader } from './replication-codec.ts'
import { ReplicationFrames } from './replication-frames.ts'
import { batchBytesOf, checkFrameBytes, replicatedLimits } from './replication-limits.ts'
import type { ReplicationStatistics } from './replication-tally.ts'
import { ReplicationWarnings } from './replication-warnings.ts'

export interface ReplicationPort {
  readonly self: NodeIdentity
  readonly clock: Clock
  readonly endpoint: ClusterEndpoint
  isReachable(node: NodeIdentity): boolean
  /** Whether it is not about to leave, as far as is known here; whoever is, never stays again. */
  stays(node: NodeIdentity): boolean
  readonly table: ShardTable
  fenced(shard: ShardAtEpoch, written: number): void
  /** Those that are to keep copies of these have all: what was found in one turn together. */
  replicated(shards: readonly ReplicatedShardReport[]): void
  /** This node owns the shard, has confirmed nothing of it, and was told of copies that come from elsewhere. */
  contested(shard: ShardAtEpoch): void
  /** A type whose copies had to be read from a journal can be run from now on. */
  loaded(): void
  /** Clients have no part in this. */
  isGuest(node: NodeIdentity): boolean
  report(error: unknown, what: string): void
  warn(what: string): void
}

export class Replication implements Disposable {
  readonly #port: ReplicationPort
  readonly #frameBytes: number
  readonly #types = new Map<number, ReplicatedType>()
  readonly #turn = new EndOfTurn()
  readonly #frames: ReplicationFrames
  readonly #offers: CopyOffers
  readonly #warnings: ReplicationWarnings
  readonly #alarm: Alarm
  /** Found in this turn. */
  #filled: ReplicatedShardReport[] = []
  #isClosed = false

  constructor(port: ReplicationPort, maxFrameBytes: number) {
    this.#port = port
    this.#frameBytes = maxFrameBytes
    this.#frames = new ReplicationFrames(port, {
      atEndOfTurn: (callback) => this.#turn.add(callback),
      asked: (from, header, request) => this.#asked(from, header, request),
      told: (from, header, answer) => this.#told(from, header, answer),
      toldAll: () => this.#alarm.arm(),
    })
    this.#offers = new CopyOffers(port, this.#types, this.#frames)
    this.#warnings = new ReplicationWarnings(port)
    this.#alarm = new Alarm({
      clock: port.clock,
      nextDeadline: () => this.#nextDeadline(),
      tick: (now) => this.#tick(now),
    })
  }

  get #now(): number {
    return this.#port.clock.now()
  }

  /** Before any of its shards begins here. @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
  start({ name, numShards, replication, journal }: CheckedType): void {
    const hash = hashOf(name)
    if (!replication || this.#types.has(hash)) return
    checkFrameBytes(this.#frameBytes)
    const type = new ReplicatedType({ name, hash, numShards }, replication, journal, {
      self: this.#port.self,
      clock: this.#port.clock,
      atEndOfTurn: (callback) => this.#turn.add(callback),
      report: (error, what) => this.#port.report(error, what),
      loaded: () => this.#loaded(type),
    })
    this.#types.set(hash, type)
  }

  #loaded(type: ReplicatedType): void {
    if (this.#isClosed) return
    const { table } = this.#port
    type.tableChanged(table)
    for (const [shard, row] of (table.types.get(type.name)?.rows ?? []).entries()) {
      this.homeChanged(type.name, shard, row)
    }
    this.#port.loaded()
  }

  /** Whether shards of the type may begin here: what is on disk has been read. */
  isLoaded(typeName: string): boolean {
    return this.#types.get(hashOf(typeName))?.isLoaded !== false
  }

  journalOf(
    { name, journal }: CheckedType,
    shard: number,
    epoch: number,
  ): EventJournal | undefined {
    const type = this.#types.get(hashOf(name))
    if (!type) return undefined
    const owned = this.#own(type, shard, { ...this.#port.table.row(name, shard), epoch })
    const limits = replicatedLimits(this.#frameBytes, journal?.limits ?? journalLimitDefaults)
    return new ReplicatedJournal(owned, limits, {
      now: () => this.#now,
      deadlineMoved: () => this.#alarm.arm(),
      timedOut: (id, outcome) => this.#warnings.timedOut(type, shard, id, outcome.type),
    })
  }

  #own(type: ReplicatedType, shard: number, row: ShardRow): ReplicatedShard {
    const { epoch, replicas, lineage } = row
    const kept = type.keptOf(shard)
    if (kept.owned?.epoch === epoch) return kept.owned
    kept.owned?.end(epoch)
    const { name } = type
    const header = { typeHash: type.hash, shard, epoch }
    const atEpoch = { typeName: name, shard, epoch }
    const settings = { ...type.config, batchBytes: batchBytesOf(this.#frameBytes) }
    const port = this.#port
    const owned = new ReplicatedShard(
      epoch,
      kept.copies,
      settings,
      {
        send: (to, request) => {
          this.#frames.ask(to, { ...header, lineage: owned.lineage }, request, type.tally)
        },
        isReachable: (node) => port.isReachable(node),
        stays: (node) => port.stays(node),
        fenced: (written) => {
          // The next owner is heard of before the table that names it: it was to be.
          if (port.table.row(name, shard).movingTo) return
          this.#warnings.wasRefused(type, shard, written)
          port.fenced(atEpoch, written)
        },
        replicated: (nodes, superfluous) =>
          this.#replicated({ ...atEpoch, replicas: nodes, superfluous }),
        contested: () => {
          port.contested(atEpoch)
          this.#warnings.contested(type, shard)
        },
        mayBeElsewhere: () => type.olderThan(shard, owned.lineage) !== undefined,
        noRoom: (at, id) => this.#warnings.noRoom(type, at, id),
        atEndOfTurn: (callback) => this.#turn.add(callback),
      },
      kept.log,
      lineage,
    )
    kept.owned = owned
    owned.follow(replicas, this.#now, row)
    this.#alarm.arm()
    return owned
  }

  /** All shards of a type are looked at when the table comes, and when a member goes. */
  #replicated(shard: ReplicatedShardReport): void {
    if (this.#filled.push(shard) > 1) return
    this.#turn.add(() => {
      const filled = this.#filled
      this.#filled = []
      if (!this.#isClosed) this.#port.replicated(filled)
    })
  }

  /** The table that all go by says so. */
  homeChanged(typeName: string, shard: number, row: ShardRow): void {
    const type = this.#types.get(hashOf(typeName))
    if (!type || type.name !== typeName || !type.isLoaded) return
    const { owner, epoch, replicas } = row
    const { self } = this.#port
    if (owner?.equals(self)) {
      this.#own(type, shard, row).follow(replicas, this.#now, row)
      this.#alarm.arm()
      return
    }
    const kept = type.shards.get(shard)
    if (!kept) return
    kept.copies.raiseFence(epoch)
    const { owned } = kept
    if (owned && owned.epoch < epoch) owned.end(epoch)
    if (!owner || replicas.some((node) => node.equals(self))) return
    kept.copies.arriving.letGo() // Nobody sends the rest.
    // Another one has it, and has all that is needed. What is on disk may be of a life before this one, of which the table knows
    // nothing: the owner itself has to say so.
    if (!type.isDurable) kept.copies.forget()
    else if (kept.copies.count > 0) this.#offerSoon()
  }

  #offerSoon(): void {
    this.#offers.soon()
    this.#alarm.arm()
  }

  /** Which shards are whose is another: before any of them is told so. */
  tableChanged(): void {
    for (const type of this.#types.values()) {
      type.tableChanged(this.#port.table)
      if (type.older !== undefined) this.#offerSoon()
    }
  }

  /** Who is in reach, or about to leave, has changed. */
  membersChanged(): void {
    for (const { name, shards } of this.#types.values()) {
      for (const [shard, { owned }] of shards) {
        const row = this.#port.table.row(name, shard)
        owned?.follow(row.replicas, this.#now, row)
      }
    }
    this.#frames.forgetIdle()
    this.#alarm.arm()
  }

  /** How far copies here go: decides who is to own shards whose owner is gone. What is not known yet, or may change, is left out. */
  report(shards: readonly ShardAtEpoch[]): readonly ReplicaReport[] {
    return shards.flatMap((asked) => {
      const type = this.#types.get(hashOf(asked.typeName))
      if (type?.isLoaded === false) return []
      const kept = type?.shards.get(asked.shard)
      if (kept?.owned?.mayConfirm(asked.epoch)) return []
      const { position: copies, lineage } = kept?.copies ?? {}
      return [{ ...asked, copies, lineage, censuses: type?.censuses ?? [] }]
    })
  }

  /** Copies of a shard that come from elsewhere than what is kept do not count any more: somebody has decided so. */
  giveUp({ typeName, shard, kept }: GiveUpMessage): void {
    const type = this.#types.get(hashOf(typeName))
    if (!type?.isLoaded || !type.isDurable) return
    const { copies, log, replica, owned } = type.keptOf(shard)
    const { lineage, count } = copies
    replica.decided(kept)
    if (lineage && lineage.bornIn !== kept) {
      this.#warnings.gaveUp(type, shard, count, lineage, kept)
      copies.forget()
      log?.forget()
      owned?.gaveUp(this.#now)
    }
    type.decided()
  }

  /** What there is of a shard here. */
  kept(typeName: string, shard: number): Kept | undefined {
    return this.#types.get(hashOf(typeName))?.shards.get(shard)
  }

  statistics(typeName: string): ReplicationStatistics | undefined {
    const type = this.#types.get(hashOf(typeName))
    if (!type) return undefined
    let copies = 0
    for (const { copies: ofShard } of type.shards.values()) copies += ofShard.count
    return type.tally.statistics(copies, type.room.usedBytes)
  }

  #asked(from: NodeIdentity, header: RequestHeader, request: ReplicaRequest): void {
    const type = this.#types.get(header.typeHash)
    if (!type?.isLoaded || header.shard >= type.numShards) return
    const kept = type.keptOf(header.shard)
    const { epoch } = this.#port.table.row(type.name, header.shard)
    // The owner goes by a later table than this node, in which what was there before it may count by now. It asks again.
    if (header.epoch > epoch && type.older !== undefined && !kept.copies.lineage) return
    kept.copies.raiseFence(epoch)
    kept.replica.answer(header, request, (answer) => {
      const { shard } = header
      if (answer.type === 'fenced') this.#warnings.refused(type, shard, header.epoch, from)
      if (answer.type === 'other-lineage' && kept.copies.count > 0)
        this.#warnings.keptAside(type, shard, from)
      this.#frames.answer(from, header, answer)
    })
    if (kept.owned && header.epoch > kept.owned.epoch) kept.owned.fenceOff(header.epoch)
  }

  #told(from: NodeIdentity, header: ReplicationHeader, answer: ReplicaAnswer): void {
    const owned = this.#types.get(header.typeHash)?.shards.get(header.shard)?.owned
    if (owned?.epoch !== header.epoch) return
    owned.answered(from, answer, this.#now)
  }

  *#owned(): Iterable<ReplicatedShard> {
    for (const { shards } of this.#types.values()) {
      for (const { owned } of shards.values()) {
        if (owned?.endedBy === undefined && owned) yield owned
      }
    }
  }

  #nextDeadline(): number {
    let next = this.#offers.nextDeadline()
    for (const owned of this.#owned()) next = Math.min(next, owned.nextDeadline())
    return next
  }

  #tick(now: number): void {
    for (const owned of this.#owned()) owned.tick(now)
    this.#offers.tick(now)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#frames[Symbol.dispose]()
    this.#alarm[Symbol.dispose]()
    for (const type of this.#types.values()) type.close()
  }
}
