// Copies of one shard on the disk of a node: what was done to them, in order, in a journal of that node alone. What is handed
// over in one turn, or while a write is under way, is written at once. Now and then all copies are written anew, and what was
// before is deleted. Records that come twice, as after a write that nobody knows the outcome of, are passed over when they are read.
import {
  isJournalError,
  type EventJournal,
  type JournalHead,
  type JournalRecord,
} from '@casty/persistence'
import type { ShardCopies } from './copies.ts'
import { CopyReading } from './copy-reading.ts'
import {
  forgottenRecord,
  lineageRecord,
  manifests,
  operationRecord,
  pieceRecord,
} from './copy-records.ts'
import { CopyRewriting, inAppends, isRewriteDue } from './copy-rewriting.ts'
import type { CopyStore } from './copy-store.ts'
import type { Piece } from './copy.ts'
import { beforeLineages, sameLineage, type Lineage } from './lineage.ts'
import { LogQueue } from './log-queue.ts'
import type { ReplicatedEntry } from './messages.ts'

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

/** Pauses before the journal is tried again, in milliseconds. */
const minPauseMs = 200
const maxPauseMs = 5_000
/** More does not wait: all copies are written anew instead, once that works. */
const maxQueuedBytes = 67_108_864

export class CopyLog implements CopyStore {
  readonly #journal: EventJournal
  readonly #id: string
  readonly #copies: ShardCopies
  readonly #port: CopyLogPort
  #head: JournalHead | undefined
  readonly #queue = new LogQueue()
  #isRunning = false
  #isFailing = false
  #isOver = false
  #pauseMs = minPauseMs
  #pause: Disposable | undefined
  #rewriting: CopyRewriting | undefined
  /** Written since all copies were written anew last. */
  #bytesSince = 0
  /** What is there is not what was handed over: all copies have to be written before anything else. */
  #isAnew = false
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
    const next = Math.max(epoch + 1, this.#timestamp)
    this.#head = await this.#journal.claim(this.#id, next)
    return this.#head
  }

  get #timestamp(): number {
    return Math.floor(this.#port.wallNow())
  }

  /** Puts what is there into the copies, which are empty. Rejects with a JournalError, or where it cannot be read. */
  async load(): Promise<void> {
    const { sequenceNr, deletedTo } = await this.#claim()
    if (sequenceNr === deletedTo) return
    const reading = new CopyReading(this.#id, this.#copies)
    const range = { fromSequenceNr: deletedTo + 1, toSequenceNr: sequenceNr }
    for await (const event of this.#journal.events(this.#id, range)) {
      this.#bytesSince += event.bytes.length
      reading.take(event, event.sequenceNr)
    }
    reading.end()
    this.#lineage = this.#copies.lineage
    if (!this.#lineage) this.#copies.comeFrom(beforeLineages)
  }

  writeEntries(entries: readonly ReplicatedEntry[], stored: () => void): void {
    this.#addLineage()
    for (const [index, entry] of entries.entries()) {
      const isLast = index === entries.length - 1
      this.#add(operationRecord(entry, this.#timestamp), isLast ? stored : undefined)
    }
  }

  writeCopy(pieces: readonly Piece[], stored: () => void): void {
    this.#addLineage()
    for (const [index, piece] of pieces.entries()) {
      const isLast = index === pieces.length - 1
      this.#add(pieceRecord(piece, this.#timestamp), isLast ? stored : undefined)
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
    this.#add(lineageRecord(lineage, this.#timestamp), undefined)
  }

  forget(): void {
    this.#rewriting = undefined
    this.#lineage = undefined
    this.#add(forgottenRecord(this.#timestamp), undefined)
  }

  whenStored(goOn: (isStored: boolean) => void): void {
    if (this.#isFailing || this.#isOver) goOn(false)
    else if (this.#queue.isEmpty) goOn(true)
    else {
      this.#queue.wait(
        () => goOn(true),
        () => goOn(false),
      )
    }
  }

  #add(record: JournalRecord, stored: (() => void) | undefined): void {
    if (this.#isOver) return
    this.#queue.add(record, stored)
    if (this.#queue.bytes > maxQueuedBytes) this.#overflow()
    if (this.#isRunning) return
    this.#isRunning = true
    this.#port.atEndOfTurn(() => void this.#run())
  }

  #overflow(): void {
    this.#queue.giveUp()
    this.#isAnew = true
    this.#lineage = undefined
  }

  async #run(): Promise<void> {
    try {
      const { sequenceNr } = this.#head ?? (await this.#claim())
      if (this.#isAnew) await this.#writeAll(sequenceNr)
      while (!this.#isOver && (!this.#queue.isEmpty || this.#rewriting)) {
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
    this.#rewriting = new CopyRewriting(this.#copies, upTo)
    // eslint-disable-next-line no-await-in-loop -- One append knows the number of the next.
    while (this.#rewriting && !this.#isOver) await this.#rewrite()
    this.#isAnew = false
  }

  async #writeQueued(): Promise<void> {
    const taken = this.#queue.take(this.#journal.limits)
    const records = taken.flatMap(({ record }) => record ?? [])
    const before = this.#head?.sequenceNr ?? 0
    await this.#append(records)
    this.#pauseMs = minPauseMs
    this.#isFailing = false
    if (!this.#queue.remove(taken)) return // There was too much: see above.
    const forgotten = records.findLastIndex(({ manifest }) => manifest === manifests.forgotten)
    if (forgotten >= 0) await this.#delete(before + forgotten + 1)
    for (const { stored } of taken) stored?.()
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
      if (!isRewriteDue(this.#bytesSince, this.#copies.sizeBytes)) return
      this.#bytesSince = 0
      this.#rewriting = new CopyRewriting(this.#copies, this.#head?.sequenceNr ?? 0)
      return
    }
    // Nothing comes between the pieces of a copy, also where they take more than one append.
    for (const part of inAppends(rewriting.next(this.#timestamp), this.#journal.limits)) {
      // eslint-disable-next-line no-await-in-loop -- One append knows the number of the next.
      await this.#append(part)
    }
    if (!rewriting.isDone || this.#rewriting !== rewriting) return
    this.#rewriting = undefined
    await this.#delete(rewriting.upTo)
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
    this.#queue.failed()
    this.#port.failed(error)
    this.#pause = this.#port.schedule(this.#pauseMs, () => void this.#run())
    this.#pauseMs = Math.min(2 * this.#pauseMs, maxPauseMs)
  }

  close(): void {
    this.#isOver = true
    this.#pause?.[Symbol.dispose]()
    this.#queue.giveUp()
  }
}
