// What was carried out since the last write, and what is to be said once it is written. An answer leaves when
// everything that it depends on is: so nobody ever sees what is lost again.
//
// DeWitt, Katz, Olken, Shapiro, Stonebraker and Wood, "Implementation techniques for main memory database systems",
// SIGMOD 1984, §5.2 (group commit).
import type { FreesRoom } from '@casty/persistence'
import { ReplyWriter, type ReplyEntry } from '../protocol/messages.ts'
import { RecordWriter, type TimedCommand } from '../state/command.ts'

type Replies<Peer> = Map<Peer, ReplyWriter[]>

interface Batch<Peer> {
  readonly record: RecordWriter
  /** Of all that is in the record, the least: see `Machine`. */
  freesRoom: FreesRoom | undefined
  readonly replies: Replies<Peer>
}

export interface BatchesPort<Peer> {
  /** Under which everything is carried out. */
  readonly epoch: number
  /**
   * Writes a record behind those before it; `Batches.written` is to be called when it is. Undefined where nobody needs what
   * is written: then all is said at the end of the turn.
   *
   * @param behind - so many wait behind it: with these, all that was carried out is written
   * @param freesRoom - see `Machine`
   */
  readonly write:
    | ((record: Uint8Array, behind: number, freesRoom: FreesRoom | undefined) => void)
    | undefined
  send(peer: Peer, body: Uint8Array): void
}

/** A reply holds no more once it is that long: it has to fit into a frame, with the longest answer. */
const maxReplyBytes = 131_072

/** Writers that are empty, of all parts: they are made again and again otherwise, and most of what they take is that. */
const spareRecords: RecordWriter[] = []
const spareReplies: ReplyWriter[] = []
const maxSpares = 256
/** Room that large is let go. */
const maxSpareBytes = 16_384

function keepFor<T>(spares: T[], writer: T, bytes: number): void {
  if (spares.length < maxSpares && bytes <= maxSpareBytes) spares.push(writer)
}

function add<Peer>(replies: Replies<Peer>, peer: Peer, entry: ReplyEntry): void {
  let writers = replies.get(peer)
  if (!writers) replies.set(peer, (writers = []))
  let writer = writers.at(-1)
  if (!writer || writer.bytes >= maxReplyBytes) {
    writers.push((writer = spareReplies.pop() ?? new ReplyWriter()))
  }
  writer.add(entry)
}

function emptyBatch<Peer>(): Batch<Peer> {
  return { record: spareRecords.pop() ?? new RecordWriter(), freesRoom: 'now', replies: new Map() }
}

/** Mutable. One record is under way at a time; what happens meanwhile goes with the next one. */
export class Batches<Peer> {
  readonly #port: BatchesPort<Peer>
  readonly #maxRecordBytes: number
  /** The first is being written, where something is; the last one is open. */
  #open: Batch<Peer> = emptyBatch()
  readonly #closed: Batch<Peer>[] = []
  readonly #ahead: Replies<Peer> = new Map()
  #underWay: Batch<Peer> | undefined

  constructor(port: BatchesPort<Peer>, maxRecordBytes: number) {
    this.#port = port
    this.#maxRecordBytes = maxRecordBytes
  }

  /** Whether all that was carried out is written, and all that was to be said is said. */
  get isQuiet(): boolean {
    return (
      this.#underWay === undefined &&
      this.#closed.length === 0 &&
      this.#open.record.count === 0 &&
      this.#open.replies.size === 0 &&
      this.#ahead.size === 0
    )
  }

  /**
   * To be called before it is carried out: what comes of it is said when it is written.
   *
   * @param freesRoom - see `Machine`
   */
  add(command: TimedCommand, freesRoom: FreesRoom | undefined): void {
    if (this.#port.write === undefined) return
    if (this.#open.record.bytes >= this.#maxRecordBytes) this.#close()
    this.#open.record.add(command)
    if (freesRoom !== 'now' && this.#open.freesRoom) this.#open.freesRoom = freesRoom
  }

  /** Says something about the state as it is now. */
  say(peer: Peer, entry: ReplyEntry): void {
    add(this.#behind().replies, peer, entry)
  }

  /** Says at the end of the turn what may be lost again: whoever hears it must rely on nothing but what comes of asking. */
  sayAhead(peer: Peer, entry: ReplyEntry): void {
    add(this.#port.write ? this.#ahead : this.#open.replies, peer, entry)
  }

  /** That with which the state as it is now is written. */
  #behind(): Batch<Peer> {
    if (this.#open.record.count > 0) return this.#open
    return this.#closed.at(-1) ?? this.#underWay ?? this.#open
  }

  /** At the end of a turn: begins to write, and says what waits for nothing. */
  flush(): void {
    this.#sayAll(this.#ahead)
    if (this.#underWay) return
    if (this.#open.record.count > 0) this.#close()
    this.#underWay = this.#closed.shift()
    if (this.#underWay) this.#write(this.#underWay)
    else this.#sayAll(this.#open.replies)
  }

  #write({ record, freesRoom }: Batch<Peer>): void {
    const bytes = record.take(this.#port.epoch)
    keepFor(spareRecords, record, bytes.length)
    this.#port.write?.(bytes, this.#closed.length, freesRoom) // Nothing is in the open one now.
  }

  /** What was under way is. */
  written(): void {
    const batch = this.#underWay
    this.#underWay = undefined
    if (batch) this.#sayAll(batch.replies)
    this.flush()
  }

  #close(): void {
    this.#closed.push(this.#open)
    this.#open = emptyBatch()
  }

  #sayAll(replies: Replies<Peer>): void {
    if (replies.size === 0) return // To clear one that is empty makes another table for it.
    for (const [peer, writers] of replies) {
      for (const writer of writers) {
        const body = writer.take(this.#port.epoch)
        keepFor(spareReplies, writer, body.length)
        this.#port.send(peer, body)
      }
    }
    replies.clear()
  }
}
