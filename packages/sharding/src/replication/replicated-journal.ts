// The journal of a shard whose events are kept on several nodes: on its owner and on its replicas. What is asked of it in one turn
// goes to each of them together.
import {
  checkAppend,
  checkClaim,
  checkDeletion,
  checkId,
  checkRead,
  checkSnapshot,
  JournalError,
  type AppendRequest,
  type EventJournal,
  type JournalHead,
  type JournalLimits,
  type ReadOptions,
  type StoredEvent,
  type StoredSnapshot,
  type WriterOptions,
} from '@casty/persistence'
import { ShardingError } from '../errors.ts'
import { Copy, withOwnBytes, type Operation } from './copy.ts'
import type { ReplicatedShard } from './replicated-shard.ts'
import type { ReplicationOutcome } from './replication-outcome.ts'

/** What such a journal needs of its surroundings. */
export interface ReplicatedJournalPort {
  now(): number
  /** Something may be due earlier than before. */
  deadlineMoved(): void
  /** A write was not confirmed in time, or there was nobody to confirm it. */
  timedOut(
    id: string,
    outcome: Extract<ReplicationOutcome, { readonly type: 'timed-out' | 'unavailable' }>,
  ): void
}

type Unconfirmed = Pick<
  Extract<ReplicationOutcome, { readonly type: 'timed-out' }>,
  'acknowledged' | 'withoutRoom'
>

export class ReplicatedJournal implements EventJournal {
  readonly limits: JournalLimits
  readonly #shard: ReplicatedShard
  readonly #port: ReplicatedJournalPort
  #underWay = 0
  #whenIdle: (() => void)[] = []
  #isClosed = false

  constructor(shard: ReplicatedShard, limits: JournalLimits, port: ReplicatedJournalPort) {
    this.#shard = shard
    this.limits = limits
    this.#port = port
  }

  append(id: string, request: AppendRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      checkAppend(id, request, this.limits)
      const { epoch, expectedSequenceNr, events, freesRoom } = request
      const operation = { type: 'append', epoch, expectedSequenceNr, events, freesRoom } as const
      this.#perform(id, operation, () => resolve(), reject)
    })
  }

  /** Once it resolves, enough replicas have all of that id, and refuse former owners. */
  claim(id: string, epoch: number): Promise<JournalHead> {
    return new Promise((resolve, reject) => {
      checkClaim(id, epoch, this.limits)
      this.#perform(id, { type: 'claim', epoch }, resolve, reject)
    })
  }

  async highest(id: string): Promise<JournalHead> {
    checkId(id, this.limits)
    await this.#ready('tell how far events go')
    return this.#shard.copies.headOf(id)
  }

  async *events(id: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent, void> {
    checkRead(id, options, this.limits)
    const { fromSequenceNr = 1, toSequenceNr = Infinity, signal } = options
    signal?.throwIfAborted()
    await this.#ready('read events')
    for (let next = fromSequenceNr; next <= toSequenceNr; next++) {
      signal?.throwIfAborted()
      this.#checkOpen('read events')
      const event = this.#copyOf(id).read(next)
      if (!event) return
      yield event
    }
  }

  deleteEvents(id: string, toSequenceNr: number, options: WriterOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      checkDeletion(id, toSequenceNr, options, this.limits)
      const operation = { type: 'delete-events', toSequenceNr, epoch: options.epoch } as const
      this.#perform(id, operation, () => resolve(), reject)
    })
  }

  saveSnapshot(id: string, snapshot: StoredSnapshot, options: WriterOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      checkSnapshot(id, snapshot, options, this.limits)
      const own = withOwnBytes(snapshot)
      const operation = { type: 'save-snapshot', snapshot: own, epoch: options.epoch } as const
      this.#perform(id, operation, () => resolve(), reject)
    })
  }

  async latestSnapshot(id: string, atMost: number = Infinity): Promise<StoredSnapshot | undefined> {
    checkId(id, this.limits)
    await this.#ready('read a snapshot')
    return this.#copyOf(id).latestSnapshot(atMost)
  }

  deleteSnapshots(id: string, toSequenceNr: number, options: WriterOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      checkDeletion(id, toSequenceNr, options, this.limits)
      const operation = { type: 'delete-snapshots', toSequenceNr, epoch: options.epoch } as const
      this.#perform(id, operation, () => resolve(), reject)
    })
  }

  /** Those of the shard. */
  async *ids({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<string, void> {
    await this.#ready('list ids')
    for (const id of new Set(this.#shard.copies.ids())) {
      signal?.throwIfAborted()
      this.#checkOpen('list ids')
      if (!this.#copyOf(id).isEmpty) yield id
    }
  }

  /** An id that nobody wrote to has an empty one. */
  #copyOf(id: string): Copy {
    return this.#shard.copies.find(id) ?? new Copy(id)
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw JournalError.closed(what)
  }

  async #ready(what: string): Promise<void> {
    this.#checkOpen(what)
    const shard = this.#shard
    await new Promise<void>((resolve) => {
      shard.whenReady(resolve)
    })
    this.#checkOpen(what)
  }

  /** @throws JournalError `CASTY_JOURNAL_CLOSED` */
  #perform(
    id: string,
    operation: Operation,
    confirmed: (head: JournalHead) => void,
    failed: (error: unknown) => void,
  ): void {
    this.#checkOpen(operation.type)
    this.#underWay += 1
    this.#shard.submit(id, operation, this.#port.now(), (outcome) => {
      this.#underWay -= 1
      if (outcome.type === 'confirmed') confirmed(outcome.head)
      else failed(this.#failureOf(id, operation, outcome))
      // Whoever waits knows by now.
      if (outcome.type === 'timed-out' || outcome.type === 'unavailable') {
        this.#port.timedOut(id, outcome)
      }
      if (this.#underWay === 0) for (const goOn of this.#whenIdle.splice(0)) goOn()
    })
    this.#port.deadlineMoved()
  }

  #failureOf(
    id: string,
    { type }: Operation,
    outcome: Exclude<ReplicationOutcome, { readonly type: 'confirmed' }>,
  ): JournalError {
    switch (outcome.type) {
      case 'refused':
        return outcome.error
      case 'over': {
        const { epoch, wasApplied } = outcome
        if (wasApplied) return this.#unknown(id, type, { acknowledged: 0, withoutRoom: 0 })
        if (epoch <= this.#shard.epoch) return JournalError.closed(type) // This node stops.
        const head = this.#shard.copies.headOf(id)
        return JournalError.fencedByEpoch(id, this.#shard.epoch, { ...head, epoch })
      }
      case 'timed-out':
        return this.#unknown(id, type, outcome)
      case 'unavailable': {
        const { minAcks, settings } = this.#shard
        const { ackTimeoutMs } = settings
        const cause = ShardingError.replicasOutOfReach(id, outcome.inReach, minAcks, ackTimeoutMs)
        return JournalError.unavailable(onReplicas(type), 'nothing-written', { id, cause })
      }
    }
  }

  #unknown(id: string, type: string, { acknowledged, withoutRoom }: Unconfirmed): JournalError {
    const { minAcks, settings } = this.#shard
    const cause = ShardingError.replicationTimeout(id, {
      acknowledged,
      withoutRoom,
      minAcks,
      ackTimeoutMs: settings.ackTimeoutMs,
    })
    return JournalError.unavailable(onReplicas(type), 'unknown', { id, cause })
  }

  /** Waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    if (this.#underWay === 0) return
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve)
    })
  }
}

function onReplicas(type: string): string {
  return `${type} on enough replicas`
}
