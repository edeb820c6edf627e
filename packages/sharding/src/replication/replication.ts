// The copies of entities' events on one node: those of its own shards, which it has replicas keep, and those that it
// keeps for others. The shell around both: frames, the table, one timer.
import type { Clock } from '@casty/clock'
import { checkedLimits, type EventJournal, type JournalLimits } from '@casty/persistence'
import type { NodeIdentity } from '@casty/transport'
import type { ClusterEndpoint } from '@casty/membership'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import type { ReplicaReport, ShardAtEpoch } from '../protocol.ts'
import { hashOf } from '../region/shard-of.ts'
import type { ShardRow } from '../table/shard-row.ts'
import { CopyRoom, ShardCopies } from './copies.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import { Replica } from './replica.ts'
import { ReplicatedJournal } from './replicated-journal.ts'
import { ReplicatedShard } from './replicated-shard.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  replicationFrameTypes,
  type ReplicationHeader,
} from './replication-codec.ts'
import type { ReplicationConfig } from './replication-config.ts'

export interface ReplicationPort {
  readonly self: NodeIdentity
  readonly clock: Clock
  readonly endpoint: ClusterEndpoint
  isReachable(node: NodeIdentity): boolean
  row(typeName: string, shard: number): ShardRow
  fenced(shard: ShardAtEpoch, written: number): void
  /** Clients have no part in this. */
  isGuest(node: NodeIdentity): boolean
}

/** What this node has of one shard. */
interface Kept {
  readonly copies: ShardCopies
  readonly replica: Replica
  owned: ReplicatedShard | undefined
}

interface ReplicatedType {
  readonly name: string
  readonly numShards: number
  readonly config: Required<ReplicationConfig>
  readonly room: CopyRoom
  readonly shards: Map<number, Kept>
}

/** Lists of ids and pieces of copies take so much. */
const minFrameBytes = 524_288
/** While something is due, it is looked for at least so often, in milliseconds. */
const lookMs = 100

export class Replication implements Disposable {
  readonly #port: ReplicationPort
  readonly #limits: JournalLimits
  readonly #maxFrameBytes: number
  readonly #types = new Map<number, ReplicatedType>()
  readonly #subscriptions: readonly Disposable[]
  #alarm: Disposable | undefined
  #isClosed = false

  constructor(port: ReplicationPort, maxFrameBytes: number) {
    this.#port = port
    this.#maxFrameBytes = maxFrameBytes
    // An append or a snapshot travels in one frame: half of it for texts and numbers of records, the rest for their bytes.
    const maxBytes = Math.max(1, Math.floor(0.4 * maxFrameBytes))
    const maxBatchEvents = Math.max(1, Math.min(2_000, Math.floor((0.55 * maxFrameBytes) / 280)))
    this.#limits = checkedLimits({
      maxRecordBytes: maxBytes,
      maxBatchBytes: maxBytes,
      maxBatchEvents,
    })
    const { request, answer } = replicationFrameTypes
    const { endpoint } = port
    this.#subscriptions = [
      endpoint.handle(request, (from, bytes, start, end) => {
        if (port.isGuest(from)) return
        const asked = decodeRequest(bytes, start, end)
        this.#asked(from, asked.header, asked.request)
      }),
      endpoint.handle(answer, (from, bytes, start, end) => {
        if (port.isGuest(from)) return
        const told = decodeAnswer(bytes, start, end)
        this.#told(from, told.header, told.answer)
      }),
    ]
  }

  get #now(): number {
    return this.#port.clock.now()
  }

  /** Before any of its shards begins here. @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
  start({ name, numShards, replication }: CheckedType): void {
    const hash = hashOf(name)
    if (!replication || this.#types.has(hash)) return
    if (this.#maxFrameBytes < minFrameBytes) {
      const allowed = `at least ${minFrameBytes} where a type has replication`
      throw ShardingError.invalidOption('limits.maxDataFrameBytes', this.#maxFrameBytes, allowed)
    }
    const room = new CopyRoom(replication.maxCopyBytes)
    this.#types.set(hash, { name, numShards, config: replication, room, shards: new Map() })
  }

  journalOf({ name }: CheckedType, shard: number, epoch: number): EventJournal | undefined {
    const type = this.#types.get(hashOf(name))
    if (!type) return undefined
    const owned = this.#own(type, shard, epoch, this.#port.row(name, shard).replicas)
    const clock = this.#port.clock
    return new ReplicatedJournal(owned, this.#limits, {
      now: () => clock.now(),
      deadlineMoved: () => this.#arm(),
    })
  }

  #keptOf({ shards, room }: ReplicatedType, shard: number): Kept {
    const known = shards.get(shard)
    if (known) return known
    const copies = new ShardCopies(room)
    const kept: Kept = { copies, replica: new Replica(copies), owned: undefined }
    shards.set(shard, kept)
    return kept
  }

  #own(
    type: ReplicatedType,
    shard: number,
    epoch: number,
    replicas: readonly NodeIdentity[],
  ): ReplicatedShard {
    const kept = this.#keptOf(type, shard)
    if (kept.owned?.epoch === epoch) return kept.owned
    kept.owned?.end(epoch)
    const header = { typeHash: hashOf(type.name), shard, epoch }
    const owned = new ReplicatedShard(epoch, kept.copies, type.config, {
      send: (to, request) => this.#ask(to, header, request),
      isReachable: (node) => this.#port.isReachable(node),
      fenced: (written) => this.#port.fenced({ typeName: type.name, shard, epoch }, written),
    })
    kept.owned = owned
    owned.follow(replicas, this.#now)
    this.#arm()
    return owned
  }

  /** The table that all go by says so. */
  homeChanged(typeName: string, shard: number, row: ShardRow): void {
    const type = this.#types.get(hashOf(typeName))
    if (!type || type.name !== typeName) return
    const { owner, epoch, replicas } = row
    const { self } = this.#port
    if (owner?.equals(self)) {
      this.#own(type, shard, epoch, replicas).follow(replicas, this.#now)
      this.#arm()
      return
    }
    const kept = type.shards.get(shard)
    if (!kept) return
    kept.copies.raiseFence(epoch)
    const { owned } = kept
    if (owned && owned.epoch < epoch) owned.end(epoch)
    // Another one has it, and asks those that the table names.
    if (owner && !replicas.some((node) => node.equals(self))) kept.copies.forget()
  }

  /** Who is in reach has changed. */
  membersChanged(): void {
    for (const { name, shards } of this.#types.values()) {
      for (const [shard, { owned }] of shards) {
        if (owned && owned.endedBy === undefined) {
          owned.follow(this.#port.row(name, shard).replicas, this.#now)
        }
      }
    }
    this.#arm()
  }

  /** How far copies here go: decides who is to own shards whose owner is gone. */
  report(shards: readonly ShardAtEpoch[]): readonly ReplicaReport[] {
    return shards.map((asked) => {
      const kept = this.#types.get(hashOf(asked.typeName))?.shards.get(asked.shard)
      return { ...asked, copies: kept?.copies.position }
    })
  }

  #ask(to: NodeIdentity, header: ReplicationHeader, request: ReplicaRequest): void {
    if (this.#isClosed) return
    const bytes = encodeRequest(header, request)
    this.#port.endpoint.send(to, 'data', replicationFrameTypes.request, bytes)
  }

  #asked(from: NodeIdentity, header: ReplicationHeader, request: ReplicaRequest): void {
    const type = this.#types.get(header.typeHash)
    if (!type || header.shard >= type.numShards) return
    const kept = this.#keptOf(type, header.shard)
    const { epoch } = this.#port.row(type.name, header.shard)
    kept.copies.raiseFence(epoch)
    const answer = kept.replica.answer(header.epoch, request)
    if (kept.owned && header.epoch > kept.owned.epoch) kept.owned.end(header.epoch)
    if (!answer) return
    const bytes = encodeAnswer(header, answer)
    this.#port.endpoint.send(from, 'data', replicationFrameTypes.answer, bytes)
  }

  #told(from: NodeIdentity, header: ReplicationHeader, answer: ReplicaAnswer): void {
    const owned = this.#types.get(header.typeHash)?.shards.get(header.shard)?.owned
    if (owned?.epoch !== header.epoch) return
    owned.answered(from.key, answer, this.#now)
    this.#arm()
  }

  *#owned(): Iterable<ReplicatedShard> {
    for (const { shards } of this.#types.values()) {
      for (const { owned } of shards.values())
        if (owned?.endedBy === undefined && owned) yield owned
    }
  }

  #arm(): void {
    if (this.#isClosed) return
    if (this.#alarm) return
    let next = Infinity
    for (const owned of this.#owned()) next = Math.min(next, owned.nextDeadline())
    if (next === Infinity) return
    // What begins meanwhile may be due earlier, and need not move the timer each time.
    const delayMs = Math.max(0, Math.min(next - this.#now, lookMs))
    this.#alarm = this.#port.clock.schedule(delayMs, () => {
      this.#alarm = undefined
      const now = this.#now
      for (const owned of this.#owned()) owned.tick(now)
      this.#arm()
    })
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#alarm?.[Symbol.dispose]()
    for (const owned of this.#owned()) owned.end(owned.epoch)
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }
}
