// Copies of one shard on the disk of a node: what was done to them, in order, in a journal of that node alone. What is handed
// over in one turn, or while a write is under way, is written at once. Now and then all copies are written anew, and what was
// before is deleted. Records that come twice, as after a write that nobody knows the outcome of, are passed over when they are read.
import {
  isJournalError,
  type EventJournal,
  type JournalHead,
  type JournalRecord,
} from '@casty/persistence'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { compareCopies, type CopyVersion } from './copy-version.ts'
import type { ShardCopies } from './copies.ts'
import type { Piece } from './copy.ts'
import type { CopyStore } from './copy-store.ts'
import { beforeLineages, sameLineage, type Lineage } from './lineage.ts'
import type { ReplicatedEntry } from './messages.ts'
import { pieceBytes, takePiece } from './replica.ts'
import {
  readEntry,
  readLineage,
  readPiece,
  writeEntry,
  writeLineage,
  writePiece,
} from './copy-format.ts'

export interface CopyLogPort {
  wallNow(): number
  atEndOfTurn(callback: () => void): void
  /** Calls back after so long, in milliseconds, unless disposed of. */
  schedule(delayMs: number, callback: () => void): Disposable
  /** A write failed, and is tried again. */
  failed(error: unknown): void
  /** Another process writes the same journal: this one has to stop. */
  shared(error: unknown): void
}

interface Waiting {
  /** Nothing where only those before it are waited for. */
  readonly record: JournalRecord | undefined
  readonly stored: (() => void) | undefined
  /** Told that it does not work at present, rather than to wait. */
  readonly failed?: () => void
}

/** Pauses before the journal is tried again, in milliseconds. */
const minPauseMs = 200
const maxPauseMs = 5_000
/** Taken into one append at most, about. */
const batchBytes = 4_194_304
/** … and of copies that are written anew. */
const rewriteBytes = 1_048_576
/** More does not wait: all copies are written anew instead, once that works. */
const maxQueuedBytes = 67_108_864
/** Copies are written anew when so much was written since, and twice as much as they are. */
const minLogBytes = 1_048_576

const manifests = {
  operation: 'operation',
  piece: 'piece',
  forgotten: 'forgotten',
  lineage: 'lineage',
} as const

export class CopyLog implements CopyStore {
  readonly #journal: EventJournal
  readonly #id: string
  readonly #copies: ShardCopies
  readonly #port: CopyLogPort
  #head: JournalHead | undefined
  #queue: Waiting[] = []
  #isRunning = false
  #isFailing = false
  #isOver = false
  #pauseMs = minPauseMs
  #pause: Disposable | undefined
  /** Ids whose copies have yet to be written anew, and up to where nothing is needed from then on. */
  #rewriting: { readonly ids: string[]; readonly upTo: number } | undefined
  #bytesSince = 0
  #queuedBytes = 0
  /** What is there is not what was handed over: all copies have to be written before anything else. */
  #isAnew = false
  /**
   * While it is read: ids with operations on a version that is not there, and the last of these. They came while copies were written
   * anew, before which all is deleted then: the whole copy comes behind them.
   */
  readonly #unfounded = new Map<string, { readonly at: number; readonly version: CopyVersion }>()
  /** What was handed over of it last. */
  #lineage: Lineage | undefined

  constructor(journal: EventJournal, id: string, copies: ShardCopies, port: CopyLogPort) {
    this.#journal = journal
    this.#id = id
    this.#copies = copies
    this.#port = port
  }

  /** Becomes the only one to write it. */
  async #claim(): Promise<JournalHead> {
    const { epoch } = await this.#journal.highest(this.#id)
    const next = Math.max(epoch + 1, Math.floor(this.#port.wallNow()))
    this.#head = await this.#journal.claim(this.#id, next)
    return this.#head
  }

  /** Puts what is there into the copies, which are empty. Rejects with a JournalError, or where it cannot be read. */
  async load(): Promise<void> {
    const { sequenceNr, deletedTo } = await this.#claim()
    if (sequenceNr === deletedTo) return
    const arriving: Piece[] = []
    const range = { fromSequenceNr: deletedTo + 1, toSequenceNr: sequenceNr }
    for await (const { manifest, bytes, sequenceNr: at } of this.#journal.events(this.#id, range)) {
      this.#bytesSince += bytes.length
      this.#read(manifest, bytes, arriving, at)
    }
    for (const [of, { at }] of this.#unfounded) {
      throw TransportError.malformed(`Record ${at} of ${this.#id} is of another version of ${of}`)
    }
    this.#lineage = this.#copies.lineage
    if (!this.#lineage) this.#copies.comeFrom(beforeLineages)
  }

  #read(manifest: string, bytes: Uint8Array, arriving: Piece[], at: number): void {
    const reader = new ByteReader(bytes, 0, bytes.length)
    switch (manifest) {
      case manifests.operation: {
        const { id, previous, version, operation } = readEntry(reader)
        const present = this.#copies.version(id)
        if (compareCopies(present, version) >= 0) return // A copy that was written anew has it.
        if (compareCopies(present, previous) === 0) this.#copies.apply(id, operation, version)
        else this.#unfounded.set(id, { at, version })
        return
      }
      case manifests.piece: {
        const piece = readPiece(reader)
        if (takePiece(arriving, piece) === undefined) {
          throw TransportError.malformed(
            `Record ${at} of ${this.#id} is no next piece of ${piece.id}`,
          )
        }
        if (!piece.isLast) return
        if (this.#copies.install(arriving.splice(0)) === 'no-room') {
          throw TransportError.malformed(`There is no room for ${piece.id}: raise maxCopyBytes`)
        }
        const { version } = this.#unfounded.get(piece.id) ?? {}
        if (version && compareCopies(piece.version, version) >= 0) this.#unfounded.delete(piece.id)
        return
      }
      case manifests.forgotten:
        this.#copies.forget()
        this.#unfounded.clear()
        return
      case manifests.lineage:
        this.#copies.comeFrom(readLineage(reader))
        return
      default:
        throw TransportError.malformed(
          `Record ${at} of ${this.#id} is of a later version: ${manifest}`,
        )
    }
  }

  writeEntries(entries: readonly ReplicatedEntry[], stored: () => void): void {
    this.#addLineage()
    for (const [index, entry] of entries.entries()) {
      const writer = new ByteWriter()
      writeEntry(writer, entry)
      const isLast = index === entries.length - 1
      this.#add(manifests.operation, writer.finish(), isLast ? stored : undefined)
    }
  }

  writeCopy(pieces: readonly Piece[], stored: () => void): void {
    this.#addLineage()
    for (const [index, piece] of pieces.entries()) {
      const isLast = index === pieces.length - 1
      this.#add(manifests.piece, bytesOf(writePiece, piece), isLast ? stored : undefined)
    }
  }

  writeLineage(goOn: (isStored: boolean) => void): void {
    this.#addLineage()
    this.whenStored(goOn)
  }

  /** In front of all that is of it. */
  #addLineage(): void {
    const { lineage } = this.#copies
    if (!lineage || sameLineage(lineage, this.#lineage)) return
    this.#lineage = lineage
    this.#add(manifests.lineage, bytesOf(writeLineage, lineage), undefined)
  }

  forget(): void {
    this.#rewriting = undefined
    this.#lineage = undefined
    this.#add(manifests.forgotten, new Uint8Array(), undefined)
  }

  whenStored(goOn: (isStored: boolean) => void): void {
    if (this.#isFailing || this.#isOver) goOn(false)
    else if (this.#queue.length === 0) goOn(true)
    else {
      const stored = (): void => goOn(true)
      this.#queue.push({ record: undefined, stored, failed: () => goOn(false) })
    }
  }

  #add(manifest: string, bytes: Uint8Array, stored: Waiting['stored']): void {
    if (this.#isOver) return
    this.#queue.push({ record: this.#record(manifest, bytes), stored })
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes > maxQueuedBytes) this.#overflow()
    if (this.#isRunning) return
    this.#isRunning = true
    this.#port.atEndOfTurn(() => void this.#run())
  }

  #record(manifest: string, bytes: Uint8Array): JournalRecord {
    return { manifest, version: 0, timestamp: Math.floor(this.#port.wallNow()), bytes }
  }

  /** Whoever waits is not answered, and asks again. */
  #overflow(): void {
    for (const { failed } of this.#queue) failed?.()
    this.#queue = []
    this.#queuedBytes = 0
    this.#isAnew = true
    this.#lineage = undefined
  }

  async #run(): Promise<void> {
    try {
      const { sequenceNr } = this.#head ?? (await this.#claim())
      if (this.#isAnew) await this.#writeAll(sequenceNr)
      while (!this.#isOver && (this.#queue.length > 0 || this.#rewriting)) {
        // eslint-disable-next-line no-await-in-loop -- One append knows the number of the next.
        await this.#writeQueued()
        // eslint-disable-next-line no-await-in-loop
        await this.#rewrite()
      }
      this.#isRunning = false
    } catch (error) {
      this.#failed(error)
    }
  }

  async #writeAll(upTo: number): Promise<void> {
    this.#rewriting = { ids: [...this.#copies.ids()], upTo }
    // eslint-disable-next-line no-await-in-loop -- One append knows the number of the next.
    while (this.#rewriting && !this.#isOver) await this.#rewrite()
    this.#isAnew = false
  }

  async #writeQueued(): Promise<void> {
    const taken = this.#queue.slice(0, this.#countNext())
    const records = taken.flatMap(({ record }) => record ?? [])
    const before = this.#head?.sequenceNr ?? 0
    await this.#append(records)
    this.#pauseMs = minPauseMs
    this.#isFailing = false
    if (this.#queue[0] !== taken[0]) return // There was too much: see above.
    this.#queue.splice(0, taken.length)
    for (const { bytes } of records) this.#queuedBytes -= bytes.length
    const forgotten = records.findLastIndex(({ manifest }) => manifest === manifests.forgotten)
    if (forgotten >= 0) await this.#delete(before + forgotten + 1)
    for (const { stored } of taken) stored?.()
  }

  #countNext(): number {
    const { maxBatchEvents, maxBatchBytes } = this.#journal.limits
    let room = Math.min(batchBytes, maxBatchBytes)
    let count = 0
    for (const { record } of this.#queue) {
      const size = record?.bytes.length ?? 0
      if (count > 0 && (size > room || count >= maxBatchEvents)) break
      room -= size
      count++
    }
    return count
  }

  async #append(events: readonly JournalRecord[]): Promise<void> {
    const head = this.#head
    if (!head || events.length === 0) return
    const { epoch, sequenceNr: expectedSequenceNr } = head
    await this.#journal.append(this.#id, { epoch, expectedSequenceNr, events })
    this.#head = { ...head, sequenceNr: expectedSequenceNr + events.length }
    for (const { bytes } of events) this.#bytesSince += bytes.length
  }

  /** Goes on with writing copies anew, and begins with it where it is time to. */
  async #rewrite(): Promise<void> {
    const rewriting = this.#rewriting
    if (!rewriting) {
      if (this.#bytesSince <= Math.max(minLogBytes, 2 * this.#copies.sizeBytes)) return
      this.#bytesSince = 0
      this.#rewriting = { ids: [...this.#copies.ids()], upTo: this.#head?.sequenceNr ?? 0 }
      return
    }
    const { lineage } = this.#copies
    const pieces = lineage ? [this.#record(manifests.lineage, bytesOf(writeLineage, lineage))] : []
    for (let room = rewriteBytes; room > 0;) {
      const id = rewriting.ids.pop()
      if (id === undefined) break
      for (const piece of piecesOf(this.#copies, id)) {
        const bytes = bytesOf(writePiece, piece)
        pieces.push(this.#record(manifests.piece, bytes))
        room -= bytes.length
      }
    }
    await this.#appendPieces(pieces)
    if (rewriting.ids.length > 0 || this.#rewriting !== rewriting) return
    this.#rewriting = undefined
    await this.#delete(rewriting.upTo)
  }

  /** Some copies are larger than what may be appended at once: nothing comes between their pieces. */
  async #appendPieces(pieces: readonly JournalRecord[]): Promise<void> {
    const { maxBatchEvents, maxBatchBytes } = this.#journal.limits
    let [part, room]: [JournalRecord[], number] = [[], maxBatchBytes]
    for (const piece of pieces) {
      if (part.length > 0 && (piece.bytes.length > room || part.length >= maxBatchEvents)) {
        // eslint-disable-next-line no-await-in-loop -- One append knows the number of the next.
        await this.#append(part)
        ;[part, room] = [[], maxBatchBytes]
      }
      part.push(piece)
      room -= piece.bytes.length
    }
    await this.#append(part)
  }

  /** What is left over is deleted the next time. */
  async #delete(upTo: number): Promise<void> {
    try {
      const { epoch } = this.#head ?? {}
      if (epoch !== undefined) await this.#journal.deleteEvents(this.#id, upTo, { epoch })
    } catch (error) {
      this.#port.failed(error)
    }
  }

  /** Whether something was written is not known: it is written again, which is passed over when it is read. */
  #failed(error: unknown): void {
    if (this.#isOver) return
    const head = isJournalError(error) ? error.head : undefined
    if (head && head.epoch > (this.#head?.epoch ?? Infinity)) {
      this.close()
      this.#port.shared(error)
      return
    }
    this.#isFailing = true
    this.#head = undefined
    this.#rewriting = undefined
    for (const { failed } of this.#queue) failed?.()
    this.#queue = this.#queue.filter(({ failed }) => !failed)
    this.#port.failed(error)
    this.#pause = this.#port.schedule(this.#pauseMs, () => void this.#run())
    this.#pauseMs = Math.min(2 * this.#pauseMs, maxPauseMs)
  }

  close(): void {
    this.#isOver = true
    this.#pause?.[Symbol.dispose]()
    for (const { failed } of this.#queue) failed?.()
    this.#queue = []
  }
}

function bytesOf<T>(write: (writer: ByteWriter, value: T) => void, value: T): Uint8Array {
  const writer = new ByteWriter()
  write(writer, value)
  return writer.finish()
}

function* piecesOf(copies: ShardCopies, id: string): Generator<Piece> {
  const copy = copies.find(id)?.frozen()
  if (!copy) return
  for (let offset = 0; ;) {
    const piece = copy.piece(offset, pieceBytes)
    yield piece
    if (piece.isLast) return
    offset += piece.events.length + piece.snapshots.length
  }
}
