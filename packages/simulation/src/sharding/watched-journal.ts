import {
  type AppendRequest,
  type EventJournal,
  type JournalHead,
  type JournalLimits,
  type ReadOptions,
  type StoredEvent,
  type StoredSnapshot,
  type WriterOptions,
} from '@casty/persistence'

export interface ClaimEar {
  claims(): void
  claimed(epoch: number, head: JournalHead): void
}

/** The same journal, with an ear at who claims which id. */
export function watchedJournal(
  journal: EventJournal,
  earOf: (id: string) => ClaimEar,
): EventJournal {
  return new WatchedJournal(journal, earOf)
}

class WatchedJournal implements EventJournal {
  readonly #journal: EventJournal
  readonly #earOf: (id: string) => ClaimEar
  readonly isLocal?: boolean

  constructor(journal: EventJournal, earOf: (id: string) => ClaimEar) {
    this.#journal = journal
    if (journal.isLocal !== undefined) this.isLocal = journal.isLocal
    this.#earOf = earOf
  }

  get limits(): JournalLimits {
    return this.#journal.limits
  }

  async append(id: string, request: AppendRequest): Promise<void> {
    await this.#journal.append(id, request)
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    const ear = this.#earOf(id)
    ear.claims()
    const head = await this.#journal.claim(id, epoch)
    ear.claimed(epoch, head)
    return head
  }

  async highest(id: string): Promise<JournalHead> {
    return await this.#journal.highest(id)
  }

  events(id: string, options?: ReadOptions): AsyncIterable<StoredEvent> {
    return this.#journal.events(id, options)
  }

  async deleteEvents(id: string, toSequenceNr: number, options?: WriterOptions): Promise<void> {
    await this.#journal.deleteEvents(id, toSequenceNr, options)
  }

  async saveSnapshot(id: string, snapshot: StoredSnapshot, options?: WriterOptions): Promise<void> {
    await this.#journal.saveSnapshot(id, snapshot, options)
  }

  async latestSnapshot(id: string, atMost?: number): Promise<StoredSnapshot | undefined> {
    return await this.#journal.latestSnapshot(id, atMost)
  }

  async deleteSnapshots(id: string, toSequenceNr: number, options?: WriterOptions): Promise<void> {
    await this.#journal.deleteSnapshots(id, toSequenceNr, options)
  }

  ids(options?: { readonly signal?: AbortSignal }): AsyncIterable<string> {
    return this.#journal.ids(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal[Symbol.asyncDispose]()
  }
}
