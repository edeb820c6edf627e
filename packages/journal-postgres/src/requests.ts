// How a call becomes work on a connection, with an end in sight: an answer, a reason, or the deadline.
import type { Clock } from '@casty/clock'
import { isJournalError, JournalError, type WriteOutcome } from '@casty/persistence'
import { asError, withConnection, type OwnedPool } from './connections.ts'
import { PostgresJournalError } from './errors.ts'
import { isOfServer, isStale, journalFailure, postgresFailure } from './failures.ts'
import { Session } from './session.ts'

/** A call, for the texts of its errors. */
export interface Request {
  /** As in `append`. */
  readonly what: string
  readonly id?: string
  readonly signal?: AbortSignal | undefined
  /** What earlier requests of the same call have done. @defaultValue 'nothing-written' */
  readonly before?: WriteOutcome
}

/** The requests of one open journal. */
export class Requests {
  readonly #owned: OwnedPool
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #running = new Set<Promise<unknown>>()
  #closed: Promise<void> | undefined

  constructor(owned: OwnedPool, timeoutMs: number, clock: Clock) {
    this.#owned = owned
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  /** Runs a call, of one request or of several. Closing waits for it. */
  async call<T>(what: string, begin: () => Promise<T>): Promise<T> {
    if (this.#closed) throw JournalError.closed(what)
    const answer = begin()
    this.#running.add(answer)
    try {
      return await answer
    } finally {
      this.#running.delete(answer)
    }
  }

  /** A call of one request. Rejects with a `JournalError`, or with the reason of `signal`. */
  async run<T>(request: Request, work: (session: Session) => Promise<T>): Promise<T> {
    return await this.call(request.what, () => this.request(request, work))
  }

  /** One request of a call. Rejects with a `JournalError`, or with the reason of `signal`. */
  async request<T>(request: Request, work: (session: Session) => Promise<T>): Promise<T> {
    return await this.#answer(request, work, (error, outcome, wasConnected) =>
      journalFailure(error, { ...request, outcome, wasConnected }),
    )
  }

  /** What is no request to a journal. Rejects with a `PostgresJournalError`. */
  async prepare<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return await this.call(what, () =>
      this.#answer({ what }, work, (error, _outcome, wasConnected) =>
        postgresFailure(error, wasConnected),
      ),
    )
  }

  async #answer<T>(
    { signal: given, before = 'nothing-written' }: Request,
    work: (session: Session) => Promise<T>,
    failure: (error: Error, outcome: WriteOutcome, wasConnected: boolean) => Error,
  ): Promise<T> {
    given?.throwIfAborted()
    let session: Session | undefined
    const overdue = new AbortController()
    using _ = this.#clock.schedule(this.#timeoutMs, () =>
      overdue.abort(PostgresJournalError.timeout(this.#timeoutMs, session !== undefined)),
    )
    const signal = given ? AbortSignal.any([overdue.signal, given]) : overdue.signal
    try {
      return await withConnection(this.#owned.pool, signal, isSound, (connection) => {
        session = new Session(connection, this.#owned.keepsSessions, before)
        return work(session)
      })
    } catch (error) {
      given?.throwIfAborted()
      if (isJournalError(error)) throw error
      // A connection that is given up fails with words of the driver; the deadline is the reason.
      const reason: unknown = overdue.signal.aborted ? overdue.signal.reason : error
      throw failure(asError(reason), session?.outcome ?? before, session !== undefined)
    }
  }

  /** Waits for what is under way, then ends the pool if it is the journal's own. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#owned.end())
    return this.#closed
  }
}

/** What a journal refuses by itself says nothing against the connection. */
function isSound(error: Error): boolean {
  return isJournalError(error) || (isOfServer(error) && !isStale(error))
}
