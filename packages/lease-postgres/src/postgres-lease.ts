import { randomUUID } from 'node:crypto'
import { systemClock, type Clock } from '@casty/clock'
import {
  createLease,
  LeaseError,
  leaseOptionNames,
  leaseTiming,
  type AcquireOptions,
  type LeaseOptions,
  type StoredLease,
} from '@casty/sbr'
import { freshConnections, pooledConnections, type PostgresPool } from './connections.ts'
import { PostgresLeaseError } from './errors.ts'
import { PostgresStore } from './postgres-store.ts'
import { statementsFor } from './statements.ts'

/** Where a lease is kept, and how it is held. Exactly one of `pool` and `connectionString` is given. */
export interface PostgresLeaseOptions extends LeaseOptions {
  /**
   * `new Pool()` of `pg`, which stays yours: listen to its `error` events, and end it. Give it a
   * `connectionTimeoutMillis`; connections that are given up are taken out of it.
   */
  readonly pool?: PostgresPool
  /** As `pg` takes it. Each request then opens a connection of its own, so that none is stale. */
  readonly connectionString?: string
  /** The table, with its schema or without. @defaultValue 'casty_leases' */
  readonly table?: string
}

/** A lease in PostgreSQL. Disposing of it is abrupt: what it holds runs out by itself. */
export interface PostgresLease extends StoredLease {
  /**
   * Creates the table unless it is there; several may do so at once. The user needs CREATE on the
   * schema for it: without that, have `leaseTableSql()` run by one who may.
   *
   * Rejects with a `PostgresLeaseError`, or with `CASTY_SBR_LEASE_TIMEOUT`.
   */
  ensureTable(): Promise<void>
}

const optionNames: readonly (keyof PostgresLeaseOptions)[] = [
  ...leaseOptionNames,
  'pool',
  'connectionString',
  'table',
]

/**
 * A lease in a row of a PostgreSQL table, which runs out by the database's clock. It connects when it
 * is first asked.
 *
 * Calls reject with a `PostgresLeaseError` where the database does not let them, and with a
 * `LeaseError` of `@casty/sbr` where it does not answer in time.
 *
 * @throws PostgresLeaseError `CASTY_LEASE_POSTGRES_INVALID_OPTION`, SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function postgresLease(options: PostgresLeaseOptions): PostgresLease {
  const given: unknown = options // A user without types may give anything.
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw PostgresLeaseError.noOptions(given)
  for (const name of Object.keys(options)) {
    if (!optionNames.some((known) => known === name))
      throw PostgresLeaseError.unknownOption(name, optionNames)
  }
  const { pool, connectionString, table = 'casty_leases', ...held } = options
  const { operationTimeoutMs } = leaseTiming(held)
  const connect = connectionsOf(pool, connectionString, operationTimeoutMs)
  const clock = held.clock ?? systemClock
  const store = new PostgresStore(connect, statementsFor(table), operationTimeoutMs, clock)
  const lease = createLease(store, { ...held, session: randomUUID() })
  return new LeaseInPostgres(lease, store, operationTimeoutMs, clock)
}

function connectionsOf(
  pool: PostgresPool | undefined,
  connectionString: string | undefined,
  timeoutMs: number,
) {
  if (pool !== undefined && connectionString === undefined) {
    if (typeof pool?.connect === 'function') return pooledConnections(pool)
    throw PostgresLeaseError.invalidOption('pool', pool, 'a Pool of pg')
  }
  if (typeof connectionString === 'string' && connectionString !== '' && pool === undefined) {
    return freshConnections(connectionString, timeoutMs)
  }
  throw PostgresLeaseError.invalidOption(
    pool === undefined ? 'connectionString' : 'pool',
    pool ?? connectionString,
    'either a pool of pg or a connection string, and only one of the two',
  )
}

class LeaseInPostgres implements PostgresLease {
  readonly #lease: StoredLease
  readonly #store: PostgresStore
  readonly #operationTimeoutMs: number
  readonly #clock: Clock
  readonly #closing = new AbortController()

  constructor(lease: StoredLease, store: PostgresStore, operationTimeoutMs: number, clock: Clock) {
    this.#lease = lease
    this.#store = store
    this.#operationTimeoutMs = operationTimeoutMs
    this.#clock = clock
  }

  get name(): string {
    return this.#lease.name
  }

  get owner(): string {
    return this.#lease.owner
  }

  get fence(): bigint | undefined {
    return this.#lease.fence
  }

  checkLease(): boolean {
    return this.#lease.checkLease()
  }

  acquire(options?: AcquireOptions): Promise<boolean> {
    return this.#lease.acquire(options)
  }

  release(): Promise<boolean> {
    return this.#lease.release()
  }

  renew(): Promise<boolean> {
    return this.#lease.renew()
  }

  check(): Promise<void> {
    return this.#lease.check()
  }

  async ensureTable(): Promise<void> {
    this.#closing.signal.throwIfAborted()
    const overdue = new AbortController()
    const { name } = this
    using _ = this.#clock.schedule(this.#operationTimeoutMs, () =>
      overdue.abort(LeaseError.timeout(name, this.#operationTimeoutMs)),
    )
    const signal = AbortSignal.any([overdue.signal, this.#closing.signal])
    await this.#store.ensureTable(name, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(LeaseError.closed(this.name))
    await this.#lease[Symbol.asyncDispose]()
  }
}
