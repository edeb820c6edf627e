import { Pool } from 'pg'
import type { JournalStore } from '@casty/persistence/compliance'
import {
  journalTablesSql,
  postgresJournal,
  type JournalTables,
  type PostgresJournal,
  type PostgresJournalOptions,
} from '@casty/journal-postgres'
import { postgresPrograms, PostgresServer, Relay } from '../../../../tooling/postgres/index.ts'

const programs = await postgresPrograms()
if ('missing' in programs) console.log(`Skipped, for want of a server: ${programs.missing}`)

/** For `describe.skipIf`. */
export const hasNoServer: boolean = 'missing' in programs

/** A server with tables for each test, what an administrator can do to it, and a network before it. */
export class World implements AsyncDisposable {
  readonly server: PostgresServer
  readonly relay: Relay
  readonly #admin: Pool
  #stores = 0

  private constructor(server: PostgresServer, relay: Relay) {
    this.server = server
    this.relay = relay
    this.#admin = new Pool({ connectionString: server.connectionString() })
    this.#admin.on('error', () => {}) // Tests kill its server; what it does next opens a new one.
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<World> {
    if ('missing' in programs) throw new Error(programs.missing)
    const server = await PostgresServer.start(programs, settings)
    return new World(server, await Relay.start(server.socketPath))
  }

  async sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { rows } = await this.#admin.query<Readonly<Record<string, unknown>>>(text)
    return rows
  }

  /** How to connect through the network that can fail. */
  get throughRelay(): string {
    return this.server.connectionString({ host: '127.0.0.1', port: this.relay.port })
  }

  /** Tables of their own. */
  async store(): Promise<Store> {
    this.relay.pass()
    const store = new Store(this, ++this.#stores)
    await this.sql(journalTablesSql(store.tables))
    return store
  }

  /** Lets time pass until `holds`; rejects when that takes longer than any test may wait. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let waitedMs = 0; !(await holds()); waitedMs += 20) {
      if (waitedMs > 30_000) throw new Error(`After thirty seconds still not: ${what}`)
      await this.sql('SELECT pg_sleep(0.02)')
    }
  }

  /** How many connections of journals the server has. */
  async connections(condition = 'true'): Promise<number> {
    const [row] = await this.sql(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE application_name = 'casty journal' AND ${condition}`,
    )
    return Number(row?.['count'])
  }

  /** Has another session lock all rows of a table, until it is disposed of. */
  async lock(table: string): Promise<AsyncDisposable & Locked> {
    const connection = await this.#admin.connect()
    await connection.query(`BEGIN; SELECT FROM ${table} FOR UPDATE`)
    let isHeld = true
    const end = async (sql: string): Promise<void> => {
      if (!isHeld) return
      isHeld = false
      await connection.query(sql)
      connection.release()
    }
    const unlock = async (): Promise<void> => await end('ROLLBACK')
    return {
      unlock,
      change: async (sql) => await end(`${sql}; COMMIT`),
      [Symbol.asyncDispose]: unlock,
    }
  }

  /** Lets time pass until a session of a journal waits for a lock. */
  async untilOneWaits(): Promise<void> {
    await this.until(
      'one waits for the lock',
      async () => (await this.connections("wait_event_type = 'Lock'")) === 1,
    )
  }

  /** Ends connections of journals. @returns how many */
  async terminate(condition = 'true'): Promise<number> {
    const rows = await this.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'casty journal' AND ${condition}`,
    )
    return rows.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]()
    this.server.resume()
    await this.#admin.end()
    await this.server[Symbol.asyncDispose]()
  }
}

/** What another session has locked. */
export interface Locked {
  unlock(): Promise<void>
  /** Changes it before. */
  change(sql: string): Promise<void>
}

/** Tables of one test, and the journals that are open on them. */
export class Store implements JournalStore {
  readonly tables: JournalTables
  readonly #world: World
  readonly #open: PostgresJournal[] = []

  constructor(world: World, count: number) {
    this.#world = world
    this.tables = {
      streams: `streams_${count}`,
      events: `events_${count}`,
      snapshots: `snapshots_${count}`,
    }
  }

  async open(options: Partial<PostgresJournalOptions> = {}): Promise<PostgresJournal> {
    const place = options.pool ? {} : { connectionString: this.#world.server.connectionString() }
    const journal = postgresJournal({ ...place, tables: this.tables, ...options })
    this.#open.push(journal)
    return await Promise.resolve(journal)
  }

  async crash(): Promise<void> {
    await this.#world.server.kill()
    // Their connections are gone, and so what was under way ends by itself.
    await Promise.all(this.#open.splice(0).map((journal) => journal[Symbol.asyncDispose]()))
    await this.#world.server.startAgain()
  }

  async damageEvent(id: string, sequenceNr: number): Promise<void> {
    await this.#damage(this.tables.events, id, sequenceNr)
  }

  async damageSnapshot(id: string, sequenceNr: number): Promise<void> {
    await this.#damage(this.tables.snapshots, id, sequenceNr)
  }

  async #damage(table: string, id: string, sequenceNr: number): Promise<void> {
    const damaged = await this.#world.sql(
      `UPDATE ${table} SET bytes = set_byte(bytes, 0, get_byte(bytes, 0) # 1)
       WHERE sequence_nr = ${sequenceNr} AND stream = ${this.streamOf(id)} RETURNING 1`,
    )
    if (damaged.length !== 1) throw new Error(`There is no number ${sequenceNr} in ${table}`)
  }

  /** The server says what it would say where its disk is full. */
  async fill(): Promise<void> {
    const { events } = this.tables
    await this.#world.sql(
      `CREATE FUNCTION ${events}_full() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
       CREATE TRIGGER is_full BEFORE INSERT ON ${events} EXECUTE FUNCTION ${events}_full()`,
    )
  }

  async makeRoom(): Promise<void> {
    await this.#world.sql(`DROP TRIGGER is_full ON ${this.tables.events}`)
  }

  /** The number of a stream, as SQL. */
  streamOf(id: string): string {
    const hex = Buffer.from(id).toString('hex')
    return `(SELECT stream FROM ${this.tables.streams} WHERE id = decode('${hex}', 'hex'))`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.splice(0).map((journal) => journal[Symbol.asyncDispose]()))
    const { streams, events, snapshots } = this.tables
    await this.#world.sql(`DROP TABLE IF EXISTS ${streams}, ${events}, ${snapshots}`)
  }
}
