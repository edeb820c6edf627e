// The journals that nodes have of their own, on their disks: what they keep copies in. They outlive processes and power,
// and some are lost for good.
import { openFileJournal, type FileJournal } from '@casty/journal-file'
import { isJournalError } from '@casty/persistence'
import { JournalDirectory, Locks } from '../journal/journal-files.ts'
import type { Surroundings } from '../world/simulated-process.ts'

/** So small that files are begun and given back. */
const segmentBytes = 65_536
/** Before a journal that could not be opened is tried again, in milliseconds. */
const openAgainAfterMs = 300

export class NodeDisks {
  readonly #locks = new Locks()
  /** How many disks each host has lost. */
  readonly #lost = new Map<string, number>()

  /** How many were lost, over all hosts. */
  get lost(): number {
    return [...this.#lost.values()].reduce((sum, count) => sum + count, 0)
  }

  /** What its next process finds is empty. */
  lose(host: string): void {
    this.#lost.set(host, (this.#lost.get(host) ?? 0) + 1)
  }

  /** Tries again where the disk fails, as a supervisor would. */
  async open(surroundings: Surroundings): Promise<FileJournal> {
    for (;;) {
      try {
        // eslint-disable-next-line no-await-in-loop -- One after the other.
        return await this.#openOnce(surroundings)
      } catch (error) {
        if (!isJournalError(error) || error.code === 'CASTY_JOURNAL_DAMAGED') throw error
        surroundings.log(`cannot open the journal: ${error.code}`)
        // eslint-disable-next-line no-await-in-loop
        await new Promise<void>((resolve) => {
          surroundings.clock.schedule(openAgainAfterMs, resolve)
        })
      }
    }
  }

  async #openOnce({ host, life, fileSystem, random }: Surroundings): Promise<FileJournal> {
    const files = new JournalDirectory({
      directory: `/copies-${this.#lost.get(host) ?? 0}`,
      fileSystem,
      lock: () => this.#locks.take(host, `life ${life}`),
      syncsWrites: false,
      onStep: () => {},
    })
    return await openFileJournal({
      directory: files.name,
      files,
      segmentBytes,
      randomBytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(random() * 256)),
    })
  }

  /** No process of that host runs any more. */
  ended(host: string): void {
    this.#locks.free(host)
  }
}
