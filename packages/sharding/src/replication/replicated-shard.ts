// A shard whose owner this node is, under one epoch. Nothing is read or written before all replicas in reach have told
// what they have, and refuse former owners. Then each operation is applied here, sent to all replicas that are to keep copies, and
// confirmed when enough of them have it. Once they have all, the other replicas are told to be superfluous.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { isJournalError, type JournalError, type JournalHead } from '@casty/persistence'
import { compareCopies, noCopy, type CopyVersion } from './copy-version.ts'
import type { ShardCopies } from './copies.ts'
import type { CopyStore } from './copy-store.ts'
import { sizeOfOperation, withItsOwnBytes, type Operation, type Piece } from './copy.ts'
import type { ReplicaAnswer, ReplicaRequest, ReplicatedEntry } from './messages.ts'
import { PendingWrites } from './pending-writes.ts'
import { acksOf } from './replication-config.ts'
import { ReplicaLink } from './replica-link.ts'
import type { ShardRow } from '../table/shard-row.ts'

/** How an operation went. */
export type ReplicationOutcome =
  | { readonly type: 'confirmed'; readonly head: JournalHead }
  /** It was applied here. Whether enough replicas have it is not known. */
  | { readonly type: 'timed-out'; readonly acknowledged: number; readonly isStoredHere: boolean }
  /** Too few replicas were in reach for as long: nothing was done. */
  | { readonly type: 'unavailable'; readonly inReach: number }
  /** Nothing was done. */
  | { readonly type: 'refused'; readonly error: JournalError }
  /** The shard is another's: whether that one knows of what was applied here is not known. */
  | { readonly type: 'over'; readonly epoch: number; readonly wasApplied: boolean }

export interface ReplicatedShardPort {
  /** The same to each of them. */
  send(to: readonly NodeIdentity[], request: ReplicaRequest): void
  isReachable(node: NodeIdentity): boolean
  /** Whether it is not about to leave; whoever is, never stays again. */
  stays(node: NodeIdentity): boolean
  /** Somebody owns the shard under a higher epoch. */
  fenced(epoch: number): void
  /** Of the replicas that it follows, those that are to keep copies have all; some of the others have nothing that is needed. */
  replicated(replicas: readonly NodeIdentity[], superfluous: readonly NodeIdentity[]): void
  /** Nothing was confirmed here yet, and there are copies that come from elsewhere: nothing is, before the table says which count. */
  contested(): void
  /** Whether there may be copies that come from elsewhere, of which this node knows no more than that. */
  mayBeElsewhere(): boolean
  noRoom(at: 'owner' | 'replica', id: string): void
  /** Calls back when what goes together has been asked for. */
  atEndOfTurn(callback: () => void): void
}

export interface ReplicatedShardSettings {
  /** How many are to keep copies. */
  readonly replicas: number
  readonly minAcks: number | 'majority'
  readonly ackTimeoutMs: number
  /** Whether what is written must be on the disk of this node to be confirmed, where it has one. */
  readonly ownAck: boolean
  /** About so much goes into one frame. */
  readonly batchBytes: number
}

export type Settle = (outcome: ReplicationOutcome) => void

interface Submitted {
  readonly id: string
  readonly operation: Operation
  readonly until: number
  readonly settle: Settle
}

interface Followed {
  readonly node: NodeIdentity
  readonly link: ReplicaLink
  /** It is to keep copies: others are only asked for what they have, and what they have does not count. */
  isKeeper: boolean
}

/** Operations that wait for replicas to come into reach, at most. */
const maxSubmitted = 10_000

/** How one replica stands, as its owner sees it. */
export interface ReplicaStanding {
  readonly node: NodeIdentity
  readonly isKeeper: boolean
  readonly isReachable: boolean
  /** Whether all that it had is here. */
  readonly hasTold: boolean
  /** Ids that it keeps copies of, as far as it told. */
  readonly keeps: number
  /** Whether these are of another lineage than what the owner has: it keeps them, and takes nothing. */
  readonly isOfOtherLineage: boolean
  /** Ids of which it lacks something, as far as is known. */
  readonly lacking: number
}

/** Mutable, and of its owner alone. */
export class ReplicatedShard {
  readonly epoch: number
  readonly copies: ShardCopies
  readonly settings: ReplicatedShardSettings
  readonly #port: ReplicatedShardPort
  readonly #store: CopyStore | undefined
  /** What is on the disk here. */
  readonly #stored = new Map<string, CopyVersion>()
  #links = new Map<NodeKey, Followed>()
  /** Those of them that are to keep copies. */
  #keepers: readonly ReplicaLink[] = []
  #row = ''
  /**
   * Of this row, replicas that were told to be superfluous: they never count again. Where the coordinator comes to want one of
   * them after all, since another one leaves, it becomes another row.
   */
  #superfluous: ReadonlySet<NodeKey> = new Set()
  /** Whether it was told that those of this row that are to keep copies have all. */
  #isSaid = false
  readonly #pending = new PendingWrites()
  #submitted: Submitted[] = []
  #isReady = false
  /** What this node has comes from elsewhere than what counts: it is kept, and neither read nor written. */
  #isAside = false
  #endedBy: number | undefined
  #waiting: (() => void)[] = []
  #isFlushDue = false
  /** Which copies count, as the table says; undefined where they are in memory only, or nobody has said so. */
  readonly #agreed: number | undefined
  /** … and that this is in doubt. */
  #isUndecided = false
  /** There are copies that come from elsewhere, and nothing was confirmed here by then. */
  #isContested = false
  /** Of the word that writes of the lineage were confirmed. */
  #lineageWrite: 'due' | 'under-way' | 'done' = 'done'

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
    this.#agreed = lineage || undefined
    this.#setAside()
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
    return this.epoch === epoch && this.#endedBy === undefined && !this.isContested
  }

  /** Calls back once it can be read, or is over. */
  whenReady(goOn: () => void): void {
    if (this.#isReady || this.#endedBy !== undefined) goOn()
    else this.#waiting.push(goOn)
  }

  /** What requests carry: nothing is done to copies that come from elsewhere. */
  get lineage(): number | undefined {
    return this.#agreed ?? this.copies.lineage?.bornIn
  }

  /** Whether it waits for the table to say which copies count. */
  get isContested(): boolean {
    if (this.#isUndecided) return true
    return this.#isContested && (this.#isAside || this.copies.lineage?.isConfirmed !== true)
  }

  /** What this node has does not count where it comes from elsewhere. */
  #setAside(): void {
    const own = this.copies.lineage
    if (!own || own.bornIn === this.lineage) return
    if (own.isConfirmed) this.#isAside = true
    else {
      this.copies.forget()
      this.#store?.forget()
    }
  }

  /** What this node had was given up: it begins again with what others have. */
  gaveUp(now: number): void {
    this.#isAside = false
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
    this.#isUndecided = isUndecided
    this.#isSaid ||= isReplicated
    if (isUndecided) this.#isReady = false
    const row = replicas.map(({ key }) => key).join(' ')
    const before = this.#links
    if (row !== this.#row) {
      this.#superfluous = new Set()
      this.#isSaid = isReplicated
    }
    this.#row = row
    this.#links = new Map()
    let lacking = this.settings.replicas
    for (const node of replicas) {
      const mayKeep = this.#port.stays(node) && !this.#superfluous.has(node.key)
      const isKeeper = mayKeep && lacking-- > 0
      const link = before.get(node.key)?.link ?? this.#linkTo(node)
      this.#links.set(node.key, { node, link, isKeeper })
    }
    const keepers = [...this.#links.values()].filter((one) => one.isKeeper).map(({ link }) => link)
    // Whoever counted until now may be the only one with what others have yet to get.
    if (!this.#keepers.every((link) => keepers.includes(link)))
      for (const link of keepers) link.owe()
    this.#keepers = keepers
    for (const { node, link } of this.#links.values()) {
      link.setReachable(this.#port.isReachable(node), now)
    }
    this.#look(now)
  }

  #linkTo(node: NodeIdentity): ReplicaLink {
    return new ReplicaLink(this.copies, {
      send: (request) => this.#port.send([node], request),
      filled: () => this.#flushSoon(),
      advanced: (ids) => {
        for (const id of ids) this.#settle(id)
      },
      progressed: (now) => this.#look(now),
      installed: (pieces) => this.#installed(pieces),
      noRoom: (at, id) => this.#port.noRoom(at, id),
      fenced: (epoch) => this.fenceOff(epoch),
    })
  }

  #installed(pieces: readonly Piece[]): void {
    const [first] = pieces
    if (!first || !this.#store) return
    this.#store.writeCopy(pieces, () => this.#storedHere(first.id, first.version))
  }

  #storedHere(id: string, version: CopyVersion): void {
    const known = this.#stored.get(id) ?? noCopy
    if (compareCopies(version, known) > 0) this.#stored.set(id, version)
    this.#settle(id)
  }

  #look(now: number): void {
    if (this.#endedBy !== undefined) return
    const followed = [...this.#links.values()]
    // Where somebody has what it knows nothing of, it is for people to say which of both counts.
    const isOne = !followed.some(({ link }) => link.isOfOtherLineage)
    if (!isOne || this.#isAside || this.#port.mayBeElsewhere()) this.#contest()
    if (this.isContested) return
    if (!this.#isReady && isOne && followed.every(({ link }) => link.isMerged)) {
      this.#isReady = true
      const waiting = this.#waiting
      this.#waiting = []
      for (const goOn of waiting) goOn()
    }
    if (!this.#isReady) return
    for (const { link, isKeeper } of followed) {
      if (isKeeper) link.serve(now)
      else link.rest()
    }
    this.#tellReplicated()
    this.#performSubmitted(now)
    for (const id of this.#pending.ids()) this.#settle(id)
  }

  /** What was confirmed before may be with others: who has nothing of its own that was does not begin anew. */
  #contest(): void {
    if (this.#agreed === undefined || this.#isContested) return
    if (!this.#isAside && this.copies.lineage?.isConfirmed === true) return
    this.#isContested = true
    this.#isReady = false
    this.#port.contested()
  }

  /** Whether those that are to keep copies have all that there was when the row became what it is. */
  get isReplicated(): boolean {
    if (!this.#isReady) return false
    return [...this.#links.values()].every(({ link, isKeeper }) => !isKeeper || link.isFilled)
  }

  #tellReplicated(): void {
    if (!this.isReplicated) return
    const followed = [...this.#links.values()]
    const superfluous = followed.filter(({ link, isKeeper }) => !isKeeper && link.hasTold)
    const isKnown = superfluous.every(({ node }) => this.#superfluous.has(node.key))
    if (isKnown && (this.#isSaid || !this.#store)) return
    this.#isSaid = true
    this.#superfluous = new Set(superfluous.map(({ node }) => node.key))
    this.#port.replicated(
      followed.map(({ node }) => node),
      superfluous.map(({ node }) => node),
    )
  }

  /** How many replicas must have a write now. */
  get minAcks(): number {
    return acksOf(this.settings.minAcks, this.#keepers.length)
  }

  /** How many replicas that count are in reach, and have told what they had: what is written follows from that. */
  get #inReach(): number {
    let count = 0
    for (const link of this.#keepers) if (link.isReachable && link.hasTold) count++
    return count
  }

  /** Applies an operation as soon as it can be, and tells how that went. Bytes of its events may change once this returns. */
  submit(id: string, operation: Operation, now: number, settle: Settle): void {
    const { ackTimeoutMs } = this.settings
    if (this.#endedBy !== undefined) {
      settle({ type: 'over', epoch: this.#endedBy, wasApplied: false })
      return
    }
    const until = now + ackTimeoutMs
    const mayPerform =
      this.#isReady && this.#submitted.length === 0 && this.#inReach >= this.minAcks
    if (mayPerform) this.#perform({ id, operation, until, settle }, now)
    else if (this.#submitted.length >= maxSubmitted) {
      settle({ type: 'unavailable', inReach: this.#inReach })
    } else this.#submitted.push({ id, operation: withItsOwnBytes(operation), until, settle })
  }

  #performSubmitted(now: number): void {
    if (this.#submitted.length === 0 || this.#inReach < this.minAcks || !this.#isReady) return
    const submitted = this.#submitted
    this.#submitted = []
    for (const one of submitted) this.#perform(one, now)
  }

  #perform({ id, operation, until, settle }: Submitted, now: number): void {
    const previous = this.copies.version(id)
    const version = { epoch: this.epoch, count: previous.count + 1 }
    if (this.#store && !this.copies.lineage) {
      this.copies.comeFrom({ bornIn: this.#agreed ?? this.epoch, isConfirmed: false })
    }
    let applied: Operation
    try {
      applied = this.copies.apply(id, operation, version)
    } catch (error) {
      if (!isJournalError(error)) throw error
      settle({ type: 'refused', error })
      return
    }
    const head = this.copies.headOf(id)
    this.#pending.add({ id, version, head, until, settle, next: undefined })
    const entry: ReplicatedEntry = { id, previous, version, operation: applied }
    for (const link of this.#keepers) link.replicate(entry, now)
    this.#store?.writeEntries([entry], () => this.#storedHere(id, version))
    if (this.minAcks === 0) this.#settle(id)
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#port.atEndOfTurn(() => this.flush())
  }

  /** Sends what was done in this turn: the same request, where replicas get the same. */
  flush(): void {
    this.#isFlushDue = false
    let last: readonly ReplicatedEntry[] = []
    let alike: NodeIdentity[] = []
    for (const { node, link } of this.#links.values()) {
      const entries = link.takeOutbox()
      if (entries.length === 0) continue
      if (!sameEntries(entries, last)) {
        this.#replicate(last, alike)
        last = entries
        alike = []
      }
      alike.push(node)
    }
    this.#replicate(last, alike)
  }

  #replicate(entries: readonly ReplicatedEntry[], to: readonly NodeIdentity[]): void {
    for (const request of this.#inFrames(entries)) this.#port.send(to, request)
  }

  #inFrames(entries: readonly ReplicatedEntry[]): ReplicaRequest[] {
    const frames: ReplicaRequest[] = []
    let [frame, room]: [ReplicatedEntry[], number] = [[], this.settings.batchBytes]
    for (const entry of entries) {
      const size = sizeOfOperation(entry.operation)
      if (frame.length > 0 && size > room) {
        frames.push({ type: 'replicate-events', entries: frame })
        ;[frame, room] = [[], this.settings.batchBytes]
      }
      frame.push(entry)
      room -= size
    }
    if (frame.length > 0) frames.push({ type: 'replicate-events', entries: frame })
    return frames
  }

  #acksOf(id: string, version: CopyVersion): number {
    let count = 0
    for (const link of this.#keepers) if (link.has(id, version)) count++
    return count
  }

  #isStoredHere(id: string, version: CopyVersion): boolean {
    return !this.#store || compareCopies(this.#stored.get(id) ?? noCopy, version) >= 0
  }

  #isConfirmed(id: string, version: CopyVersion): boolean {
    if (this.settings.ownAck && !this.#isStoredHere(id, version)) return false
    return this.minAcks === 0 || this.#acksOf(id, version) >= this.minAcks
  }

  /** Confirms what enough have: who has a version has all before it. */
  #settle(id: string): void {
    let first = this.#pending.first(id)
    if (!first || !this.#isConfirmed(id, first.version) || !this.#mayConfirm()) return
    do {
      this.#pending.shift(id)
      first.settle({ type: 'confirmed', head: first.head })
      first = this.#pending.first(id)
    } while (first && this.#isConfirmed(id, first.version))
  }

  /** Before the first write of a lineage is confirmed, the disk here has to say that there are such: else it gives way to others. */
  #mayConfirm(): boolean {
    const { lineage } = this.copies
    const store = this.#store
    if (this.isContested) return false
    if (!store || !lineage) return true
    if (!lineage.isConfirmed) {
      this.copies.comeFrom({ ...lineage, isConfirmed: true })
      this.#lineageWrite = 'due'
    }
    if (this.#lineageWrite === 'due') this.#writeLineage(store)
    return this.#lineageWrite === 'done' || !this.settings.ownAck
  }

  #writeLineage(store: CopyStore): void {
    let isLater = false
    this.#lineageWrite = 'under-way'
    store.writeLineage((isStored) => {
      this.#lineageWrite = isStored ? 'done' : 'due'
      if (isLater && isStored) for (const id of this.#pending.ids()) this.#settle(id)
    })
    isLater = true
  }

  answered(from: NodeIdentity, answer: ReplicaAnswer, now: number): void {
    if (this.#endedBy !== undefined) return
    const followed = this.#links.get(from.key)
    if (answer.type === 'other-lineage' && !followed) this.#contest()
    else if (answer.type !== 'offer') followed?.link.answered(answer, now)
    else if (!followed && this.isReplicated) this.#port.send([from], { type: 'dismiss' })
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
    this.#links.clear()
    this.#keepers = []
    const pending = this.#pending.takeAll()
    const submitted = this.#submitted
    this.#submitted = []
    for (const { settle } of pending) settle({ type: 'over', epoch, wasApplied: true })
    for (const { settle } of submitted) settle({ type: 'over', epoch, wasApplied: false })
    const waiting = this.#waiting
    this.#waiting = []
    for (const goOn of waiting) goOn()
  }

  /** Whether all replicas in reach have all. */
  get isWhole(): boolean {
    return [...this.#links.values()].every(({ link, isKeeper }) =>
      isKeeper ? link.isWhole : link.isMerged,
    )
  }

  /** How its replicas stand. */
  standings(): readonly ReplicaStanding[] {
    return [...this.#links.values()].map(({ node, isKeeper, link }) => ({
      node,
      isKeeper,
      isReachable: link.isReachable,
      hasTold: link.hasTold,
      keeps: link.keeps,
      isOfOtherLineage: link.isOfOtherLineage,
      lacking: link.lacking,
    }))
  }

  nextDeadline(): number {
    let next = Math.min(this.#submitted[0]?.until ?? Infinity, this.#pending.nextDeadline())
    for (const { link } of this.#links.values()) next = Math.min(next, link.nextDeadline())
    return next
  }

  tick(now: number): void {
    for (const { link } of this.#links.values()) link.tick(now)
    const inReach = this.#inReach
    const tooLate = this.#submitted.filter(({ until }) => until <= now)
    if (tooLate.length > 0) this.#submitted = this.#submitted.filter(({ until }) => until > now)
    for (const { settle } of tooLate) settle({ type: 'unavailable', inReach })
    for (const { id, version, settle } of this.#pending.takeLate(now)) {
      const acknowledged = this.#acksOf(id, version)
      settle({ type: 'timed-out', acknowledged, isStoredHere: this.#isStoredHere(id, version) })
    }
  }
}

function sameEntries(left: readonly ReplicatedEntry[], right: readonly ReplicatedEntry[]): boolean {
  return left.length === right.length && left.every((entry, index) => entry === right[index])
}
