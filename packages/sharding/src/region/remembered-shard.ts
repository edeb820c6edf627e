// Which entities of one shard live, kept in a journal, so that whoever has the shard next starts them again. An entity
// handles its first message when it is written down that it lives; what is asked for meanwhile goes into one append.
import type { EventJournal, JournalRecord } from '@casty/persistence'
import { isJournalError } from '@casty/persistence'

/** What is needed of the surroundings. */
export interface RememberingPort {
  wallNow(): number
  /** Calls back after so long, in milliseconds, unless disposed of. */
  schedule(delayMs: number, callback: () => void): Disposable
  report(error: unknown, what: string): void
}

interface Change {
  readonly type: 'began' | 'ended'
  readonly entityId: string
  readonly written: (() => void) | undefined
}

/** Pauses before the journal is tried again, in milliseconds. */
const minPauseMs = 200
const maxPauseMs = 5_000
/** Written at once at most. */
const maxBatch = 500
/** A snapshot is taken when so many changes came after the last, and twice as many as there are entities. */
const minChangesPerSnapshot = 500

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export class RememberedShard {
  readonly #journal: EventJournal
  readonly #id: string
  readonly #epoch: number
  readonly #port: RememberingPort
  /** Those that are written down, or are about to be. */
  #ids = new Set<string>()
  #sequenceNr = 0
  #changesSince = 0
  #queue: Change[] = []
  #isBusy = true
  #isOver = false
  #pauseMs = minPauseMs
  #pause: Disposable | undefined

  /** @param journal - that of the shard: it writes under the epoch of this owner */
  constructor(journal: EventJournal, id: string, epoch: number, port: RememberingPort) {
    this.#journal = journal
    this.#id = id
    this.#epoch = epoch
    this.#port = port
  }

  /** Reads who is to live, and tells once that is known. */
  begin(known: (entityIds: ReadonlySet<string>) => void): void {
    void this.#try(async () => {
      await this.#read()
      if (!this.#isOver) known(this.#ids)
    })
  }

  /** Whether it is known to live, and written down. */
  has(entityId: string): boolean {
    return !this.#isBusy && this.#ids.has(entityId)
  }

  /** Has it written down that an entity lives, and calls `written` then. */
  began(entityId: string, written: () => void): void {
    this.#change({ type: 'began', entityId, written })
  }

  /** The same for one that has come to its end. */
  ended(entityId: string): void {
    this.#change({ type: 'ended', entityId, written: undefined })
  }

  #change(change: Change): void {
    this.#queue.push(change)
    if (!this.#isBusy && !this.#isOver) void this.#try(async () => await this.#write())
  }

  /** The shard is another's, or is about to be. */
  end(): void {
    this.#isOver = true
    this.#queue = []
    this.#pause?.[Symbol.dispose]()
  }

  /** Does one thing after the other; what fails is read anew and tried again, until the shard is another's. */
  async #try(act: () => Promise<void>): Promise<void> {
    this.#isBusy = true
    try {
      await act()
      this.#pauseMs = minPauseMs
      while (this.#queue.length > 0 && !this.#isOver) {
        // eslint-disable-next-line no-await-in-loop -- One append knows the number of the next.
        await this.#write()
      }
      this.#isBusy = false
    } catch (error) {
      this.#failed(error, act)
    }
  }

  #failed(error: unknown, act: () => Promise<void>): void {
    if (this.#isOver) return
    const isFenced = isJournalError(error) && (error.head?.epoch ?? 0) > this.#epoch
    if (isFenced) {
      this.end() // Another one has it: this node will hear of it.
      return
    }
    this.#port.report(error, `Which entities live could not be read or written in ${this.#id}`)
    this.#pause = this.#port.schedule(this.#pauseMs, () => {
      void this.#try(async () => {
        await this.#read()
        await act()
      })
    })
    this.#pauseMs = Math.min(2 * this.#pauseMs, maxPauseMs)
  }

  async #read(): Promise<void> {
    const head = await this.#journal.claim(this.#id, this.#epoch)
    const snapshot = await this.#journal.latestSnapshot(this.#id)
    const ids = new Set(snapshot ? idsOf(snapshot.bytes) : [])
    let last = snapshot?.sequenceNr ?? head.deletedTo
    let changes = 0
    if (last < head.sequenceNr) {
      for await (const event of this.#journal.events(this.#id, {
        fromSequenceNr: last + 1,
        toSequenceNr: head.sequenceNr,
      })) {
        const entityId = decoder.decode(event.bytes)
        if (event.manifest === 'began') ids.add(entityId)
        else ids.delete(entityId)
        last = event.sequenceNr
        changes++
      }
    }
    this.#ids = ids
    this.#sequenceNr = last
    this.#changesSince = changes
  }

  async #write(): Promise<void> {
    const batch = this.#queue.slice(0, maxBatch)
    const ids = new Set(this.#ids)
    const records: JournalRecord[] = []
    for (const { type, entityId } of batch) {
      if (ids.has(entityId) === (type === 'began')) continue
      if (type === 'began') ids.add(entityId)
      else ids.delete(entityId)
      const bytes = encoder.encode(entityId)
      records.push({ manifest: type, version: 0, timestamp: this.#port.wallNow(), bytes })
    }
    if (records.length > 0) {
      await this.#journal.append(this.#id, {
        epoch: this.#epoch,
        expectedSequenceNr: this.#sequenceNr,
        events: records,
      })
    }
    if (this.#isOver) return
    this.#ids = ids
    this.#sequenceNr += records.length
    this.#changesSince += records.length
    this.#queue = this.#queue.slice(batch.length)
    for (const { written } of batch) written?.()
    await this.#compact()
  }

  /** Says all in one record now and then, and forgets what led to it. */
  async #compact(): Promise<void> {
    if (this.#changesSince < Math.max(minChangesPerSnapshot, 2 * this.#ids.size)) return
    const bytes = encoder.encode(JSON.stringify([...this.#ids]))
    this.#changesSince = 0
    if (bytes.length > this.#journal.limits.maxRecordBytes) return
    const timestamp = this.#port.wallNow()
    const snapshot = { manifest: 'ids', version: 0, timestamp, bytes }
    await this.#journal.saveSnapshot(this.#id, { ...snapshot, sequenceNr: this.#sequenceNr })
    await this.#journal.deleteEvents(this.#id, this.#sequenceNr)
  }
}

function idsOf(bytes: Uint8Array): readonly string[] {
  const ids: unknown = JSON.parse(decoder.decode(bytes))
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw new TypeError('What says which entities live cannot be read')
}
