// What the owner of a shard does about one replica. First it asks what is there, and takes what goes further than its
// own; then it sends what the replica lacks, one piece at a time; and all along each new operation, as it happens, to
// copies that are known to be where it belongs. A replica that does not answer is asked again.
import { compareCopies, noCopy, type CopyVersion } from './copy-version.ts'
import type { ShardCopies } from './copies.ts'
import type { Copy, Operation, Piece } from './copy.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import { pieceBytes, takePiece } from './replica.ts'

/** Unanswered requests are sent again after so long, in milliseconds. */
const againMs = 500
/** So many operations on a copy that is being sent wait for that; more, and it is sent anew. */
const maxBehind = 1_000

type Replicate = Extract<ReplicaRequest, { readonly type: 'replicate-events' }>
type Asked = Exclude<ReplicaRequest, Replicate>

export interface LinkPort {
  send(request: ReplicaRequest): void
  /** How far a copy of the replica goes has changed, or whether all of them are known has. */
  advanced(id: string | undefined, now: number): void
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
  /** The one request that is under way. */
  #asked: { readonly request: Asked; readonly at: number } | undefined
  #token = 0
  /** What the replica has, as far as it told. */
  readonly #acknowledged = new Map<string, CopyVersion>()
  /** What it has once all that was sent has arrived. */
  readonly #sent = new Map<string, CopyVersion>()
  /** Ids with operations that are not acknowledged, by since when. */
  readonly #open = new Map<string, number>()
  readonly #toPull: string[] = []
  readonly #pulled: Piece[] = []
  /** Ids of which the replica needs the whole copy. */
  readonly #toPush = new Set<string>()
  #pushed: { readonly copy: Copy; readonly behind: Replicate[] } | undefined

  constructor(copies: ShardCopies, port: LinkPort) {
    this.#copies = copies
    this.#port = port
  }

  /** Whether all that it has and goes further is here, or it cannot be asked. */
  get isMerged(): boolean {
    return this.#isMerged || !this.#isReachable
  }

  /** Whether it has all that the owner has, or is out of reach. */
  get isWhole(): boolean {
    if (!this.#isReachable) return true
    return this.#isServed && !this.#asked && this.#toPush.size === 0 && this.#open.size === 0
  }

  has(id: string, version: CopyVersion): boolean {
    return compareCopies(this.#acknowledged.get(id) ?? noCopy, version) >= 0
  }

  setReachable(isReachable: boolean, now: number): void {
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    this.#asked = undefined
    this.#isMerged = false
    this.#isServed = false
    this.#forgetSent()
    if (isReachable) this.#ask({ type: 'list', token: ++this.#token, after: undefined }, now)
  }

  #forgetSent(): void {
    this.#sent.clear()
    this.#open.clear()
    this.#toPush.clear()
    this.#toPull.length = 0
    this.#pulled.length = 0
    this.#pushed = undefined
  }

  #ask(request: Asked, now: number): void {
    this.#asked = { request, at: now }
    this.#port.send(request)
  }

  /** The owner has applied it. */
  replicate(operation: Operation, id: string, previous: CopyVersion, now: number): void {
    // Once it has told what it has, it gets what it lacks.
    if (!this.#isServed || this.#toPush.has(id)) return
    const version = this.#copies.version(id)
    const request = { type: 'replicate-events', id, previous, version, operation } as const
    if (this.#pushed?.copy.id !== id) this.#sendOn(request, now)
    else if (this.#pushed.behind.push(request) > maxBehind) this.#toPush.add(id)
  }

  #sendOn(request: Replicate, now: number): void {
    const { id, previous, version } = request
    const sent = this.#sent.get(id) ?? noCopy
    if (compareCopies(sent, previous) !== 0) {
      this.#push(id, now)
      return
    }
    this.#sent.set(id, version)
    if (!this.#open.has(id)) this.#open.set(id, now)
    this.#port.send(request)
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
        this.#acknowledge(answer.id, answer.version, now)
        return
      case 'behind':
        if (this.#isServed && this.#pushed?.copy.id !== answer.id) this.#push(answer.id, now)
        return
      case 'listed':
      case 'pulled':
      case 'pushed':
        if (this.#asked?.request.token !== answer.token) return
        this.#got(answer, this.#asked.request, now)
    }
  }

  #got(
    answer: Extract<ReplicaAnswer, { readonly token: number }>,
    asked: Asked,
    now: number,
  ): void {
    this.#asked = undefined
    if (answer.type === 'listed' && asked.type === 'list') this.#listed(answer, asked.after, now)
    else if (answer.type === 'pulled' && asked.type === 'pull') this.#pulledOne(answer.piece, now)
    else if (answer.type === 'pushed' && asked.type === 'push') this.#pushedOne(answer.next, now)
    this.#goOn(now)
  }

  #listed(
    { copies, isEnd }: Extract<ReplicaAnswer, { readonly type: 'listed' }>,
    after: string | undefined,
    now: number,
  ): void {
    if (after === undefined) this.#acknowledged.clear()
    for (const { id, version } of copies) {
      this.#acknowledged.set(id, version)
      this.#sent.set(id, version)
      if (compareCopies(version, this.#copies.version(id)) > 0) this.#toPull.push(id)
    }
    const last = copies.at(-1)
    if (isEnd || !last) return
    this.#ask({ type: 'list', token: ++this.#token, after: last.id }, now)
  }

  #pulledOne(piece: Piece | undefined, now: number): void {
    const next = piece && takePiece(this.#pulled, piece)
    if (piece && next !== undefined && !piece.isLast) {
      this.#ask({ type: 'pull', token: ++this.#token, id: piece.id, offset: next }, now)
      return
    }
    // Where there is no room for it, it is asked for again, until there is.
    if (piece?.isLast && next !== undefined && !this.#copies.install(this.#pulled)) {
      this.#toPull.unshift(piece.id)
      this.#asked = { request: this.#pullOf(piece.id), at: now }
    }
    this.#pulled.length = 0
  }

  #pullOf(id: string): Asked {
    this.#toPull.splice(0, 1)
    return { type: 'pull', token: ++this.#token, id, offset: 0 }
  }

  #pushedOne(next: number, now: number): void {
    const pushed = this.#pushed
    if (!pushed) return
    const { copy, behind } = pushed
    const isDone = next > 0 || copy.isEmpty
    const piece = copy.piece(next, pieceBytes)
    const isEnd = piece.isLast && piece.events.length + piece.snapshots.length === 0
    if (!isDone || !isEnd) {
      this.#ask({ type: 'push', token: ++this.#token, piece }, now)
      return
    }
    this.#pushed = undefined
    this.#sent.set(copy.id, copy.version)
    this.#acknowledge(copy.id, copy.version, now)
    if (this.#toPush.has(copy.id)) return
    for (const request of behind) this.#sendOn(request, now)
  }

  #acknowledge(id: string, version: CopyVersion, now: number): void {
    if (this.has(id, version)) return
    this.#acknowledged.set(id, version)
    if (compareCopies(this.#sent.get(id) ?? noCopy, version) <= 0) this.#open.delete(id)
    this.#port.advanced(id, now)
  }

  /** The next request, where none is under way. */
  #goOn(now: number): void {
    if (this.#asked || !this.#isReachable) return
    for (let id = this.#toPull[0]; id !== undefined; id = this.#toPull[0]) {
      const request = this.#pullOf(id)
      if (this.has(id, this.#copies.version(id)) && !this.#isEqual(id)) {
        this.#ask(request, now)
        return
      }
    }
    if (!this.#isMerged) {
      this.#isMerged = true
      this.#port.advanced(undefined, now) // May have it served.
    }
    if (this.#asked || !this.#isServed) return
    const [id] = this.#toPush
    if (id === undefined) return
    this.#toPush.delete(id)
    const copy = this.#copies.find(id)?.frozen()
    if (!copy) return
    this.#pushed = { copy, behind: [] }
    this.#ask({ type: 'push', token: ++this.#token, piece: copy.piece(0, pieceBytes) }, now)
  }

  #isEqual(id: string): boolean {
    return compareCopies(this.#acknowledged.get(id) ?? noCopy, this.#copies.version(id)) === 0
  }

  /** Sends it what it lacks, from now on, once it has told what it has. */
  serve(now: number): void {
    if (!this.#isMerged || this.#isServed) return
    this.#isServed = true
    for (const id of this.#copies.ids()) if (!this.#isEqual(id)) this.#toPush.add(id)
    this.#goOn(now)
  }

  nextDeadline(): number {
    if (!this.#isReachable) return Infinity
    const [opened = Infinity] = this.#open.values()
    return Math.min(this.#asked?.at ?? Infinity, opened) + againMs
  }

  /** Asks again for what was not answered. */
  tick(now: number): void {
    if (!this.#isReachable) return
    for (const [id, since] of this.#open) {
      if (since + againMs > now) break
      this.#open.delete(id)
      this.#toPush.add(id)
    }
    if (this.#asked && this.#asked.at + againMs <= now) this.#ask(this.#asked.request, now)
    this.#goOn(now)
  }
}
