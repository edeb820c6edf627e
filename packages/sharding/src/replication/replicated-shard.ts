// A shard whose owner this node is, under one epoch. Nothing is read or written before all replicas in reach have told
// what they have, and refuse former owners. Then each operation is applied here, sent to all replicas that are to keep copies, and
// confirmed when enough of them have it. Once they have all, the other replicas are told to be superfluous.
import type { NodeIdentity } from '@casty/transport'
import { isJournalError } from '@casty/persistence'
import { Confirmations } from './confirmations.ts'
import type { ShardCopies } from './copies.ts'
import type { CopyStore } from './copy-store.ts'
import type { Operation, Piece } from './copy.ts'
import { FollowedReplicas, type ReplicaStanding } from './followed-replicas.ts'
import type { ReplicaAnswer, ReplicatedEntry } from './messages.ts'
import { OperationsOut } from './operations-out.ts'
import { OwnLineage } from './own-lineage.ts'
import { ReplicaLink } from './replica-link.ts'
import type { ReplicatedShardPort, ReplicatedShardSettings } from './replicated-shard-port.ts'
import type { Settle } from './replication-outcome.ts'
import { SubmittedWrites, type SubmittedWrite } from './submitted-writes.ts'
import type { ShardRow } from '../table/shard-row.ts'

/** Mutable, and of its owner alone. */
export class ReplicatedShard {
  readonly epoch: number
  readonly copies: ShardCopies
  readonly settings: ReplicatedShardSettings
  readonly #port: ReplicatedShardPort
  readonly #store: CopyStore | undefined
  readonly #lineage: OwnLineage
  readonly #replicas: FollowedReplicas
  readonly #out: OperationsOut
  readonly #submitted = new SubmittedWrites()
  readonly #confirmations: Confirmations
  #isReady = false
  #endedBy: number | undefined
  #waiting: (() => void)[] = []

  /**
   * @param store - where this node keeps copies besides its memory
   * @param lineage - which copies count, as the table says; 0 or undefined where it does not
   */
  constructor(
    epoch: number,
    copies: ShardCopies,
    settings: ReplicatedShardSettings,
    port: ReplicatedShardPort,
    store?: CopyStore,
    lineage?: number,
  ) {
    this.epoch = epoch
    this.copies = copies
    this.settings = settings
    this.#port = port
    this.#store = store
    copies.raiseFence(epoch)
    const { ownAck, batchBytes } = settings
    this.#lineage = new OwnLineage(copies, store, { agreed: lineage || undefined, ownAck }, () =>
      this.#confirmations.settleAll(),
    )
    this.#replicas = new FollowedReplicas(settings, port, (node) => this.#linkTo(node))
    this.#out = new OperationsOut(this.#replicas, port, batchBytes)
    const isDurable = store !== undefined
    this.#confirmations = new Confirmations(this.#replicas, this.#lineage, { ownAck, isDurable })
  }

  /** All that replicas in reach had is here. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** The epoch of whoever has the shard now; undefined while this node has it. */
  get endedBy(): number | undefined {
    return this.#endedBy
  }

  /** Whether this node owns it under that epoch, and more may be confirmed of it. */
  mayConfirm(epoch: number): boolean {
    return this.epoch === epoch && this.#endedBy === undefined && !this.#lineage.isContested
  }

  /** Calls back once it can be read, or is over. */
  whenReady(goOn: () => void): void {
    if (this.#isReady || this.#endedBy !== undefined) goOn()
    else this.#waiting.push(goOn)
  }

  #goOn(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const goOn of waiting) goOn()
  }

  /** What requests carry: nothing is done to copies that come from elsewhere. */
  get lineage(): number | undefined {
    return this.#lineage.bornIn
  }

  /** What this node had was given up: it begins again with what others have. */
  gaveUp(now: number): void {
    this.#lineage.gaveUp()
    this.#look(now)
  }

  /**
   * Who has copies, or is in reach, or is about to leave, may have changed.
   *
   * @param said - what the table says besides: that it is being found out which copies count, so that nothing is confirmed until then; and
   * that it was told that those that are to keep copies have all
   */
  follow(
    replicas: readonly NodeIdentity[],
    now: number,
    { isUndecided = false, isReplicated = false }: Partial<ShardRow> = {},
  ): void {
    if (this.#endedBy !== undefined) return
    this.#lineage.isUndecided = isUndecided
    if (isUndecided) this.#isReady = false
    this.#replicas.follow(replicas, isReplicated, now)
    this.#look(now)
  }

  #linkTo(node: NodeIdentity): ReplicaLink {
    return new ReplicaLink(this.copies, {
      send: (request) => this.#port.send([node], request),
      filled: () => this.#out.flushSoon(),
      advanced: (ids) => {
        for (const id of ids) this.#confirmations.settle(id)
      },
      progressed: (now) => this.#look(now),
      installed: (pieces) => this.#installed(pieces),
      noRoom: (at, id) => this.#port.noRoom(at, id),
      fenced: (epoch) => this.fenceOff(epoch),
    })
  }

  #installed(pieces: readonly Piece[]): void {
    const [first] = pieces
    if (!first) return
    this.#store?.writeCopy(pieces, () => this.#confirmations.storedHere(first.id, first.version))
  }

  /** Does what can be done by now, and could not before. */
  #look(now: number): void {
    if (this.#endedBy !== undefined) return
    // Where somebody has what it knows nothing of, it is for people to say which of both counts.
    const isOne = !this.#replicas.isOfOtherLineage
    if (!isOne || this.#lineage.isAside || this.#port.mayBeElsewhere()) this.#contest()
    if (this.#lineage.isContested) return
    if (!this.#isReady && isOne && this.#replicas.isMerged) {
      this.#isReady = true
      this.#goOn()
    }
    if (!this.#isReady) return
    this.#replicas.serve(now)
    this.#tellReplicated()
    this.#performSubmitted(now)
    this.#confirmations.settleAll()
  }

  #contest(): void {
    if (!this.#lineage.contest()) return
    this.#isReady = false
    this.#port.contested()
  }

  /** Whether those that are to keep copies have all that there was when the row became what it is. */
  get isReplicated(): boolean {
    return this.#isReady && this.#replicas.isFilled
  }

  #tellReplicated(): void {
    if (!this.isReplicated) return
    // Only of what outlives processes is it written down who has it.
    const superfluous = this.#replicas.takeSuperfluous(this.#store !== undefined)
    if (!superfluous) return
    const nodes = Array.from(this.#replicas.all, ({ node }) => node)
    this.#port.replicated(nodes, superfluous)
  }

  /** How many replicas must have a write now. */
  get minAcks(): number {
    return this.#replicas.minAcks
  }

  get #mayPerform(): boolean {
    return this.#isReady && this.#replicas.inReach >= this.minAcks
  }

  /** Applies an operation as soon as it can be, and tells how that went. Bytes of its events may change once this returns. */
  submit(id: string, operation: Operation, now: number, settle: Settle): void {
    if (this.#endedBy !== undefined) {
      settle({ type: 'over', epoch: this.#endedBy, wasApplied: false })
      return
    }
    const write = { id, operation, until: now + this.settings.ackTimeoutMs, settle }
    if (this.#submitted.isEmpty && this.#mayPerform) this.#perform(write, now)
    else if (!this.#submitted.add(write)) {
      settle({ type: 'unavailable', inReach: this.#replicas.inReach })
    }
  }

  #performSubmitted(now: number): void {
    if (this.#submitted.isEmpty || !this.#mayPerform) return
    for (const write of this.#submitted.takeAll()) this.#perform(write, now)
  }

  #perform({ id, operation, until, settle }: SubmittedWrite, now: number): void {
    const previous = this.copies.version(id)
    const version = { epoch: this.epoch, count: previous.count + 1 }
    this.#lineage.begin(this.epoch)
    let applied: Operation
    try {
      applied = this.copies.applyAsOwner(id, operation, version)
    } catch (error) {
      if (!isJournalError(error)) throw error
      if (error.code === 'CASTY_JOURNAL_FULL') this.#port.noRoom('owner', id)
      settle({ type: 'refused', error })
      return
    }
    const head = this.copies.headOf(id)
    this.#confirmations.add({ id, version, head, until, settle, next: undefined })
    const entry: ReplicatedEntry = { id, previous, version, operation: applied }
    this.#replicas.replicate(entry, now)
    this.#store?.writeEntries([entry], () => this.#confirmations.storedHere(id, version))
    if (this.minAcks === 0) this.#confirmations.settle(id)
  }

  answered(from: NodeIdentity, answer: ReplicaAnswer, now: number): void {
    if (this.#endedBy !== undefined) return
    const link = this.#replicas.linkOf(from)
    if (answer.type === 'other-lineage' && !link) this.#contest()
    else if (answer.type !== 'offer') link?.answered(answer, now)
    else if (!link && this.isReplicated) this.#port.send([from], { type: 'dismiss' })
  }

  /** Another node goes by a higher epoch, and no table told this one so. */
  fenceOff(epoch: number): void {
    if (this.#endedBy === undefined && epoch > this.epoch) this.#port.fenced(epoch)
    this.end(epoch)
  }

  /** It is another's under that epoch; under its own one where this node stops. */
  end(epoch: number): void {
    if (this.#endedBy !== undefined) return
    this.#endedBy = epoch
    this.#replicas.clear()
    this.#confirmations.end(epoch)
    for (const { settle } of this.#submitted.takeAll()) {
      settle({ type: 'over', epoch, wasApplied: false })
    }
    this.#goOn()
  }

  /** Whether all replicas in reach have all. */
  get isWhole(): boolean {
    return this.#replicas.isWhole
  }

  /** How its replicas stand. */
  standings(): readonly ReplicaStanding[] {
    return this.#replicas.standings()
  }

  nextDeadline(): number {
    const ownDeadline = Math.min(this.#submitted.nextDeadline(), this.#confirmations.nextDeadline())
    return Math.min(ownDeadline, this.#replicas.nextDeadline())
  }

  tick(now: number): void {
    this.#replicas.tick(now)
    const { inReach } = this.#replicas
    for (const { settle } of this.#submitted.takeLate(now)) settle({ type: 'unavailable', inReach })
    this.#confirmations.tick(now)
  }
}
