// A log in files, with an index of it in memory: one process has it, so what is asked for is checked in
// memory, and the log is only ever appended to.
import {
  checkAppend,
  checkClaim,
  checkDeletion,
  checkId,
  checkRead,
  checkSnapshot,
  isJournalError,
  JournalError,
  type AppendRequest,
  type EventJournal,
  type JournalHead,
  type JournalLimits,
  type ReadOptions,
  type StoredEvent,
  type StoredSnapshot,
  type WriterOptions,
} from '@casty/persistence'
import { CommitQueue, type Plan } from './commit-queue.ts'
import { Compaction } from './compaction.ts'
import { entryHeaderBytes, type NewEntry } from './entry.ts'
import { RecordReader } from './record-reader.ts'
import { Log, type Written } from './log.ts'
import { resolveOptions, type FileJournalOptions, type FileJournalSettings } from './options.ts'
import { encodeRecords } from './record.ts'
import { replay, type Repair } from './replay.ts'
import { Streams } from './streams.ts'

/** A journal in files of one directory. */
export interface FileJournal extends EventJournal {
  /** What a crash had left unfinished at the end of the log, and was cut off when this was opened. */
  readonly repair: Repair | undefined
}

/**
 * Opens the journal of a directory, and reads all of it once.
 *
 * Rejects with `CASTY_JOURNAL_UNAVAILABLE` where another one has it open, or the files cannot be read;
 * `CASTY_JOURNAL_DAMAGED` where something in the middle of the log does not check out and nobody can tell whose
 * events are lost; `CASTY_JOURNAL_INVALID` for a wrong option.
 *
 * @example await using journal = await openFileJournal({ directory: 'data/journal' })
 */
export async function openFileJournal(options: FileJournalOptions): Promise<FileJournal> {
  const settings = resolveOptions(options)
  const unlock = await lock(settings)
  try {
    const streams = new Streams()
    const { segments, nextFrame, repair } = await read(settings, streams)
    const onSegment = streams.addSegment.bind(streams)
    const log = new Log(settings, segments, nextFrame, onSegment)
    await sayOpened(log)
    return new LogJournal(settings, streams, log, unlock, repair)
  } catch (error) {
    unlock()
    throw error
  }
}

/** From then on, what came before is known to be on disk. */
async function sayOpened(log: Log): Promise<void> {
  try {
    await log.write([])
  } catch (error) {
    if (isJournalError(error) && error.code === 'CASTY_JOURNAL_FULL') return // It can be read, and deleted from.
    await log.close()
    throw error
  }
}

async function lock({ files }: FileJournalSettings): Promise<() => void> {
  try {
    return await files.lock()
  } catch (cause) {
    const isLocked = cause instanceof Error && 'code' in cause && cause.code === 'ELOCKED'
    const what = `open ${files.name}${isLocked ? ', which another journal has open' : ''}`
    throw JournalError.unavailable(what, 'nothing-written', { cause })
  }
}

async function read({ files }: FileJournalSettings, streams: Streams): ReturnType<typeof replay> {
  try {
    return await replay(files, streams)
  } catch (cause) {
    if (isJournalError(cause)) throw cause
    throw JournalError.unavailable(`open ${files.name}`, 'nothing-written', { cause })
  }
}

class LogJournal implements FileJournal {
  readonly limits: JournalLimits
  /** A directory is one process's, until that ends. */
  readonly isLocal: boolean = true
  readonly repair: Repair | undefined
  readonly #streams: Streams
  readonly #log: Log
  readonly #queue: CommitQueue
  readonly #compaction: Compaction
  readonly #unlock: () => void
  #closing: Promise<void> | undefined

  constructor(
    { limits, maxWaitingBytes }: FileJournalSettings,
    streams: Streams,
    log: Log,
    unlock: () => void,
    repair: Repair | undefined,
  ) {
    this.limits = limits
    this.repair = repair
    this.#streams = streams
    this.#log = log
    this.#unlock = unlock
    const headOf = (id: string): JournalHead => streams.headOf(id)
    const onWritten = (written: Written): void => this.#written(written)
    this.#queue = new CommitQueue({ log, headOf, onWritten, maxWaitingBytes })
    this.#compaction = new Compaction(log, streams, this.#queue)
  }

  #written({ segment, bodyAt, entries }: Written): void {
    for (const entry of entries) this.#streams.apply(entry, segment, bodyAt)
    this.#compaction.consider()
  }

  async append(id: string, request: AppendRequest): Promise<void> {
    checkAppend(id, request, this.limits)
    this.#checkOpen('append')
    const { epoch, expectedSequenceNr, events } = request
    const first = expectedSequenceNr + 1
    const records = encodeRecords(events, epoch, first)
    const sequenceNr = expectedSequenceNr + events.length
    await this.#queue.submit(sizeOf(id, records.bytes.length), (headOf) => {
      const head = checkEpoch(id, headOf(id), epoch)
      if (head.sequenceNr !== expectedSequenceNr) {
        throw JournalError.fencedByNumber(id, expectedSequenceNr, head)
      }
      const after = { ...head, epoch, sequenceNr }
      if (events.length > 0) return [{ kind: 'events', id, head: after, argument: first, records }]
      return headIfChanged(id, head, after)
    })
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    checkClaim(id, epoch, this.limits)
    this.#checkOpen('claim')
    let claimed: JournalHead | undefined
    await this.#queue.submit(sizeOf(id), (headOf) => {
      const head = checkEpoch(id, headOf(id), epoch)
      claimed = { ...head, epoch }
      return headIfChanged(id, head, claimed)
    })
    return claimed ?? this.#streams.headOf(id)
  }

  async highest(id: string): Promise<JournalHead> {
    checkId(id, this.limits)
    this.#checkOpen('tell how far events go')
    return this.#streams.headOf(id)
  }

  async *events(id: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent, void> {
    checkRead(id, options, this.limits)
    const { fromSequenceNr = 1, toSequenceNr = Infinity, signal } = options
    const reader = new RecordReader(id)
    for (let next = fromSequenceNr; ; next++) {
      signal?.throwIfAborted()
      this.#checkOpen('read events')
      const stream = this.#streams.get(id)
      if (next > toSequenceNr) return
      if (!stream || next > stream.head.sequenceNr) return
      if (next <= stream.head.deletedTo) throw JournalError.deleted(id, next, stream.head.deletedTo)
      const place = this.#streams.find(stream, next)
      if (!place) throw JournalError.damaged(id, 'it is missing', { sequenceNr: next })
      yield reader.peek(place, next) ?? (await reader.read(place, next))
    }
  }

  async deleteEvents(id: string, toSequenceNr: number, options: WriterOptions = {}): Promise<void> {
    checkDeletion(id, toSequenceNr, options, this.limits)
    this.#checkOpen('delete events')
    await this.#queue.submit(sizeOf(id), (headOf) => {
      const head = checkEpoch(id, headOf(id), options.epoch)
      if (toSequenceNr > head.sequenceNr) {
        const allowed = `up to the last event, ${head.sequenceNr}`
        throw JournalError.invalid('toSequenceNr', toSequenceNr, allowed)
      }
      const deletedTo = Math.max(head.deletedTo, toSequenceNr)
      return headIfChanged(id, head, { ...head, deletedTo })
    })
  }

  async saveSnapshot(
    id: string,
    snapshot: StoredSnapshot,
    options: WriterOptions = {},
  ): Promise<void> {
    checkSnapshot(id, snapshot, options, this.limits)
    this.#checkOpen('save a snapshot')
    const { sequenceNr } = snapshot
    const records = encodeRecords([snapshot], 0, sequenceNr)
    await this.#queue.submit(sizeOf(id, records.bytes.length), (headOf) => {
      const head = checkEpoch(id, headOf(id), options.epoch)
      if (sequenceNr > head.sequenceNr) {
        const allowed = `up to the last event, ${head.sequenceNr}`
        throw JournalError.invalid('The number of a snapshot', sequenceNr, allowed)
      }
      return [{ kind: 'snapshot', id, head, argument: sequenceNr, records }]
    })
  }

  async latestSnapshot(id: string, atMost = Infinity): Promise<StoredSnapshot | undefined> {
    checkId(id, this.limits)
    this.#checkOpen('find a snapshot')
    const snapshots = this.#streams.get(id)?.snapshots ?? []
    const place = snapshots.findLast(({ sequenceNr }) => sequenceNr <= atMost)
    if (!place) return undefined
    const { epoch: _, ...snapshot } = await new RecordReader(id).read(place, place.sequenceNr)
    return snapshot
  }

  async deleteSnapshots(
    id: string,
    toSequenceNr: number,
    options: WriterOptions = {},
  ): Promise<void> {
    checkDeletion(id, toSequenceNr, options, this.limits)
    this.#checkOpen('delete snapshots')
    const plan: Plan = (headOf) => {
      const head = checkEpoch(id, headOf(id), options.epoch)
      return [{ kind: 'snapshots-deleted', id, head, argument: toSequenceNr }]
    }
    await this.#queue.submit(sizeOf(id), plan)
  }

  async *ids({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<string, void> {
    signal?.throwIfAborted()
    this.#checkOpen('list ids')
    for (const [id, stream] of this.#streams) {
      signal?.throwIfAborted()
      this.#checkOpen('list ids')
      if (!stream.isEmpty) yield id
    }
  }

  #checkOpen(what: string): void {
    if (this.#closing) throw JournalError.closed(what)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    try {
      await this.#compaction.stop()
      await this.#queue.idle()
      await this.#log.end() // What is damaged from now on is not taken for the work of a crash.
    } catch {
      // A sign at the end for the sake of those who open it: without it, nothing is lost.
    } finally {
      await this.#log.close()
      this.#unlock()
    }
  }
}

/** @throws JournalError `CASTY_JOURNAL_FENCED` */
function checkEpoch(id: string, head: JournalHead, epoch = head.epoch): JournalHead {
  if (epoch < head.epoch) throw JournalError.fencedByEpoch(id, epoch, head)
  return head
}

function headIfChanged(id: string, before: JournalHead, after: JournalHead): readonly NewEntry[] {
  const isSame = before.epoch === after.epoch && before.deletedTo === after.deletedTo
  return isSame ? [] : [{ kind: 'head', id, head: after, argument: 0 }]
}

/** What a request takes while it waits, about. */
function sizeOf(id: string, recordBytes = 0): number {
  return entryHeaderBytes + id.length + recordBytes
}
