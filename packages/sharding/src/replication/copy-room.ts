// How much room there is for copies of one type on one node, of all its shards. What is written and what is whole goes before what
// arrives in pieces: that may be let go of at any time, since whoever sends it begins again then.
import type { FreesRoom } from '@casty/persistence'
import { ArrivingCopy } from './arriving-copy.ts'
import type { Piece } from './copy.ts'

/** Of the room, so much is for what others write, and for what makes room; half of it for what does that at once. */
const keptShare = 1 / 16
/** A copy that has had no piece for so long, in milliseconds, gives way: owners ask again sooner than that. */
const stalledMs = 10_000

export interface CopyRoomSettings {
  /** See `ReplicationConfig`. */
  readonly savesWhole?: boolean
  /** In milliseconds, by a monotonic clock. Without it, no copy that arrives counts as stalled. */
  readonly now?: () => number
}

interface Held {
  readonly bytes: number
  readonly at: number
}

/** Mutable. What is used and what is held for copies that arrive is never more than there is, where what is used is not. */
export class CopyRoom {
  maxBytes: number
  usedBytes = 0
  readonly #now: () => number
  readonly #savesWhole: boolean
  /** What the copies of each shard take. */
  readonly #shards = new Map<object, number>()
  #largest: object | undefined
  /** The one that has had no piece for longest comes first. */
  readonly #held = new Map<CopyOnItsWay, Held>()
  #arrivingBytes = 0

  constructor(maxBytes: number, { savesWhole = false, now = () => 0 }: CopyRoomSettings = {}) {
    this.maxBytes = maxBytes
    this.#savesWhole = savesWhole
    this.#now = now
  }

  /** What is held for copies that are not whole yet. */
  get arrivingBytes(): number {
    return this.#arrivingBytes
  }

  /** For what is written, and for whole copies. */
  get leftBytes(): number {
    return this.maxBytes - this.usedBytes
  }

  /**
   * For what an owner adds: it runs out of room before its replicas do, which can still confirm what others write then.
   *
   * @param freesRoom - see `AppendRequest`
   */
  leftForOwnerBytes(freesRoom: FreesRoom | undefined): number {
    if (freesRoom === 'now') return this.leftBytes
    const share = (this.maxBytes * keptShare) / 2
    const whole = this.#savesWhole ? this.#largestBytes : 0
    const toSave = Math.max(share, whole)
    return this.leftBytes - toSave - (freesRoom === 'later' ? 0 : Math.max(share, whole / 4))
  }

  get #largestBytes(): number {
    return (this.#largest && this.#shards.get(this.#largest)) ?? 0
  }

  /**
   * A shard uses so much more; less where it is negative.
   *
   * @param inAll - what it takes now, without what is being saved in the place of the rest
   */
  use(shard: object, bytes: number, inAll: number): void {
    this.usedBytes += bytes
    this.#resize(shard, inAll)
    for (const copy of this.#held.keys()) {
      if (this.#arrivingBytes <= this.leftBytes) return
      copy.letGo()
    }
  }

  #resize(shard: object, bytes: number): void {
    const largestBytes = this.#largestBytes
    if (bytes > 0) this.#shards.set(shard, bytes)
    else this.#shards.delete(shard)
    if (bytes >= largestBytes) this.#largest = shard
    else if (shard === this.#largest) {
      for (const [other, otherBytes] of this.#shards) {
        if (otherBytes > this.#largestBytes) this.#largest = other
      }
    }
  }

  /** So much has arrived of a copy by now. @returns false where there is no room for it: then nothing is held */
  hold(copy: CopyOnItsWay, bytes: number): boolean {
    this.release(copy)
    if (bytes <= 0) return true
    if (bytes > this.leftBytes - this.#arrivingBytes) this.#letGoOfStalled()
    if (bytes > this.leftBytes - this.#arrivingBytes) return false
    this.#held.set(copy, { bytes, at: this.#now() })
    this.#arrivingBytes += bytes
    return true
  }

  #letGoOfStalled(): void {
    const since = this.#now() - stalledMs
    for (const [copy, { at }] of this.#held) if (at <= since) copy.letGo()
  }

  release(copy: CopyOnItsWay): void {
    this.#arrivingBytes -= this.#held.get(copy)?.bytes ?? 0
    this.#held.delete(copy)
  }
}

/** The one copy of a shard that arrives, in the room for copies. Mutable. */
export class CopyOnItsWay {
  readonly #room: CopyRoom
  readonly #presentBytes: (id: string) => number
  readonly #arriving = new ArrivingCopy()

  /** @param presentBytes - what takes the place now that a copy of that id is to have */
  constructor(room: CopyRoom, presentBytes: (id: string) => number) {
    this.#room = room
    this.#presentBytes = presentBytes
  }

  /**
   * Adds the next piece. Only what it takes beyond the copy that it replaces counts: there is twice as much for a while, but a copy that
   * changes in a room that is nearly full could never be brought up to date otherwise.
   *
   * @returns where the one after it begins; undefined where it is not the next. Then, and where there is no room, nothing is here
   */
  take(piece: Piece): number | 'no-room' | undefined {
    const next = this.#arriving.take(piece)
    const hasRoom = next !== undefined && (piece.isLast || this.#hold(piece.id))
    if (hasRoom) return next
    this.letGo()
    return next === undefined ? undefined : 'no-room'
  }

  #hold(id: string): boolean {
    return this.#room.hold(this, this.#arriving.sizeBytes - this.#presentBytes(id))
  }

  /** All pieces that have arrived: nothing is here any more. */
  takeAll(): readonly Piece[] {
    this.#room.release(this)
    return this.#arriving.takeAll()
  }

  letGo(): void {
    this.#room.release(this)
    this.#arriving.clear()
  }
}
