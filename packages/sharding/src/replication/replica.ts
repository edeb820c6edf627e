// A replica's side: it takes what owners send, refuses former ones, and gives back what it has.
import { isJournalError } from '@casty/persistence'
import { compareCopies } from './copy-version.ts'
import type { Piece } from './copy.ts'
import type { ShardCopies } from './copies.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'

/** Ids told of at once. */
const maxListed = 500
/** What a piece holds at most, in bytes; at least one record all the same. */
export const pieceBytes = 131_072

/** Of one shard. Mutable, and of its owner alone. */
export class Replica {
  readonly #copies: ShardCopies
  /** Pieces of the one copy that is under way. */
  #arriving: Piece[] = []

  constructor(copies: ShardCopies) {
    this.#copies = copies
  }

  /** @returns undefined where there is nothing to say: there is no room, and the owner will ask again */
  answer(epoch: number, request: ReplicaRequest): ReplicaAnswer | undefined {
    if (epoch < this.#copies.fence) return { type: 'fenced', epoch: this.#copies.fence }
    if (epoch > this.#copies.fence) this.#arriving = []
    this.#copies.raiseFence(epoch)
    switch (request.type) {
      case 'list':
        return this.#list(request.token, request.after)
      case 'pull': {
        const piece = this.#copies.find(request.id)?.piece(request.offset, pieceBytes)
        return { type: 'pulled', token: request.token, piece }
      }
      case 'push':
        return this.#push(request.token, request.piece)
      case 'replicate-events':
        return this.#replicate(request)
    }
  }

  #list(token: number, after: string | undefined): ReplicaAnswer {
    const ids = this.#copies.idsAfter(after, maxListed)
    const copies = ids.map((id) => ({ id, version: this.#copies.version(id) }))
    return { type: 'listed', token, copies, isEnd: ids.length < maxListed }
  }

  #push(token: number, piece: Piece): ReplicaAnswer | undefined {
    const next = takePiece(this.#arriving, piece)
    if (next === undefined) return { type: 'pushed', token, next: this.#restart() }
    if (!piece.isLast) return { type: 'pushed', token, next }
    const isInstalled = this.#copies.install(this.#arriving)
    this.#restart()
    return isInstalled ? { type: 'pushed', token, next } : undefined
  }

  #restart(): number {
    this.#arriving = []
    return 0
  }

  #replicate({
    id,
    previous,
    version,
    operation,
  }: Extract<ReplicaRequest, { readonly type: 'replicate-events' }>): ReplicaAnswer {
    const present = this.#copies.version(id)
    if (compareCopies(present, version) === 0) {
      return { type: 'replicate-events-ack', id, version } // It came twice.
    }
    if (compareCopies(present, previous) !== 0) return { type: 'behind', id }
    try {
      this.#copies.apply(id, operation, version)
    } catch (error) {
      if (!isJournalError(error)) throw error
      return { type: 'behind', id } // There is no room: perhaps there is when it is sent again.
    }
    return { type: 'replicate-events-ack', id, version }
  }
}

/** Adds the next piece of a copy. @returns where the one after it begins; undefined where it is not the next */
export function takePiece(arriving: Piece[], piece: Piece): number | undefined {
  if (piece.offset === 0) arriving.length = 0
  const [first] = arriving
  const last = arriving.at(-1)
  const expected = last ? endOf(last) : 0
  const isSame =
    !first || (first.id === piece.id && compareCopies(first.version, piece.version) === 0)
  if (!isSame || piece.offset !== expected) return undefined
  arriving.push(piece)
  return endOf(piece)
}

function endOf({ offset, events, snapshots }: Piece): number {
  return offset + events.length + snapshots.length
}
