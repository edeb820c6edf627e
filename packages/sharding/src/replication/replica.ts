// A replica's side: it takes what owners send, refuses former ones, and gives back what it has. Where it has a disk, it
// answers once what it answers for is there.
import { isJournalError } from '@casty/persistence'
import { compareCopies } from './copy-version.ts'
import type { Operation, Piece } from './copy.ts'
import type { ShardCopies } from './copies.ts'
import type { CopyStore } from './copy-store.ts'
import type { Lineage } from './lineage.ts'
import type { RequestHeader } from './replication-codec.ts'
import type { ListedCopy, ReplicaAnswer, ReplicaRequest, ReplicatedEntry } from './messages.ts'

/** Ids told of at once. */
const maxListed = 500
/** What a piece holds at most, in bytes; at least one record all the same. */
export const pieceBytes = 131_072

export type Reply = (answer: ReplicaAnswer) => void

/** Of one shard. Mutable, and of its owner alone. */
export class Replica {
  readonly #copies: ShardCopies
  readonly #store: CopyStore | undefined
  readonly #older: (lineage: number | undefined) => number | undefined
  /** The lineage that somebody has decided to count. */
  #decided: number | undefined
  #isOfOtherLineage = false

  /**
   * @param store - where it keeps copies besides its memory
   * @param older - the census of a table before the present one whose copies are yet to be found beside that lineage, if any
   */
  constructor(
    copies: ShardCopies,
    store?: CopyStore,
    older: (lineage: number | undefined) => number | undefined = () => undefined,
  ) {
    this.#older = older
    this.#copies = copies
    this.#store = store
  }

  /** Whether what is here is of another lineage than what the owner had when it last asked. */
  get isOfOtherLineage(): boolean {
    return this.#isOfOtherLineage
  }

  /** Answers, at once where there is no disk to wait for. */
  answer(
    { epoch, lineage }: Pick<RequestHeader, 'epoch' | 'lineage'>,
    request: ReplicaRequest,
    reply: Reply,
  ): void {
    if (epoch < this.#copies.fence) {
      reply({ type: 'fenced', epoch: this.#copies.fence })
      return
    }
    this.#copies.raiseFence(epoch)
    const own = this.#copies.lineage ?? this.#maybeElsewhere(lineage)
    this.#isOfOtherLineage = own !== undefined && !this.#mayTouch(own, lineage, request)
    if (own && this.#isOfOtherLineage) {
      reply({ type: 'other-lineage', lineage: own })
      return
    }
    const isFed = request.type === 'push' || request.type === 'replicate-events'
    if (lineage !== undefined && isFed) {
      this.#copies.comeFrom({ bornIn: lineage, isConfirmed: true })
    }
    switch (request.type) {
      case 'list':
        this.#list(request.token, request.after, reply)
        return
      case 'pull': {
        const piece = this.#copies.find(request.id)?.piece(request.offset, pieceBytes)
        reply({ type: 'pulled', token: request.token, piece })
        return
      }
      case 'push':
        this.#push(request.token, request.piece, reply)
        return
      case 'replicate-events':
        this.#replicate(request.entries, reply)
        return
      case 'check':
        this.#whenStored(() => reply({ type: 'checked', token: request.token }))
        return
      case 'dismiss':
        this.#forget()
    }
  }

  /** Somebody has decided that copies of that lineage count, whatever others have. */
  decided(lineage: number): void {
    this.#decided = lineage
  }

  /** Others may have what was confirmed before: nothing that is begun anew is confirmed here. */
  #maybeElsewhere(lineage: number | undefined): Lineage | undefined {
    const older = this.#older(lineage)
    const isDecided = lineage !== undefined && lineage === this.#decided
    return older === undefined || isDecided ? undefined : { bornIn: older, isConfirmed: true }
  }

  /** Whether the owner may have what is here, or have it changed. What was surely never confirmed gives way. */
  #mayTouch(own: Lineage, lineage: number | undefined, { type }: ReplicaRequest): boolean {
    if (own.bornIn === lineage) return true
    // Who has nothing takes what there is.
    if (lineage === undefined && (type === 'list' || type === 'pull')) return true
    if (own.isConfirmed) return false
    this.#forget()
    return true
  }

  #forget(): void {
    this.#copies.forget()
    this.#store?.forget()
  }

  #list(token: number, after: string | undefined, reply: Reply): void {
    const ids = this.#copies.idsAfter(after, maxListed)
    const copies = ids.map((id) => ({ id, version: this.#copies.version(id) }))
    const isEnd = ids.length < maxListed
    const { lineage } = this.#copies
    this.#whenStored((isStored) =>
      reply({ type: 'listed', token, copies, isEnd, isStored, lineage }),
    )
  }

  #whenStored(goOn: (isStored: boolean) => void): void {
    if (this.#store) this.#store.whenStored(goOn)
    else goOn(true)
  }

  #push(token: number, piece: Piece, reply: Reply): void {
    const { id } = piece
    const next = this.#copies.arriving.take(piece)
    if (next === undefined) {
      reply({ type: 'pushed', token, next: 0 }) // From its beginning again.
    } else if (next === 'no-room') {
      reply({ type: 'no-room', id }) // It is refused before all of it has come.
    } else if (piece.isLast) {
      this.#install(id, { type: 'pushed', token, next }, reply)
    } else {
      reply({ type: 'pushed', token, next })
    }
  }

  #install(id: string, installed: ReplicaAnswer, reply: Reply): void {
    const pieces = this.#copies.arriving.takeAll()
    const outcome = this.#copies.install(pieces)
    if (outcome === 'no-room') reply({ type: 'no-room', id })
    else if (outcome === 'installed' && this.#store) {
      this.#store.writeCopy(pieces, () => reply(installed))
    } else {
      // It was here already; perhaps not on the disk yet.
      this.#whenStored((isStored) => isStored && reply(installed))
    }
  }

  #replicate(entries: readonly ReplicatedEntry[], reply: Reply): void {
    const taken: ListedCopy[] = []
    const behind: string[] = []
    const full: string[] = []
    const written: ReplicatedEntry[] = []
    const store = this.#store
    for (const entry of entries) {
      const outcome = this.#apply(entry)
      if (outcome === 'behind') behind.push(entry.id)
      else if (outcome === 'full') full.push(entry.id)
      else taken.push({ id: entry.id, version: entry.version })
      if (store && typeof outcome === 'object') written.push({ ...entry, operation: outcome })
    }
    if (!store || taken.length === 0) {
      reply({ type: 'replicate-events-ack', copies: taken, behind, full })
      return
    }
    // What is missing is told at once, so that it comes.
    if (behind.length + full.length > 0) {
      reply({ type: 'replicate-events-ack', copies: [], behind, full })
    }
    const acknowledged = (): void =>
      reply({ type: 'replicate-events-ack', copies: taken, behind: [], full: [] })
    if (written.length > 0) store.writeEntries(written, acknowledged)
    else store.whenStored((isStored) => isStored && acknowledged())
  }

  /** @returns what was done, with the bytes that are kept here; or why nothing was */
  #apply({
    id,
    previous,
    version,
    operation,
  }: ReplicatedEntry): Operation | 'known' | 'behind' | 'full' {
    const present = this.#copies.version(id)
    if (compareCopies(present, version) === 0) return 'known' // It came twice.
    if (compareCopies(present, previous) !== 0) return 'behind'
    try {
      return this.#copies.apply(id, operation, version)
    } catch (error) {
      if (!isJournalError(error)) throw error
      return error.code === 'CASTY_JOURNAL_FULL' ? 'full' : 'behind'
    }
  }
}
