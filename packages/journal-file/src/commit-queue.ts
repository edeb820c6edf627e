// Group commit: while one frame is on its way to the disk, requests gather, and the next frame takes them all.
import { isJournalError, JournalError, type JournalHead } from '@casty/persistence'
import type { NewEntry } from './entry.ts'
import type { Log, Written } from './log.ts'

/** A frame takes no more requests once it is this large: the last one may be larger. */
const groupBytes = 4 * 1024 * 1024

/**
 * What to write, by the heads as they are when its turn comes; nothing where all is as it should be already.
 * Throws a `JournalError` where the request is refused.
 */
export type Plan = (headOf: (id: string) => JournalHead) => readonly NewEntry[]

interface Request {
  readonly plan: Plan
  readonly sizeBytes: number
  /** In a frame of its own, so that its plan sees what is on disk. */
  readonly isAlone: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Planned {
  readonly request: Request
  /** Why it is refused. */
  readonly refusal?: unknown
}

export interface CommitQueueOptions {
  readonly log: Log
  readonly headOf: (id: string) => JournalHead
  /** Called before those who asked are answered. */
  readonly onWritten: (written: Written) => void
  readonly maxWaitingBytes: number
}

export class CommitQueue {
  readonly #options: CommitQueueOptions
  #waiting: Request[] = []
  #waitingBytes = 0
  /** So many of the next ones go one by one, since together they did not fit. */
  #oneByOne = 0
  #running: Promise<void> | undefined

  constructor(options: CommitQueueOptions) {
    this.#options = options
  }

  /** Resolves when what was planned is durable. */
  submit(sizeBytes: number, plan: Plan, isAlone = false): Promise<void> {
    if (this.#waitingBytes + sizeBytes > this.#options.maxWaitingBytes && this.#waitingBytes > 0) {
      const what = `take more than maxWaitingBytes (${this.#options.maxWaitingBytes}) at once`
      return Promise.reject(JournalError.unavailable(what, 'nothing-written'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ plan, sizeBytes, isAlone, resolve, reject })
      this.#waitingBytes += sizeBytes
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    await othersHaveAsked()
    while (this.#waiting.length > 0) {
      await this.#commit(this.#take())
      await othersHaveAsked()
    }
    this.#running = undefined
  }

  #take(): readonly Request[] {
    let count = 0
    let bytes = 0
    for (const request of this.#waiting) {
      if (count > 0 && (request.isAlone || this.#oneByOne > 0 || bytes >= groupBytes)) break
      count++
      bytes += request.sizeBytes
      if (request.isAlone) break
    }
    if (this.#oneByOne > 0) this.#oneByOne--
    const group = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return group
  }

  async #commit(group: readonly Request[]): Promise<void> {
    const { entries, planned } = this.#planAll(group)
    let written: Written | undefined
    try {
      // Empty where all are refused, or have what they ask for.
      if (entries.length > 0) written = await this.#options.log.write(entries)
    } catch (error) {
      this.#failed(planned, error)
      return
    }
    if (written) this.#options.onWritten(written)
    for (const { request, refusal } of planned) {
      this.#waitingBytes -= request.sizeBytes
      if (refusal === undefined) request.resolve()
      else request.reject(refusal)
    }
  }

  /** Each sees what those before it will have written. */
  #planAll(group: readonly Request[]): {
    readonly entries: readonly NewEntry[]
    readonly planned: readonly Planned[]
  } {
    const heads = new Map<string, JournalHead>()
    const headOf = (id: string): JournalHead => heads.get(id) ?? this.#options.headOf(id)
    const entries: NewEntry[] = []
    const planned = group.map((request): Planned => {
      try {
        for (const entry of request.plan(headOf)) {
          entries.push(entry)
          heads.set(entry.id, entry.head)
        }
        return { request }
      } catch (refusal) {
        return { request, refusal }
      }
    })
    return { entries, planned }
  }

  /**
   * Nothing was written, or nobody knows. Those that were refused are asked again, since that may have been for
   * nothing; and where there is no room for all together, each is tried alone.
   */
  #failed(planned: readonly Planned[], error: unknown): void {
    const isFull = isJournalError(error) && error.code === 'CASTY_JOURNAL_FULL'
    const mayFitAlone = isFull && planned.length > 1
    const again: Request[] = []
    for (const { request, refusal } of planned) {
      if (mayFitAlone || refusal !== undefined) again.push(request)
      else this.#reject(request, error)
    }
    if (isFull && !mayFitAlone) this.#rejectLarger(planned[0]?.request.sizeBytes ?? 0, error)
    this.#waiting = [...again, ...this.#waiting]
    if (mayFitAlone) this.#oneByOne = again.length
  }

  /** Of those that go one by one, what is as large as one that did not fit is not tried. */
  #rejectLarger(sizeBytes: number, error: unknown): void {
    const left: Request[] = []
    for (const request of this.#waiting.slice(0, this.#oneByOne)) {
      if (request.sizeBytes < sizeBytes) left.push(request)
      else this.#reject(request, error)
    }
    this.#waiting = [...left, ...this.#waiting.slice(this.#oneByOne)]
    this.#oneByOne = left.length
  }

  #reject(request: Request, error: unknown): void {
    this.#waitingBytes -= request.sizeBytes
    request.reject(error)
  }
}

/**
 * Resolves when all that is ready to run has run, as whoever was just answered and asks for the next thing: they
 * go into one frame. Ticks come after promises, and before input and output.
 */
function othersHaveAsked(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
