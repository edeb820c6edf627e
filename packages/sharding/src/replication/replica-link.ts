// What the owner of a shard does about one replica. First it asks what is there, and takes what goes further than its
// own; then, where the replica is to keep copies, it sends what that lacks. A replica that does not answer is asked again.
import { compareCopies, type CopyVersion } from './copy-version.ts'
import type { ShardCopies } from './copies.ts'
import type { Piece } from './copy.ts'
import type { ReplicaAnswer, ReplicaRequest, ReplicatedEntry } from './messages.ts'
import { Patience } from './patience.ts'
import { PulledCopies } from './pulled-copies.ts'
import { ReplicaSupply, type SupplyPort } from './replica-supply.ts'
import { RequestUnderWay, type Told, type UnderWay } from './request-under-way.ts'

/** Who had copies of another lineage is asked again after so long, in milliseconds: perhaps these were given up, or count by now. */
const askAsideMs = 1_000

export interface LinkPort extends SupplyPort {
  send(request: ReplicaRequest): void
  /** A copy from a replica was taken over here. */
  installed(pieces: readonly Piece[]): void
  fenced(epoch: number): void
}

/** Mutable, and of its owner alone. Nothing is sent to it before all that it has and goes further than what is here was taken. */
export class ReplicaLink {
  readonly #copies: ShardCopies
  readonly #port: LinkPort
  readonly #patience = new Patience()
  readonly #request: RequestUnderWay
  readonly #pulls: PulledCopies
  readonly #supply: ReplicaSupply
  #isReachable = false
  /** Everything that it had, and went further than what is here, is here. */
  #isMerged = false
  /** What it has is of another lineage than what is here: neither may change the other. */
  #isOfOtherLineage = false
  #askAsideAt = Infinity

  constructor(copies: ShardCopies, port: LinkPort) {
    this.#copies = copies
    this.#port = port
    this.#request = new RequestUnderWay(this.#patience, (request) => port.send(request))
    this.#pulls = new PulledCopies(copies)
    this.#supply = new ReplicaSupply(copies, this.#request, this.#patience, port)
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
    return this.#supply.isFilled
  }

  /** Whether it has all that the owner has, or is out of reach. */
  get isWhole(): boolean {
    if (!this.#isReachable || this.#isOfOtherLineage) return true
    return this.#supply.isServed && !this.#request.type && this.lacking === 0
  }

  /** Of how many ids it lacks something, as far as is known. */
  get lacking(): number {
    return this.#supply.lacking
  }

  /** Whether there was no room for that copy when it was sent last. */
  lacksRoomFor(id: string): boolean {
    return this.#supply.lacksRoomFor(id)
  }

  /** Of how many ids it keeps copies, as far as it told. */
  get keeps(): number {
    return this.#supply.keeps
  }

  has(id: string, version: CopyVersion): boolean {
    return this.#supply.has(id, version)
  }

  /** Who is to have what was written so far has changed. */
  owe(): void {
    this.#supply.owe()
  }

  setReachable(isReachable: boolean, now: number): void {
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    this.#request.drop()
    this.#patience.reset()
    this.#isMerged = false
    this.#isOfOtherLineage = false
    this.#askAsideAt = Infinity
    this.#pulls.clear()
    this.#supply.forgetSent()
    this.#supply.rest()
    if (isReachable) this.#request.list(undefined, now)
  }

  /** Sends it what it lacks, from now on, once it has told what it has. */
  serve(now: number): void {
    if (this.hasTold) this.#supply.serve(now)
  }

  /** Sends it nothing from now on. */
  rest(): void {
    this.#supply.rest()
  }

  /** The owner has applied it. */
  replicate(entry: ReplicatedEntry, now: number): void {
    this.#supply.replicate(entry, now)
  }

  /** What is to be sent at the end of this turn. */
  takeOutbox(): readonly ReplicatedEntry[] {
    return this.#supply.takeOutbox()
  }

  answered(answer: ReplicaAnswer, now: number): void {
    switch (answer.type) {
      case 'fenced':
        this.#port.fenced(answer.epoch)
        return
      case 'replicate-events-ack':
        this.#supply.acknowledged(answer, now)
        return
      case 'no-room':
        this.#supply.refused(answer.id, now)
        return
      case 'other-lineage':
        this.#setAside(now)
        return
      case 'offer': // The owner answers it, whoever sent it.
        return
      case 'listed':
      case 'pulled':
      case 'pushed':
      case 'checked': {
        const asked = this.#request.answered(answer, now)
        if (asked) this.#got(answer, asked, now)
      }
    }
  }

  #setAside(now: number): void {
    this.#request.drop()
    this.#askAsideAt = now + askAsideMs
    if (this.#isOfOtherLineage) return
    this.#isOfOtherLineage = true
    this.#isMerged = true
    this.#pulls.clear()
    this.#supply.forgetTold()
    this.#supply.rest()
    this.#port.progressed(now)
  }

  #got(answer: Told, { request, since }: UnderWay, now: number): void {
    if (answer.type === 'checked') this.#supply.checked(since)
    else if (answer.type === 'listed' && request.type === 'list')
      this.#listed(answer, request.after, now)
    else if (answer.type === 'pulled' && request.type === 'pull') this.#pulled(answer.piece, now)
    else if (answer.type === 'pushed' && request.type === 'push')
      this.#supply.pushed(answer.next, now)
    this.#goOn(now)
  }

  #listed(
    { copies, isEnd, isStored, lineage }: Extract<ReplicaAnswer, { readonly type: 'listed' }>,
    after: string | undefined,
    now: number,
  ): void {
    if (after === undefined) this.#supply.forgetTold()
    if (this.#isOfOtherLineage) this.#isMerged = false
    this.#isOfOtherLineage = false
    this.#askAsideAt = Infinity
    this.#pulls.comeFrom(lineage)
    for (const copy of copies) {
      this.#supply.told(copy, isStored)
      this.#pulls.told(copy)
    }
    const last = copies.at(-1)
    if (!isEnd && last) this.#request.list(last.id, now)
  }

  #pulled(piece: Piece | undefined, now: number): void {
    const pulled = this.#pulls.take(piece)
    switch (pulled.type) {
      case 'more':
        this.#request.pull(pulled.id, pulled.offset, now)
        return
      case 'other-lineage':
        this.#setAside(now)
        return
      case 'installed':
        this.#port.installed(pulled.pieces)
        return
      case 'no-room':
        this.#port.noRoom('owner', pulled.id)
        this.#request.pullLater(pulled.id, now) // … until there is room.
        return
      case 'nothing':
    }
  }

  /** The next request, where none is under way. */
  #goOn(now: number): void {
    if (this.#request.type || !this.#isReachable || this.#isOfOtherLineage) return
    for (let id = this.#pulls.next(); id !== undefined; id = this.#pulls.next()) {
      // Perhaps another replica had it meanwhile.
      if (compareCopies(this.#supply.sentOf(id), this.#copies.version(id)) <= 0) continue
      this.#request.pull(id, 0, now)
      return
    }
    if (!this.#isMerged) {
      this.#isMerged = true
      this.#port.progressed(now) // May have it served.
    }
    this.#supply.goOn(now)
  }

  nextDeadline(): number {
    if (!this.#isReachable) return Infinity
    const askAgainAt = this.#request.nextDeadline()
    if (this.#isOfOtherLineage) return this.#request.type ? askAgainAt : this.#askAsideAt
    return Math.min(askAgainAt, this.#supply.nextDeadline())
  }

  /** Asks again for what was not answered. */
  tick(now: number): void {
    if (!this.#isReachable) return
    this.#supply.tick(now)
    this.#request.tick(now)
    if (!this.#request.type && this.#askAsideAt <= now) this.#request.list(undefined, now)
    this.#goOn(now)
  }
}
