import {
  checkAppend,
  checkClaim,
  checkDeletion,
  checkId,
  checkRead,
  checkSnapshot,
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
import { eventsOfPage, headOf, pageLimits } from './event-page.ts'
import { guardedWrite, readHead, type GuardedWrite } from './guarded-write.ts'
import { checkedOptions, type JournalSettings, type PostgresJournalOptions } from './options.ts'
import { Requests } from './requests.ts'
import type { Session } from './session.ts'
import { batchValues, snapshotValues } from './statement-values.ts'
import { statementsFor, type Statements } from './statements.ts'
import { integerOf, snapshotOf, textOf, utf8, valueOf } from './stored-record.ts'
import { ensureTables, type JournalTables } from './tables.ts'

/** A journal in PostgreSQL. Disposing of it waits for what is under way. */
export interface PostgresJournal extends EventJournal {
  /**
   * Creates the tables unless they are there; several may do so at once. The user needs CREATE on the
   * schema for it: without that, have `journalTablesSql()` run by one who may.
   *
   * Rejects with a `PostgresJournalError`, or with a `JournalError` `CASTY_JOURNAL_CLOSED`.
   */
  ensureTables(): Promise<void>
}

/** Rows that one statement removes: so many that it is worth its while, so few that nobody waits long. */
const deletedAtOnce = 10_000
const idsAtOnce = 1_000

/**
 * A journal in tables of PostgreSQL. It connects when it is first asked.
 *
 * @throws PostgresJournalError `CASTY_JOURNAL_POSTGRES_INVALID_OPTION`, JournalError `CASTY_JOURNAL_INVALID`
 */
export function postgresJournal(options: PostgresJournalOptions): PostgresJournal {
  const settings = checkedOptions(options)
  return new JournalInPostgres(settings, options.tables)
}

class JournalInPostgres implements PostgresJournal {
  readonly limits: JournalLimits
  readonly #tables: Partial<JournalTables> | undefined
  readonly #statements: Statements
  readonly #requests: Requests
  readonly #lockTimeout: string

  constructor(settings: JournalSettings, tables: Partial<JournalTables> | undefined) {
    const { owned, operationTimeoutMs, serverTimeoutMs, limits, clock } = settings
    this.limits = limits
    this.#tables = tables
    this.#statements = statementsFor(tables)
    this.#requests = new Requests(owned, operationTimeoutMs, clock)
    this.#lockTimeout = `${serverTimeoutMs}ms`
  }

  async ensureTables(): Promise<void> {
    await this.#requests.prepare('create tables', async (session) => {
      const { areThere } = this.#statements
      await ensureTables(session, this.#tables, areThere, this.#lockTimeout)
    })
  }

  async append(id: string, request: AppendRequest): Promise<void> {
    checkAppend(id, request, this.limits)
    const { epoch, expectedSequenceNr, events } = request
    const key = utf8(id)
    const batch = batchValues(key, request) // Before anything is waited for: bytes may change later.
    const values = [key, epoch, expectedSequenceNr, events.length, this.#lockTimeout, ...batch]
    const { append, appendFirst } = this.#statements
    const statement = expectedSequenceNr === 0 ? appendFirst : append
    const explain = (head: JournalHead): void => {
      if (head.sequenceNr === expectedSequenceNr) return
      throw JournalError.fencedByNumber(id, expectedSequenceNr, head)
    }
    await this.#requests.run({ what: 'append', id }, (session) =>
      this.#written(session, { id, epoch, statement, values, explain }),
    )
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    checkClaim(id, epoch, this.limits)
    const values = [utf8(id), epoch, this.#lockTimeout]
    const statement = this.#statements.claim
    const row = await this.#requests.run({ what: 'claim', id }, (session) =>
      this.#written(session, { id, epoch, statement, values }),
    )
    return headOf(row)
  }

  async highest(id: string): Promise<JournalHead> {
    checkId(id, this.limits)
    return await this.#requests.run({ what: 'read the head', id }, (session) =>
      readHead(session, this.#statements.head, id),
    )
  }

  async *events(id: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent, void> {
    checkRead(id, options, this.limits)
    const { fromSequenceNr = 1, toSequenceNr: last = Number.MAX_SAFE_INTEGER, signal } = options
    const idBytes = utf8(id)
    for (let first = fromSequenceNr; ;) {
      const lastOfPage = Math.min(last, first + pageLimits.events - 1)
      const values = [idBytes, first, lastOfPage, pageLimits.bytes]
      const rows = await this.#requests.run({ what: 'read events', id, signal }, (session) =>
        session.read(this.#statements.page, values),
      )
      const page = eventsOfPage(rows, { id, idBytes, first, last })
      for (let next = page.next(); ; next = page.next()) {
        if (next.done) {
          if (next.value) return
          break
        }
        yield next.value
        signal?.throwIfAborted()
        first++
      }
    }
  }

  async deleteEvents(id: string, toSequenceNr: number, options: WriterOptions = {}): Promise<void> {
    checkDeletion(id, toSequenceNr, options, this.limits)
    await this.#requests.call('delete events', async () => {
      const isThere = await this.#markDeleted(id, toSequenceNr, options)
      while (isThere && (await this.#cleanDeleted(id)));
    })
  }

  /**
   * Has events forgotten, for all who read. Their rows are removed after that, in parts, so that nobody
   * waits long; an end before that leaves them to whoever deletes next.
   *
   * @returns whether there are any
   */
  async #markDeleted(id: string, toSequenceNr: number, { epoch }: WriterOptions): Promise<boolean> {
    const values = [utf8(id), toSequenceNr, epoch ?? null, this.#lockTimeout]
    const explain = (head: JournalHead): void => {
      if (toSequenceNr > head.sequenceNr) throw beyondLast('toSequenceNr', toSequenceNr, head)
    }
    const write = { id, epoch, statement: this.#statements.markDeleted, values, explain }
    const row = await this.#requests.request({ what: 'delete events', id }, (session) =>
      this.#written(session, { ...write, mayLack: toSequenceNr === 0 }),
    )
    return row !== undefined
  }

  /** @returns whether there may be more of them */
  async #cleanDeleted(id: string): Promise<boolean> {
    const values = [utf8(id), deletedAtOnce, this.#lockTimeout, null]
    const request = { what: 'delete events', id, before: 'unknown' } as const
    return await this.#requests.request(request, async (session) => {
      const rows = await session.write(this.#statements.cleanDeleted, values)
      return rows.length > 0
    })
  }

  async saveSnapshot(
    id: string,
    snapshot: StoredSnapshot,
    options: WriterOptions = {},
  ): Promise<void> {
    checkSnapshot(id, snapshot, options, this.limits)
    const { epoch } = options
    const { sequenceNr } = snapshot
    const key = utf8(id)
    const record = snapshotValues(key, snapshot) // Before anything is waited for, as above.
    const values = [key, sequenceNr, epoch ?? null, this.#lockTimeout, ...record]
    const explain = (head: JournalHead): void => {
      if (sequenceNr > head.sequenceNr)
        throw beyondLast('The number of a snapshot', sequenceNr, head)
    }
    const statement = this.#statements.saveSnapshot
    await this.#requests.run({ what: 'save a snapshot', id }, (session) =>
      this.#written(session, { id, epoch, statement, values, explain }),
    )
  }

  async latestSnapshot(id: string, atMost = Infinity): Promise<StoredSnapshot | undefined> {
    checkId(id, this.limits)
    if (!(atMost >= 1)) return undefined
    const key = utf8(id)
    const values = [key, Math.floor(Math.min(atMost, Number.MAX_SAFE_INTEGER))]
    const request = { what: 'read a snapshot', id }
    const [row] = await this.#requests.run(request, (session) =>
      session.read(this.#statements.latestSnapshot, values),
    )
    if (row === undefined) return undefined
    const snapshot = snapshotOf(row, key)
    if (snapshot) return snapshot
    const sequenceNr = integerOf(row, 'sequence_nr')
    throw JournalError.damaged(id, 'the checksum of its snapshot does not fit', { sequenceNr })
  }

  async deleteSnapshots(
    id: string,
    toSequenceNr: number,
    options: WriterOptions = {},
  ): Promise<void> {
    checkDeletion(id, toSequenceNr, options, this.limits)
    const { epoch } = options
    const values = [utf8(id), toSequenceNr, epoch ?? null, this.#lockTimeout]
    const statement = this.#statements.deleteSnapshots
    await this.#requests.run({ what: 'delete snapshots', id }, (session) =>
      this.#written(session, { id, epoch, statement, values, mayLack: true }),
    )
  }

  async *ids({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<string, void> {
    for (let after = 0; ;) {
      const rows = await this.#requests.run({ what: 'list ids', signal }, (session) =>
        session.read(this.#statements.ids, [after, idsAtOnce]),
      )
      for (const row of rows) {
        after = integerOf(row, 'stream')
        if (valueOf(row, 'is_listed') !== true) continue
        yield textOf(row, 'id')
        signal?.throwIfAborted()
      }
      if (rows.length < idsAtOnce) return
    }
  }

  async #written(session: Session, write: GuardedWrite): Promise<unknown> {
    return await guardedWrite(session, this.#statements.head, write)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close()
  }
}

function beyondLast(what: string, number: number, { sequenceNr }: JournalHead): JournalError {
  return JournalError.invalid(what, number, `up to the last event, ${sequenceNr}`)
}
