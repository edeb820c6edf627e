// What the owner of a shard sends to one replica that is to keep copies: first, as a whole, each copy that it lacks something of; and
// all along each new operation, to copies that are known to be where it belongs, those of one turn together.
//
// What goes one way comes in order, and so do the answers. Where operations are not acknowledged for long, it is asked to say
// a word: what was sent before, and had no answer by then, is lost, and its copies are sent as a whole. What is only late is not.
import type { ShardCopies } from './copies.ts'
import { compareCopies, type CopyVersion } from './copy-version.ts'
import type { ListedCopy, ReplicateEventsAck, ReplicatedEntry } from './messages.ts'
import type { Patience } from './patience.ts'
import { PushedCopies } from './pushed-copies.ts'
import type { RequestUnderWay } from './request-under-way.ts'
import { SentOperations } from './sent-operations.ts'

export interface SupplyPort {
  /** There is something to take from the outbox. */
  filled(): void
  /** Copies of the replica go further than before. */
  advanced(ids: readonly string[]): void
  /** All that it had is here, or it has what it lacked. */
  progressed(now: number): void
  /** Here, or there, is no room for a copy. */
  noRoom(at: 'owner' | 'replica', id: string): void
}

/** Mutable. What the replica lacks of what is here is on its way, or to be pushed, as long as it is served. */
export class ReplicaSupply {
  readonly #copies: ShardCopies
  readonly #request: RequestUnderWay
  readonly #patience: Patience
  readonly #port: SupplyPort
  readonly #operations: SentOperations
  readonly #pushes = new PushedCopies()
  /** It is sent what it lacks. */
  #isServed = false
  /** Since it is served, it was found to lack nothing at least once. */
  #isFilled = false

  constructor(copies: ShardCopies, request: RequestUnderWay, patience: Patience, port: SupplyPort) {
    this.#copies = copies
    this.#request = request
    this.#patience = patience
    this.#port = port
    this.#operations = new SentOperations(patience)
  }

  get isServed(): boolean {
    return this.#isServed
  }

  /** Whether it got all that there was here when it was first served, and all that it owes. */
  get isFilled(): boolean {
    return this.#isFilled && !this.#operations.isOwed
  }

  /** Of how many ids it lacks something, as far as is known. */
  get lacking(): number {
    return this.#pushes.count + this.#operations.openCount
  }

  /** Whether there was no room for that copy when it was sent last. */
  lacksRoomFor(id: string): boolean {
    return this.#pushes.lacksRoomFor(id)
  }

  /** Of how many ids it keeps copies, as far as it told. */
  get keeps(): number {
    return this.#operations.keeps
  }

  has(id: string, version: CopyVersion): boolean {
    return this.#operations.has(id, version)
  }

  /** How far its copy goes once all that was sent has arrived. */
  sentOf(id: string): CopyVersion {
    return this.#operations.sentOf(id)
  }

  /** It tells what it has. @param isStored - see `SentOperations.told` */
  told(copy: ListedCopy, isStored: boolean): void {
    this.#operations.told(copy, isStored)
  }

  /** What it told so far does not count any more. */
  forgetTold(): void {
    this.#operations.forgetTold()
  }

  /** Nor does what it was sent. */
  forgetSent(): void {
    this.#operations.forgetSent()
  }

  /** It is not filled before it has acknowledged all that there is now. */
  owe(): void {
    for (const id of [...this.#operations.open(), ...this.#pushes.ids()]) {
      this.#operations.owe(id, this.#copies.version(id))
    }
  }

  /** Sends it what it lacks, from now on. */
  serve(now: number): void {
    if (this.#isServed) return
    this.#isServed = true
    for (const id of this.#copies.ids()) {
      const own = this.#copies.version(id)
      const theirs = this.#operations.acknowledgedOf(id)
      if (compareCopies(theirs, own) === 0) this.#operations.noteCopy(id, own)
      else this.#pushes.add(id)
    }
    this.goOn(now)
  }

  /** Sends it nothing from now on. */
  rest(): void {
    this.#isServed = false
    this.#isFilled = false
    this.#operations.rest()
    this.#pushes.clear()
  }

  /** The owner has applied it. */
  replicate(entry: ReplicatedEntry, now: number): void {
    // Where it is not served yet, it gets what it lacks once it is.
    if (this.#isServed && !this.#pushes.takes(entry)) this.#sendOn(entry, now)
  }

  #sendOn(entry: ReplicatedEntry, now: number): void {
    if (!this.#operations.mayFollow(entry)) this.#push(entry.id, now)
    else if (this.#operations.send(entry, now)) this.#port.filled()
  }

  /** What is to be sent at the end of this turn. */
  takeOutbox(): readonly ReplicatedEntry[] {
    return this.#operations.takeOutbox()
  }

  #push(id: string, now: number): void {
    this.#operations.close(id)
    this.#pushes.add(id)
    this.goOn(now)
  }

  acknowledged({ copies, behind, full }: ReplicateEventsAck, now: number): void {
    for (const id of full) this.#wasFull(id, now)
    for (const id of [...behind, ...full]) {
      if (this.#isServed && !this.#pushes.isCurrent(id)) this.#push(id, now)
    }
    this.#acknowledge(copies, now)
  }

  #acknowledge(copies: readonly ListedCopy[], now: number): void {
    const { isOwed } = this.#operations
    const advanced = this.#operations.acknowledge(copies, now)
    if (advanced.length === 0) return
    this.#port.advanced(advanced)
    if (isOwed && this.isFilled) this.#port.progressed(now)
  }

  #wasFull(id: string, now: number): void {
    if (this.#isServed) this.#pushes.wasFull(id, now)
    this.#port.noRoom('replica', id)
  }

  /** There was no room for the copy that is being sent. */
  refused(id: string, now: number): void {
    if (!this.#pushes.isCurrent(id) || this.#request.type !== 'push') return
    this.#request.drop()
    this.#pushes.beginAgain()
    this.#wasFull(id, now)
  }

  /** Of the copy that is being sent it has as much: the next piece begins there. */
  pushed(next: number, now: number): void {
    const { current } = this.#pushes
    if (!current) return
    const piece = this.#pushes.pieceFrom(next)
    if (piece) {
      this.#request.push(piece, now)
      return
    }
    const { id, version } = current.copy
    this.#pushes.end()
    this.#operations.noteCopy(id, version)
    this.#acknowledge([{ id, version }], now)
    this.checked(current.since)
    if (this.#pushes.has(id)) return
    for (const entry of current.behind) this.#sendOn(entry, now)
  }

  /** All that was sent before that has arrived, or never does: of what is not acknowledged, the copy is sent as a whole. */
  checked(before: number): void {
    for (const id of this.#operations.takeLost(before)) this.#pushes.add(id)
  }

  /** The next copy, where nothing is under way. */
  goOn(now: number): void {
    if (this.#request.type || !this.#isServed || !this.#pushes.mayBegin(now)) return
    const id = this.#pushes.takeNext()
    if (id === undefined) {
      this.#lacksNothing(now)
      return
    }
    const copy = this.#copies.find(id)?.frozen()
    if (!copy) {
      this.#operations.forgive(id)
      this.goOn(now)
      return
    }
    this.#request.push(this.#pushes.begin(copy, this.#operations.outboxSince(now)), now)
  }

  #lacksNothing(now: number): void {
    if (this.#isFilled || this.#pushes.current) return
    this.#isFilled = true
    this.#port.progressed(now)
  }

  nextDeadline(): number {
    const pushAt = this.#isServed && !this.#request.type ? this.#pushes.nextDeadline() : Infinity
    return Math.min(this.#lateAt, pushAt)
  }

  /** When operations are late. Whether they are lost is known as soon as what is asked is answered, which comes behind them. */
  get #lateAt(): number {
    return this.#request.type ? Infinity : this.#operations.nextDeadline()
  }

  /** Asks whether operations are lost that are late. */
  tick(now: number): void {
    if (this.#lateAt > now) return
    this.#patience.ranOut()
    this.#request.check(this.#operations.outboxSince(now), now)
  }
}
