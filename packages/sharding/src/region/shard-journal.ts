// A journal as entities of one shard see it: all that they write is written under the epoch at which this node owns the
// shard. So a former owner, whatever it believes, can write no more as soon as the next one has begun.
import {
  isJournalError,
  JournalError,
  type AppendRequest,
  type EventJournal,
  type JournalHead,
  type JournalLimits,
  type ReadOptions,
  type StoredEvent,
  type StoredSnapshot,
} from '@casty/persistence'

/** Told that somebody has written under a higher epoch than that of the shard. */
export type OnFenced = (written: number) => void

export class ShardJournal implements EventJournal {
  readonly #journal: EventJournal
  readonly #epoch: number
  readonly #fenced: OnFenced

  constructor(journal: EventJournal, epoch: number, fenced: OnFenced) {
    this.#journal = journal
    this.#epoch = epoch
    this.#fenced = fenced
  }

  get limits(): JournalLimits {
    return this.#journal.limits
  }

  append(id: string, request: AppendRequest): Promise<void> {
    try {
      return this.#watch(this.#journal.append(id, { ...request, epoch: this.#epoch }))
    } catch (error) {
      return Promise.reject(error) // Of a journal that throws where it is to reject.
    }
  }

  /** @param epoch - not above that of the shard: nobody else can say who is next */
  async claim(id: string, epoch: number): Promise<JournalHead> {
    if (epoch <= this.#epoch) return await this.#watch(this.#journal.claim(id, this.#epoch))
    const head = await this.#journal.highest(id)
    this.#fenced(Math.max(head.epoch, epoch - 1))
    throw JournalError.fencedByEpoch(id, this.#epoch, head)
  }

  /** Whoever takes the next epoch takes that of the shard, each time that it begins. */
  async highest(id: string): Promise<JournalHead> {
    const head = await this.#journal.highest(id)
    return head.epoch > this.#epoch ? head : { ...head, epoch: this.#epoch - 1 }
  }

  events(id: string, options?: ReadOptions): AsyncIterable<StoredEvent> {
    return this.#journal.events(id, options)
  }

  async deleteEvents(id: string, toSequenceNr: number): Promise<void> {
    await this.#watch(this.#journal.deleteEvents(id, toSequenceNr, { epoch: this.#epoch }))
  }

  async saveSnapshot(id: string, snapshot: StoredSnapshot): Promise<void> {
    await this.#watch(this.#journal.saveSnapshot(id, snapshot, { epoch: this.#epoch }))
  }

  async latestSnapshot(id: string, atMost?: number): Promise<StoredSnapshot | undefined> {
    return await this.#journal.latestSnapshot(id, atMost)
  }

  async deleteSnapshots(id: string, toSequenceNr: number): Promise<void> {
    await this.#watch(this.#journal.deleteSnapshots(id, toSequenceNr, { epoch: this.#epoch }))
  }

  ids(options?: { readonly signal?: AbortSignal }): AsyncIterable<string> {
    return this.#journal.ids(options)
  }

  /** It is another's, who opened it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #watch<T>(request: Promise<T>): Promise<T> {
    return request.then(undefined, (error: unknown) => {
      const epoch = isJournalError(error) ? (error.head?.epoch ?? 0) : 0
      if (epoch > this.#epoch) this.#fenced(epoch)
      throw error
    })
  }
}
