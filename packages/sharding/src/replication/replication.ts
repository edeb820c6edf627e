// The copies of entities' events on one node: those of its own shards, which it has replicas keep, and those that it
// keeps for others. The shell around both: frames, the table, one timer.
import type { Clock } from '@casty/clock'
import {
  checkedLimits,
  journalLimitDefaults,
  type EventJournal,
  type JournalLimits,
} from '@casty/persistence'
import type { NodeIdentity } from '@casty/transport'
import type { ClusterEndpoint } from '@casty/membership'
import { readBelieved } from '../believed.ts'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import type {
  GiveUpMessage,
  ReplicaReport,
  ReplicatedShardReport,
  ShardAtEpoch,
} from '../protocol.ts'
import { KnownIds } from '../region/known-ids.ts'
import { hashOf } from '../region/shard-of.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { ShardTable } from '../table/shard-table.ts'
import { Alarm } from './alarm.ts'
import { EndOfTurn } from './end-of-turn.ts'
import { FramesOfTurn, partsOfFrame } from './frames-of-turn.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import { ReplicatedJournal } from './replicated-journal.ts'
import { ReplicatedShard } from './replicated-shard.ts'
import { ReplicatedType, type Kept } from './replicated-type.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  replicationFrameTypes,
  type ReplicationHeader,
  type RequestHeader,
} from './replication-codec.ts'
import type { ReplicationStatistics } from './replication-tally.ts'

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

/** Lists of ids and pieces of copies take so much. */
const minFrameBytes = 524_288
/** How often owners are told of copies that they perhaps need not have kept here, in milliseconds. */
const offerMs = 1_000

export class Replication implements Disposable {
  readonly #port: ReplicationPort
  readonly #frameBytes: number
  readonly #types = new Map<number, ReplicatedType>()
  readonly #subscriptions: readonly Disposable[]
  readonly #alarm: Alarm
  #offersAt = Infinity
  readonly #turn = new EndOfTurn()
  /** Found in this turn. */
  #filled: ReplicatedShardReport[] = []
  readonly #requests: FramesOfTurn
  readonly #answers: FramesOfTurn
  #isClosed = false

  constructor(port: ReplicationPort, maxFrameBytes: number) {
    this.#port = port
    this.#frameBytes = maxFrameBytes
    const { request, answer } = replicationFrameTypes
    const { endpoint } = port
    const readCount = readBelieved(() => port.clock.wallNow())
    const texts = new KnownIds()
    this.#requests = this.#frames(request)
    this.#answers = this.#frames(answer)
    this.#alarm = new Alarm({
      clock: port.clock,
      nextDeadline: () => this.#nextDeadline(),
      tick: (now) => this.#tick(now),
    })
    this.#subscriptions = [
      endpoint.handle(
        request,
        (from, bytes, start, end) => {
          if (port.isGuest(from)) return
          // All are read before one is carried out: one that cannot be read has no part in anything.
          const requests = Array.from(partsOfFrame(bytes, start, end), (part) =>
            decodeRequest(part, readCount, texts),
          )
          for (const asked of requests) this.#asked(from, asked.header, asked.request)
        },
        { from: 'members' },
      ),
      endpoint.handle(
        answer,
        (from, bytes, start, end) => {
          if (port.isGuest(from)) return
          const answers = Array.from(partsOfFrame(bytes, start, end), (part) =>
            decodeAnswer(part, readCount, texts),
          )
          for (const told of answers) this.#told(from, told.header, told.answer)
          this.#alarm.arm()
        },
        { from: 'members' },
      ),
    ]
  }

  #frames(frameType: number): FramesOfTurn {
    return new FramesOfTurn({
      send: (to, frame) => {
        if (!this.#isClosed) this.#port.endpoint.send(to, 'data', frameType, frame)
      },
      atEndOfTurn: (callback) => this.#turn.add(callback),
    })
  }

  get #now(): number {
    return this.#port.clock.now()
  }

  /** Before any of its shards begins here. @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
  start({ name, numShards, replication, journal }: CheckedType): void {
    const hash = hashOf(name)
    if (!replication || this.#types.has(hash)) return
    if (this.#frameBytes < minFrameBytes) {
      const allowed = `at least ${minFrameBytes} where a type has replication`
      throw ShardingError.invalidOption('limits.maxDataFrameBytes', this.#frameBytes, allowed)
    }
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

  /** An append or a snapshot travels in one frame, and is written in one record. */
  #limitsOf({ limits }: Pick<EventJournal, 'limits'>): JournalLimits {
    // Half of a frame for texts and numbers of records, the rest for their bytes.
    const frameBytes = Math.max(1, Math.floor(0.4 * this.#frameBytes))
    const recordBytes = Math.max(1, Math.floor(0.4 * limits.maxRecordBytes))
    const maxBytes = Math.min(frameBytes, recordBytes)
    const textBytes = Math.min(0.55 * this.#frameBytes, 0.5 * limits.maxRecordBytes)
    return checkedLimits({
      maxRecordBytes: maxBytes,
      maxBatchBytes: maxBytes,
      maxBatchEvents: Math.max(1, Math.min(2_000, Math.floor(textBytes / 280))),
    })
  }

  journalOf(
    { name, journal }: CheckedType,
    shard: number,
    epoch: number,
  ): EventJournal | undefined {
    const type = this.#types.get(hashOf(name))
    if (!type) return undefined
    const owned = this.#own(type, shard, { ...this.#port.table.row(name, shard), epoch })
    const limits = this.#limitsOf(journal ?? { limits: journalLimitDefaults })
    return new ReplicatedJournal(owned, limits, {
      now: () => this.#now,
      deadlineMoved: () => this.#alarm.arm(),
      timedOut: (id, { type: how }) => {
        const counter = how === 'timed-out' ? 'timedOut' : 'outOfReach'
        if (!type.tally.note(counter, this.#now)) return
        const why = how === 'timed-out' ? 'did not confirm a write in time' : 'are not in reach'
        this.#port.warn(`${name}: replicas of shard ${shard} ${why}, as of ${id}`)
      },
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
    const settings = { ...type.config, batchBytes: Math.floor(0.4 * this.#frameBytes) }
    const port = this.#port
    const owned = new ReplicatedShard(
      epoch,
      kept.copies,
      settings,
      {
        send: (to, request) => {
          this.#ask(type, to, { ...header, lineage: owned.lineage }, request)
        },
        isReachable: (node) => port.isReachable(node),
        stays: (node) => port.stays(node),
        fenced: (written) => {
          // The next owner is heard of before the table that names it: it was to be.
          if (port.table.row(name, shard).movingTo) return
          const isDue = type.tally.note('wasRefused', this.#now)
          if (isDue) port.warn(`${name}: shard ${shard} is another's, under epoch ${written}`)
          port.fenced(atEpoch, written)
        },
        replicated: (nodes, superfluous) =>
          this.#replicated({ ...atEpoch, replicas: nodes, superfluous }),
        contested: () => this.#contested(type, atEpoch),
        mayBeElsewhere: () => type.older !== undefined,
        noRoom: (at, id) => this.#noRoom(type, at === 'owner' ? 'this node' : 'a replica', id),
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

  #contested(type: ReplicatedType, shard: ShardAtEpoch): void {
    this.#port.contested(shard)
    if (!type.tally.note('contested', this.#now)) return
    this.#port.warn(
      `${type.name}: somebody has copies of shard ${shard.shard} that this node, its owner, knew nothing of: nothing of it is written before it is known which count`,
    )
  }

  #noRoom(type: ReplicatedType, where: string, id: string): void {
    if (!type.tally.note('noRoom', this.#now)) return
    this.#port.warn(`${type.name}: ${where} has no room for ${id}: raise replication.maxCopyBytes`)
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
    // Another one has it, and has all that is needed. What is on disk may be of a life before this one, of which the table knows
    // nothing: the owner itself has to say so.
    if (!type.isDurable) kept.copies.forget()
    else if (kept.copies.count > 0) this.#offerSoon()
  }

  #offerSoon(): void {
    this.#offersAt = Math.min(this.#offersAt, this.#now + offerMs)
    this.#alarm.arm()
  }

  /** Tells owners of copies here that they do not count on. */
  #offer(): void {
    this.#offersAt = Infinity
    const { self } = this.#port
    for (const type of this.#types.values()) {
      const { name, hash } = type
      for (const shard of type.offered()) {
        const { owner, epoch, replicas } = this.#port.table.row(name, shard)
        const isCountedOn = owner?.equals(self) || replicas.some((node) => node.equals(self))
        if (!owner || isCountedOn) continue
        this.#offersAt = this.#now + offerMs
        if (this.#port.isReachable(owner)) {
          this.#answer(owner, { typeHash: hash, shard, epoch }, { type: 'offer' })
        }
      }
    }
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
    this.#requests.forgetIdle()
    this.#answers.forgetIdle()
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
      type.tally.add('givenUp')
      this.#port.warn(
        `${typeName}: gives up ${count} copies of shard ${shard}, of lineage ${lineage.bornIn}: those of ${kept} were said to count`,
      )
      copies.forget()
      log?.forget()
      owned?.gaveUp(this.#now)
    }
    type.decided(this.#port.table)
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

  #ask(
    type: ReplicatedType,
    to: readonly NodeIdentity[],
    header: RequestHeader,
    request: ReplicaRequest,
  ): void {
    if (this.#isClosed) return
    const bytes = encodeRequest(header, request)
    for (const node of to) {
      const isFirst = this.#requests.add(node, bytes)
      if (request.type !== 'replicate-events') continue
      if (isFirst) type.tally.add('framesBegun')
      type.tally.add('operationsSent', request.entries.length)
    }
  }

  #asked(from: NodeIdentity, header: RequestHeader, request: ReplicaRequest): void {
    const type = this.#types.get(header.typeHash)
    if (!type?.isLoaded || header.shard >= type.numShards) return
    const kept = type.keptOf(header.shard)
    const { epoch } = this.#port.table.row(type.name, header.shard)
    kept.copies.raiseFence(epoch)
    kept.replica.answer(header, request, (answer) => {
      if (answer.type === 'fenced') this.#refused(type, header, from)
      if (answer.type === 'other-lineage' && kept.copies.count > 0)
        this.#keptAside(type, header, from)
      this.#answer(from, header, answer)
    })
    if (kept.owned && header.epoch > kept.owned.epoch) kept.owned.fenceOff(header.epoch)
  }

  #refused(type: ReplicatedType, { shard, epoch }: ReplicationHeader, from: NodeIdentity): void {
    if (!type.tally.note('refused', this.#now)) return
    this.#port.warn(
      `${type.name}: refused a write of ${from.toString()} to shard ${shard} under epoch ${epoch}`,
    )
  }

  #keptAside(type: ReplicatedType, { shard }: ReplicationHeader, owner: NodeIdentity): void {
    if (!type.tally.note('otherLineage', this.#now)) return
    const error = ShardingError.otherLineage(type.name, shard, owner.toString())
    this.#port.report(
      error,
      `Copies of ${type.name} here are kept, and get nothing that is written`,
    )
  }

  #answer(to: NodeIdentity, header: ReplicationHeader, answer: ReplicaAnswer): void {
    if (!this.#isClosed) this.#answers.add(to, encodeAnswer(header, answer))
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
    let next = this.#offersAt
    for (const owned of this.#owned()) next = Math.min(next, owned.nextDeadline())
    return next
  }

  #tick(now: number): void {
    for (const owned of this.#owned()) owned.tick(now)
    if (now >= this.#offersAt) this.#offer()
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#alarm[Symbol.dispose]()
    for (const type of this.#types.values()) type.close()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }
}
