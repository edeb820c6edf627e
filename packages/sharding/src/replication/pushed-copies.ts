// Copies that one replica lacks something of: it is sent them as a whole, one after the other.
import type { Copy, Piece } from './copy.ts'
import type { ReplicatedEntry } from './messages.ts'
import { pieceBytes } from './replica.ts'

/** So many operations on a copy that is being sent wait for that; more, and it is sent anew. */
const maxBehind = 1_000
/** Where there was no room for a copy, one is sent again after so long, in milliseconds. */
const roomAgainMs = 500

export interface PushedCopy {
  readonly copy: Copy
  /** Operations that were sent before that were sent before it. */
  readonly since: number
  /** What was done to it since: it goes on from there. */
  readonly behind: readonly ReplicatedEntry[]
}

/** Mutable. Operations on an id in it are not sent: they are in the copy that is yet to be sent, or wait for the one that is. */
export class PushedCopies {
  readonly #ids = new Set<string>()
  #current: (PushedCopy & { readonly behind: ReplicatedEntry[] }) | undefined
  /** There was no room for a copy: none is sent before. */
  #againAt = Number.NEGATIVE_INFINITY
  /** Those for which there was no room when they were sent last. */
  readonly #withoutRoom = new Set<string>()

  /** The replica needs the whole copy. */
  add(id: string): void {
    this.#ids.add(id)
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** The one that is being sent. */
  get current(): PushedCopy | undefined {
    return this.#current
  }

  isCurrent(id: string): boolean {
    return this.#current?.copy.id === id
  }

  /** Those in it. */
  ids(): readonly string[] {
    return this.#current ? [...this.#ids, this.#current.copy.id] : [...this.#ids]
  }

  get count(): number {
    return this.#ids.size + (this.#current ? 1 : 0)
  }

  /** @returns whether it need not be sent: the replica gets it with the copy, or behind that */
  takes(entry: ReplicatedEntry): boolean {
    if (this.#ids.has(entry.id)) return true
    if (this.#current?.copy.id !== entry.id) return false
    if (this.#current.behind.push(entry) > maxBehind) this.#ids.add(entry.id)
    return true
  }

  /** When the next one may be sent; Infinity where there is none. */
  nextDeadline(): number {
    return this.#ids.size > 0 ? this.#againAt : Infinity
  }

  /** Whether one may be sent by now. */
  mayBegin(now: number): boolean {
    return now >= this.#againAt
  }

  /** The id whose copy is to be sent next. */
  takeNext(): string | undefined {
    const [id] = this.#ids
    if (id !== undefined) this.#ids.delete(id)
    return id
  }

  /** @returns its first piece */
  begin(copy: Copy, since: number): Piece {
    this.#current = { copy, since, behind: [] }
    return copy.piece(0, pieceBytes)
  }

  /**
   * The replica has it up to there.
   *
   * @returns the next piece; undefined where there is none, and it has all
   */
  pieceFrom(next: number): Piece | undefined {
    const copy = this.#current?.copy
    if (!copy) return undefined
    const isBegun = next > 0 || copy.isEmpty
    const piece = copy.piece(next, pieceBytes)
    const isEnd = piece.isLast && piece.events.length + piece.snapshots.length === 0
    return isBegun && isEnd ? undefined : piece
  }

  /** The replica has it. */
  end(): void {
    if (this.#current) this.#withoutRoom.delete(this.#current.copy.id)
    this.#current = undefined
  }

  /** Whether there was no room for that copy when it was sent last. */
  lacksRoomFor(id: string): boolean {
    return this.#withoutRoom.has(id)
  }

  /** The one that is being sent is sent anew. */
  beginAgain(): void {
    if (this.#current) this.#ids.add(this.#current.copy.id)
    this.#current = undefined
  }

  /** There was no room for a copy: perhaps there is later. */
  wasFull(id: string, now: number): void {
    this.#againAt = now + roomAgainMs
    this.#withoutRoom.add(id)
  }

  clear(): void {
    this.#ids.clear()
    this.#current = undefined
    this.#withoutRoom.clear()
  }
}
