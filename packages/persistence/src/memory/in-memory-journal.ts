// A journal that keeps events as long as the process lives. It is bounded, keeps to itself what it is given,
// and fails as a durable one does: by itself when it is full, and as a test tells it to.
import { systemClock, type Clock } from '@casty/clock'
import {
  checkAppend,
  checkClaim,
  checkDeletion,
  checkedLimits,
  checkId,
  checkRead,
  checkSnapshot,
} from '../journal/check-request.ts'
import type {
  AppendRequest,
  EventJournal,
  JournalLimits,
  ReadOptions,
  WriterOptions,
} from '../journal/event-journal.ts'
import { JournalError } from '../journal/journal-error.ts'
import type { JournalHead, StoredEvent, StoredSnapshot } from '../journal/journal-record.ts'
import { MemoryLog, withOwnBytes } from './memory-log.ts'
import { ProgrammedFaults, type FaultFilter, type JournalFault } from './programmed-faults.ts'
import { Requests } from './requests.ts'

export interface InMemoryJournalOptions {
  /** What all events and snapshots may take, about. @defaultValue 268_435_456 */
  readonly maxBytes?: number
  readonly limits?: Partial<JournalLimits>
  /** Times requests that are delayed. @defaultValue systemClock */
  readonly clock?: Clock
}

/** What journals on the same memory share. */
interface Store {
  readonly logs: Map<string, MemoryLog>
  readonly limits: JournalLimits
  readonly clock: Clock
  readonly faults: ProgrammedFaults
  /** May be changed: what is kept above it stays. */
  maxBytes: number
  usedBytes: number
}

/** A journal without a disk. Several may be open on the same memory, as processes would be on one server. */
export interface InMemoryJournal extends EventJournal {
  /** Another one on the same memory. Works also when this one is closed or has crashed. */
  open(): InMemoryJournal
  /**
   * Ends it as the end of its process would: what was not carried out never is, and no call is answered any
   * more. What was acknowledged is there for those who open it.
   */
  crash(): void
  /** Has a request fail, of whichever journal on this memory it is. */
  fail(fault: JournalFault, filter: FaultFilter): void
  /** Forgets faults that have met no request yet. */
  heal(): void
  /** How many faults have met no request yet: at the end of a test, a check that none was in vain. */
  readonly waitingFaults: number
  /** @throws JournalError `CASTY_JOURNAL_INVALID` where there is no such event */
  damageEvent(id: string, sequenceNr: number): void
  /** @throws JournalError `CASTY_JOURNAL_INVALID` where there is no such snapshot */
  damageSnapshot(id: string, sequenceNr: number): void
  /** Changes how much there is room for. What is kept already stays. */
  resize(maxBytes: number): void
}

/**
 * A journal in memory: for tests, and for programs that need no more.
 *
 * @throws JournalError `CASTY_JOURNAL_INVALID`
 */
export function inMemoryJournal(options: InMemoryJournalOptions = {}): InMemoryJournal {
  const { maxBytes = 256 * 1024 * 1024, limits, clock = systemClock } = options
  return new MemoryJournal({
    logs: new Map(),
    limits: checkedLimits(limits),
    clock,
    faults: new ProgrammedFaults(),
    maxBytes: checkedSize(maxBytes),
    usedBytes: 0,
  })
}

class MemoryJournal implements InMemoryJournal {
  readonly #store: Store
  readonly #requests: Requests

  constructor(store: Store) {
    this.#store = store
    this.#requests = new Requests(store.clock, store.faults)
  }

  get limits(): JournalLimits {
    return this.#store.limits
  }

  async append(id: string, request: AppendRequest): Promise<void> {
    checkAppend(id, request, this.limits)
    const { epoch, expectedSequenceNr } = request
    const own = { epoch, expectedSequenceNr, events: request.events.map(withOwnBytes) }
    await this.#requests.run('append', id, () => {
      const log = this.#logOf(id)
      this.#store.usedBytes += log.append(own, this.#roomBytes)
      this.#store.logs.set(id, log)
    })
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    checkClaim(id, epoch, this.limits)
    return await this.#requests.run('claim', id, () => {
      const log = this.#logOf(id)
      const head = log.claim(epoch)
      this.#store.logs.set(id, log)
      return head
    })
  }

  async highest(id: string): Promise<JournalHead> {
    checkId(id, this.limits)
    return await this.#requests.run('highest', id, () => this.#logOf(id).head)
  }

  async *events(id: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent, void> {
    checkRead(id, options, this.limits)
    const { fromSequenceNr = 1, signal } = options
    await this.#requests.run('events', id, () => {}, signal)
    for (let next = fromSequenceNr; ; next++) {
      const read = (): StoredEvent | undefined => this.#logOf(id).read(next, options)
      const event = await this.#requests.run('event', id, read, signal)
      if (!event) return
      yield event
    }
  }

  async deleteEvents(id: string, toSequenceNr: number, options: WriterOptions = {}): Promise<void> {
    checkDeletion(id, toSequenceNr, options, this.limits)
    await this.#requests.run('deleteEvents', id, () => {
      this.#store.usedBytes -= this.#logOf(id).deleteEvents(toSequenceNr, options)
    })
  }

  async saveSnapshot(
    id: string,
    snapshot: StoredSnapshot,
    options: WriterOptions = {},
  ): Promise<void> {
    checkSnapshot(id, snapshot, options, this.limits)
    const own = withOwnBytes(snapshot)
    await this.#requests.run('saveSnapshot', id, () => {
      this.#store.usedBytes += this.#logOf(id).saveSnapshot(own, options, this.#roomBytes)
    })
  }

  async latestSnapshot(id: string, atMost = Infinity): Promise<StoredSnapshot | undefined> {
    checkId(id, this.limits)
    const find = (): StoredSnapshot | undefined => this.#logOf(id).latestSnapshot(atMost)
    return await this.#requests.run('latestSnapshot', id, find)
  }

  async deleteSnapshots(
    id: string,
    toSequenceNr: number,
    options: WriterOptions = {},
  ): Promise<void> {
    checkDeletion(id, toSequenceNr, options, this.limits)
    await this.#requests.run('deleteSnapshots', id, () => {
      this.#store.usedBytes -= this.#logOf(id).deleteSnapshots(toSequenceNr, options)
    })
  }

  async *ids({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<string, void> {
    await this.#requests.run('ids', '', () => {}, signal)
    for (const [id, log] of this.#store.logs) {
      signal?.throwIfAborted()
      this.#requests.checkOpen('list ids')
      if (!log.isEmpty) yield id
    }
  }

  /** That of an id; a new one is kept when something is written to it. */
  #logOf(id: string): MemoryLog {
    return this.#store.logs.get(id) ?? new MemoryLog(id)
  }

  get #roomBytes(): number {
    return this.#store.maxBytes - this.#store.usedBytes
  }

  open(): InMemoryJournal {
    return new MemoryJournal(this.#store)
  }

  crash(): void {
    this.#requests.crash()
  }

  fail(fault: JournalFault, filter: FaultFilter): void {
    this.#store.faults.add(fault, filter)
  }

  heal(): void {
    this.#store.faults.clear()
  }

  get waitingFaults(): number {
    return this.#store.faults.size
  }

  damageEvent(id: string, sequenceNr: number): void {
    this.#logOf(id).damageEvent(sequenceNr)
  }

  damageSnapshot(id: string, sequenceNr: number): void {
    this.#logOf(id).damageSnapshot(sequenceNr)
  }

  resize(maxBytes: number): void {
    this.#store.maxBytes = checkedSize(maxBytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close()
  }
}

function checkedSize(maxBytes: number): number {
  if (maxBytes >= 0) return maxBytes
  throw JournalError.invalid('maxBytes', maxBytes, 'a number of bytes from 0')
}
