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
import { batchValues } from './batch.ts'
import { eventsOfPage, headOf, pageLimits } from './event-page.ts'
import { checkedOptions, type JournalSettings, type PostgresJournalOptions } from './options.ts'
import { Requests } from './requests.ts'
import type { Session } from './session.ts'
import { statementsFor, type Statement, type Statements } from './statements.ts'
import { checksumOf, integerOf, snapshotOf, textOf, utf8, valueOf } from './stored-record.ts'
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
/** How often a writer is refused for what has changed again when it asks why. */
const mostRefusals = 20

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
    const { owned, operationTimeoutMs, limits, clock } = settings
    this.limits = limits
    this.#tables = tables
    this.#statements = statementsFor(tables)
    this.#requests = new Requests(owned, operationTimeoutMs, clock)
    this.#lockTimeout = `${operationTimeoutMs}ms`
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
    await this.#requests.run({ what: 'append', id }, async (session) => {
      await this.#written(session, id, epoch, statement, values, (head) => {
        if (head.sequenceNr === expectedSequenceNr) return
        throw JournalError.fencedByNumber(id, expectedSequenceNr, head)
      })
    })
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    checkClaim(id, epoch, this.limits)
    const values = [utf8(id), epoch, this.#lockTimeout]
    return await this.#requests.run({ what: 'claim', id }, async (session) => {
      const { claim } = this.#statements
      return headOf(await this.#written(session, id, epoch, claim, values, () => {}))
    })
  }

  async highest(id: string): Promise<JournalHead> {
    checkId(id, this.limits)
    return await this.#requests.run({ what: 'read the head', id }, (session) =>
      this.#head(session, id),
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
    return await this.#requests.request({ what: 'delete events', id }, async (session) => {
      const { markDeleted } = this.#statements
      const mayLack = toSequenceNr === 0
      const row = await this.#written(session, id, epoch, markDeleted, values, explain, mayLack)
      return row !== undefined
    })
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
    const values = [
      key,
      sequenceNr,
      epoch ?? null,
      this.#lockTimeout,
      ...snapshotValues(key, snapshot),
    ]
    await this.#requests.run({ what: 'save a snapshot', id }, async (session) => {
      const { saveSnapshot } = this.#statements
      await this.#written(session, id, epoch, saveSnapshot, values, (head) => {
        if (sequenceNr <= head.sequenceNr) return
        throw beyondLast('The number of a snapshot', sequenceNr, head)
      })
    })
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
    await this.#requests.run({ what: 'delete snapshots', id }, async (session) => {
      const { deleteSnapshots } = this.#statements
      await this.#written(session, id, epoch, deleteSnapshots, values, () => {}, true)
    })
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

  /**
   * Runs a statement that takes effect on the row of a stream, if it fits, and returns one. Where it did
   * not, the row is read to tell why; what was in the way may be gone by then, so it is tried again.
   *
   * @param explain - throws where what it is given is the reason
   * @param mayLack - whether nothing is to be done where the stream has no row
   */
  async #written(
    session: Session,
    id: string,
    epoch: number | undefined,
    statement: Statement,
    values: readonly unknown[],
    explain: (head: JournalHead) => void,
    mayLack = false,
  ): Promise<unknown> {
    for (let refusals = 1; ; refusals++) {
      const [row] = await session.write(statement, values)
      if (row !== undefined) return row
      const head = await this.#head(session, id)
      if (epoch !== undefined && epoch < head.epoch) {
        throw JournalError.fencedByEpoch(id, epoch, head)
      }
      explain(head)
      if (mayLack) return undefined
      if (refusals >= mostRefusals)
        throw JournalError.unavailable('write', 'nothing-written', { id })
    }
  }

  async #head(session: Session, id: string): Promise<JournalHead> {
    const [row] = await session.read(this.#statements.head, [utf8(id)])
    return headOf(row)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close()
  }
}

function snapshotValues(id: Uint8Array, snapshot: StoredSnapshot): readonly unknown[] {
  const { sequenceNr, version, timestamp } = snapshot
  const manifest = utf8(snapshot.manifest)
  const checksum = checksumOf({ kind: 'snapshot', id, sequenceNr, epoch: 0 }, snapshot, manifest)
  // A copy: the caller may change its bytes while they wait for a connection.
  return [manifest, version, timestamp, Buffer.from(snapshot.bytes), checksum]
}

function beyondLast(what: string, number: number, { sequenceNr }: JournalHead): JournalError {
  return JournalError.invalid(what, number, `up to the last event, ${sequenceNr}`)
}
