// What the owner of a shard does about one replica. First it asks what is there, and takes what goes further than its
// own; then, where the replica is to keep copies, it sends what that lacks, one piece at a time; and all along each new operation to
// copies that are known to be where it belongs, those of one turn together. A replica that does not answer is asked again.
//
// What goes one way comes in order, and so do the answers. Where operations are not acknowledged for long, it is asked to say
// a word: what was sent before, and had no answer by then, is lost, and its copies are sent as a whole. What is only late is not.
import { compareCopies, noCopy, type CopyVersion } from './copy-version.ts'
import type { ShardCopies } from './copies.ts'
import type { Copy, Piece } from './copy.ts'
import type { Lineage } from './lineage.ts'
import type { ReplicaAnswer, ReplicaRequest, ReplicatedEntry } from './messages.ts'
import { Patience } from './patience.ts'
import { pieceBytes, takePiece } from './replica.ts'

/** Where there was no room for a copy, one is sent again after so long, in milliseconds. */
const roomAgainMs = 500
/** While a replica acknowledges others, an operation is waited for so many times as long. */
const timesWhileHeard = 4
/** So many operations on a copy that is being sent wait for that; more, and it is sent anew. */
const maxBehind = 1_000
/** Who had copies of another lineage is asked again after so long, in milliseconds: perhaps these were given up, or count by now. */
const askAsideMs = 1_000

type Asked = Extract<ReplicaRequest, { readonly token: number }>

interface UnderWay {
  readonly request: Asked
  readonly since: number
  /** When it was sent last. */
  readonly at: number
}

export interface LinkPort {
  send(request: ReplicaRequest): void
  /** There is something to take from the outbox. */
  filled(): void
  /** Copies of the replica go further than before. */
  advanced(ids: readonly string[]): void
  /** All that it had is here, or it has what it lacked. */
  progressed(now: number): void
  /** A copy from a replica was taken over here. */
  installed(pieces: readonly Piece[]): void
  /** Here, or there, is no room for a copy. */
  noRoom(at: 'owner' | 'replica', id: string): void
  fenced(epoch: number): void
}

/** Mutable, and of its owner alone. */
export class ReplicaLink {
  readonly #copies: ShardCopies
  readonly #port: LinkPort
  #isReachable = false
  /** Everything that it had, and went further than what is here, is here. */
  #isMerged = false
  /** It is sent what it lacks. */
  #isServed = false
  /** Since it is served, it was found to lack nothing at least once. */
  #isFilled = false
  /** What it is to have acknowledged before those go that confirmed it in its place. */
  readonly #owed = new Map<string, CopyVersion>()
  /** What it has is of another lineage than what is here: neither may change the other. */
  #isOfOtherLineage = false
  #askAsideAt = Infinity
  /** Of what it has, as it told. */
  #lineage: Lineage | undefined
  /** The one request that is under way. */
  #asked: UnderWay | undefined
  #token = 0
  #patience = new Patience()
  /** When something was acknowledged last. */
  #heardAt = Number.NEGATIVE_INFINITY
  /** What the replica keeps, as far as it told. */
  readonly #acknowledged = new Map<string, CopyVersion>()
  /** What it has once all that was sent has arrived. */
  readonly #sent = new Map<string, CopyVersion>()
  /** Ids with operations that are not acknowledged, by since when nothing was, the oldest first. */
  readonly #open = new Map<string, number>()
  #outbox: ReplicatedEntry[] = []
  /** When the first of them came: they leave at the end of the turn, behind whatever is sent at once. */
  #outboxSince = 0
  readonly #toPull: string[] = []
  #pulled: Piece[] = []
  /** Ids of which the replica needs the whole copy. */
  readonly #toPush = new Set<string>()
  #pushed:
    | { readonly copy: Copy; readonly since: number; readonly behind: ReplicatedEntry[] }
    | undefined
  /** There was no room for a copy: none is sent before. */
  #pushAgainAt = Number.NEGATIVE_INFINITY

  constructor(copies: ShardCopies, port: LinkPort) {
    this.#copies = copies
    this.#port = port
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  /** Whether all that it has and goes further is here, or it cannot be asked. */
  get isMerged(): boolean {
    return this.#isMerged || !this.#isReachable
  }

  /** Whether all that it had is here: not only because it cannot be asked. */
  get hasTold(): boolean {
    return this.#isMerged && !this.#isOfOtherLineage
  }

  /** Whether what it has is of another lineage than what is here: it never has what is written. */
  get isOfOtherLineage(): boolean {
    return this.#isOfOtherLineage
  }

  /** Whether it got all that there was here when it was first served, and all that it owes, and has been in reach since. */
  get isFilled(): boolean {
    return this.#isFilled && this.#owed.size === 0
  }

  /** Who is to have what was written so far has changed. */
  owe(): void {
    const lacking = [
      ...this.#open.keys(),
      ...this.#toPush,
      ...(this.#pushed ? [this.#pushed.copy.id] : []),
    ]
    for (const id of lacking) {
      const version = this.#copies.version(id)
      // What is sent once more may have been acknowledged late.
      if (!this.has(id, version)) this.#owed.set(id, version)
    }
  }

  /** Whether it has all that the owner has, or is out of reach. */
  get isWhole(): boolean {
    if (!this.#isReachable || this.#isOfOtherLineage) return true
    return this.#isServed && !this.#asked && this.lacking === 0
  }

  /** Of how many ids it lacks something, as far as is known. */
  get lacking(): number {
    return this.#toPush.size + this.#open.size + (this.#pushed ? 1 : 0)
  }

  /** Of how many ids it keeps copies, as far as it told. */
  get keeps(): number {
    return this.#acknowledged.size
  }

  has(id: string, version: CopyVersion): boolean {
    return compareCopies(this.#acknowledged.get(id) ?? noCopy, version) >= 0
  }

  setReachable(isReachable: boolean, now: number): void {
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    this.#asked = undefined
    this.#patience = new Patience()
    this.#isMerged = false
    this.#isOfOtherLineage = false
    this.#askAsideAt = Infinity
    this.#sent.clear()
    this.#toPull.length = 0
    this.#pulled = []
    this.rest()
    if (isReachable) this.#list(undefined, now)
  }

  #list(after: string | undefined, now: number): void {
    this.#ask({ type: 'list', token: ++this.#token, after }, now)
  }

  #ask(request: Asked, now: number): void {
    this.#asked = { request, since: now, at: now }
    this.#port.send(request)
  }

  #askAgain({ request, since }: UnderWay, now: number): void {
    this.#patience.ranOut()
    this.#asked = { request, since, at: now }
    this.#port.send(request)
  }

  /** The owner has applied it. */
  replicate(entry: ReplicatedEntry, now: number): void {
    // Once it has told what it has, it gets what it lacks.
    if (!this.#isServed || this.#toPush.has(entry.id)) return
    if (this.#pushed?.copy.id !== entry.id) this.#sendOn(entry, now)
    else if (this.#pushed.behind.push(entry) > maxBehind) this.#toPush.add(entry.id)
  }

  #sendOn(entry: ReplicatedEntry, now: number): void {
    const { id, previous, version } = entry
    const sent = this.#sent.get(id) ?? noCopy
    if (compareCopies(sent, previous) !== 0) {
      this.#push(id, now)
      return
    }
    this.#sent.set(id, version)
    if (!this.#open.has(id)) this.#open.set(id, now)
    if (this.#outbox.push(entry) > 1) return
    this.#outboxSince = now
    this.#port.filled()
  }

  /** What is to be sent at the end of this turn. */
  takeOutbox(): readonly ReplicatedEntry[] {
    const entries = this.#outbox
    this.#outbox = []
    return entries
  }

  #push(id: string, now: number): void {
    this.#open.delete(id)
    this.#toPush.add(id)
    this.#goOn(now)
  }

  answered(answer: ReplicaAnswer, now: number): void {
    switch (answer.type) {
      case 'fenced':
        this.#port.fenced(answer.epoch)
        return
      case 'replicate-events-ack':
        for (const id of answer.full) this.#wasFull(id, now)
        for (const id of [...answer.behind, ...answer.full]) {
          if (this.#isServed && this.#pushed?.copy.id !== id) this.#push(id, now)
        }
        this.#acknowledge(answer.copies, now)
        return
      case 'no-room':
        if (this.#pushed?.copy.id !== answer.id || this.#asked?.request.type !== 'push') return
        this.#asked = undefined
        this.#pushed = undefined
        this.#toPush.add(answer.id)
        this.#wasFull(answer.id, now)
        return
      case 'other-lineage':
        this.#setAside(now)
        return
      case 'offer': // The owner answers it, whoever sent it.
        return
      case 'listed':
      case 'pulled':
      case 'pushed':
      case 'checked':
        if (this.#asked?.request.token !== answer.token) return
        this.#patience.answered(now - this.#asked.since)
        this.#got(answer, this.#asked, now)
    }
  }

  #setAside(now: number): void {
    this.#asked = undefined
    this.#askAsideAt = now + askAsideMs
    if (this.#isOfOtherLineage) return
    this.#isOfOtherLineage = true
    this.#isMerged = true
    this.#acknowledged.clear()
    this.#toPull.length = 0
    this.#pulled = []
    this.rest()
    this.#port.progressed(now)
  }

  #wasFull(id: string, now: number): void {
    this.#pushAgainAt = now + roomAgainMs
    this.#port.noRoom('replica', id)
  }

  #got(
    answer: Extract<ReplicaAnswer, { readonly token: number }>,
    { request: asked, since }: UnderWay,
    now: number,
  ): void {
    this.#asked = undefined
    if (answer.type === 'checked') this.#sendLost(since)
    else if (answer.type === 'listed' && asked.type === 'list')
      this.#listed(answer, asked.after, now)
    else if (answer.type === 'pulled' && asked.type === 'pull') this.#pulledOne(answer.piece, now)
    else if (answer.type === 'pushed' && asked.type === 'push') this.#pushedOne(answer.next, now)
    this.#goOn(now)
  }

  #listed(
    { copies, isEnd, isStored, lineage }: Extract<ReplicaAnswer, { readonly type: 'listed' }>,
    after: string | undefined,
    now: number,
  ): void {
    if (after === undefined) this.#acknowledged.clear()
    if (this.#isOfOtherLineage) this.#isMerged = false
    this.#isOfOtherLineage = false
    this.#askAsideAt = Infinity
    this.#lineage = lineage
    for (const { id, version } of copies) {
      this.#sent.set(id, version)
      // What may be gone with its process is sent again, and confirmed then.
      if (isStored) this.#acknowledged.set(id, version)
      if (compareCopies(version, this.#copies.version(id)) > 0) this.#toPull.push(id)
    }
    const last = copies.at(-1)
    if (!isEnd && last) this.#list(last.id, now)
  }

  #pulledOne(piece: Piece | undefined, now: number): void {
    const next = piece && takePiece(this.#pulled, piece)
    if (piece && next !== undefined && !piece.isLast) {
      this.#ask({ type: 'pull', token: ++this.#token, id: piece.id, offset: next }, now)
      return
    }
    const pieces = this.#pulled
    this.#pulled = []
    if (!piece?.isLast || next === undefined) return
    const { lineage } = this.#copies
    if (lineage && this.#lineage && lineage.bornIn !== this.#lineage.bornIn) {
      this.#setAside(now) // Something was written here while it told.
      return
    }
    if (this.#lineage && !lineage) this.#copies.comeFrom(this.#lineage)
    const outcome = this.#copies.install(pieces)
    if (outcome === 'installed') this.#port.installed(pieces)
    if (outcome !== 'no-room') return
    // It is asked for again, until there is room.
    this.#port.noRoom('owner', piece.id)
    const request: Asked = { type: 'pull', token: ++this.#token, id: piece.id, offset: 0 }
    this.#asked = { request, since: now, at: now }
  }

  #pushedOne(next: number, now: number): void {
    const pushed = this.#pushed
    if (!pushed) return
    const { copy, since, behind } = pushed
    const isDone = next > 0 || copy.isEmpty
    const piece = copy.piece(next, pieceBytes)
    const isEnd = piece.isLast && piece.events.length + piece.snapshots.length === 0
    if (!isDone || !isEnd) {
      this.#ask({ type: 'push', token: ++this.#token, piece }, now)
      return
    }
    this.#pushed = undefined
    this.#sent.set(copy.id, copy.version)
    this.#acknowledge([{ id: copy.id, version: copy.version }], now)
    this.#sendLost(since)
    if (this.#toPush.has(copy.id)) return
    for (const entry of behind) this.#sendOn(entry, now)
  }

  /** Asks for an answer behind those to all that was sent. */
  #check(now: number): void {
    const request: Asked = { type: 'check', token: ++this.#token }
    this.#asked = { request, since: this.#beforeOutbox(now), at: now }
    this.#port.send(request)
  }

  /** Until when what was done is sent already: the rest leaves behind what is sent now. */
  #beforeOutbox(now: number): number {
    return this.#outbox.length > 0 ? this.#outboxSince : now
  }

  /** Of what was sent before that, nothing is acknowledged any more. */
  #sendLost(before: number): void {
    for (const [id, since] of this.#open) {
      if (since >= before) return
      this.#open.delete(id)
      this.#toPush.add(id)
    }
  }

  #acknowledge(
    copies: readonly { readonly id: string; readonly version: CopyVersion }[],
    now: number,
  ): void {
    const advanced: string[] = []
    let longestMs = 0
    const owed = this.#owed.size
    for (const { id, version } of copies) {
      if (this.has(id, version)) continue
      this.#acknowledged.set(id, version)
      advanced.push(id)
      if (owed > 0 && compareCopies(version, this.#owed.get(id) ?? noCopy) >= 0)
        this.#owed.delete(id)
      const since = this.#open.get(id)
      if (since === undefined) continue
      longestMs = Math.max(longestMs, now - since)
      // Who answers late and goes on answering lacks nothing: what follows is waited for anew.
      this.#open.delete(id)
      if (compareCopies(this.#sent.get(id) ?? noCopy, version) > 0) this.#open.set(id, now)
    }
    if (advanced.length === 0) return
    this.#heardAt = now
    this.#patience.answered(longestMs)
    this.#port.advanced(advanced)
    if (owed > 0 && this.isFilled) this.#port.progressed(now)
  }

  /** The next request, where none is under way. */
  #goOn(now: number): void {
    if (this.#asked || !this.#isReachable || this.#isOfOtherLineage) return
    for (let id = this.#toPull.shift(); id !== undefined; id = this.#toPull.shift()) {
      // Perhaps another replica had it meanwhile.
      if (compareCopies(this.#sent.get(id) ?? noCopy, this.#copies.version(id)) <= 0) continue
      this.#ask({ type: 'pull', token: ++this.#token, id, offset: 0 }, now)
      return
    }
    if (!this.#isMerged) {
      this.#isMerged = true
      this.#port.progressed(now) // May have it served.
    }
    if (!this.#asked && this.#isServed) this.#pushNext(now)
  }

  #pushNext(now: number): void {
    if (now < this.#pushAgainAt) return
    const [id] = this.#toPush
    if (id === undefined) {
      if (this.#isFilled || this.#pushed) return
      this.#isFilled = true
      this.#port.progressed(now)
      return
    }
    this.#toPush.delete(id)
    const copy = this.#copies.find(id)?.frozen()
    if (!copy) {
      this.#owed.delete(id)
      this.#pushNext(now)
      return
    }
    this.#pushed = { copy, since: this.#beforeOutbox(now), behind: [] }
    this.#ask({ type: 'push', token: ++this.#token, piece: copy.piece(0, pieceBytes) }, now)
  }

  /** Sends it nothing from now on. */
  rest(): void {
    this.#isServed = false
    this.#isFilled = false
    this.#owed.clear()
    this.#open.clear()
    this.#toPush.clear()
    this.#outbox = []
    this.#pushed = undefined
  }

  /** Sends it what it lacks, from now on, once it has told what it has. */
  serve(now: number): void {
    if (!this.hasTold || this.#isServed) return
    this.#isServed = true
    for (const id of this.#copies.ids()) {
      const own = this.#copies.version(id)
      const theirs = this.#acknowledged.get(id) ?? noCopy
      if (compareCopies(theirs, own) === 0) this.#sent.set(id, own)
      else this.#toPush.add(id)
    }
    this.#goOn(now)
  }

  nextDeadline(): number {
    if (!this.#isReachable) return Infinity
    const askAgainAt = (this.#asked?.at ?? Infinity) + this.#patience.ms
    if (this.#isOfOtherLineage) return this.#asked ? askAgainAt : this.#askAsideAt
    const mayPush = this.#isServed && this.#toPush.size > 0 && !this.#asked
    return Math.min(askAgainAt, this.#lateAt, mayPush ? this.#pushAgainAt : Infinity)
  }

  /** When operations are late. Whether they are lost is known as soon as what is asked is answered, which comes behind them. */
  get #lateAt(): number {
    const [since = Infinity] = this.#asked ? [] : this.#open.values()
    const { ms } = this.#patience
    return Math.min(Math.max(since, this.#heardAt) + ms, since + timesWhileHeard * ms)
  }

  /** Asks again for what was not answered. */
  tick(now: number): void {
    if (!this.#isReachable) return
    if (this.#lateAt <= now) {
      this.#patience.ranOut()
      this.#check(now)
    } else if (this.#asked && this.#asked.at + this.#patience.ms <= now)
      this.#askAgain(this.#asked, now)
    if (!this.#asked && this.#askAsideAt <= now) this.#list(undefined, now)
    this.#goOn(now)
  }
}
