import { systemClock, type Clock } from '@casty/clock'
import { checkedLimits, type JournalLimits } from '@casty/persistence'
import { borrowedPool, openPool, type OwnedPool, type PostgresPool } from './connections.ts'
import { PostgresJournalError } from './errors.ts'
import type { JournalTables } from './tables.ts'

/** Where a journal is kept. Exactly one of `pool` and `connectionString` is given. */
export interface PostgresJournalOptions {
  /**
   * `new Pool()` of `pg`, which stays yours: listen to its `error` events, and end it. Give it a
   * `connectionTimeoutMillis` and a `statement_timeout`; connections that are given up are taken out of it.
   */
  readonly pool?: PostgresPool
  /** As `pg` takes it. The journal then has a pool of its own. */
  readonly connectionString?: string
  /**
   * Connections of its own pool, and so writes at the same time: more let the server flush more of them at
   * once, and cost it memory. @defaultValue 10
   */
  readonly maxConnections?: number
  /**
   * After which a call gives up, in milliseconds: waiting for a connection, for a lock and for the answer
   * together. The server gives up after three quarters of it, so that callers know the outcome. Less than the `journalTimeoutMs` of actors. Raise it where batches are large and networks
   * slow; each raise makes actors wait longer for a server that is gone. @defaultValue 5_000
   */
  readonly operationTimeoutMs?: number
  /** @defaultValue journalTableDefaults */
  readonly tables?: Partial<JournalTables>
  /** `maxIdBytes` up to 2_048, `maxRecordBytes` up to 128 MiB, `maxBatchBytes` up to 256 MiB. @defaultValue journalLimitDefaults */
  readonly limits?: Partial<JournalLimits>
  /** Times the requests. @defaultValue systemClock */
  readonly clock?: Clock
}

/** Options that have been checked. */
export interface JournalSettings {
  readonly owned: OwnedPool
  readonly operationTimeoutMs: number
  /** After which the server gives up by itself. */
  readonly serverTimeoutMs: number
  readonly limits: JournalLimits
  readonly clock: Clock
}

/**
 * The part of the time of an operation after which the server is to give up: what it ended is surely not
 * written, where a caller that gives up first does not know.
 */
const serverPart = 0.75

const optionNames: readonly (keyof PostgresJournalOptions)[] = [
  'pool',
  'connectionString',
  'maxConnections',
  'operationTimeoutMs',
  'tables',
  'limits',
  'clock',
]

/** The server keeps no longer keys in an index; answers become texts, which Node cannot have any longer. */
const mostLimits: JournalLimits = {
  maxIdBytes: 2_048,
  maxManifestBytes: 65_536,
  maxRecordBytes: 128 * 1024 * 1024,
  maxBatchEvents: 100_000,
  maxBatchBytes: 256 * 1024 * 1024,
}

/** @throws PostgresJournalError `CASTY_JOURNAL_POSTGRES_INVALID_OPTION`, JournalError `CASTY_JOURNAL_INVALID` */
export function checkedOptions(options: PostgresJournalOptions): JournalSettings {
  const given: unknown = options // A user without types may give anything.
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw PostgresJournalError.noOptions(given)
  for (const name of Object.keys(options)) {
    if (!optionNames.some((known) => known === name))
      throw PostgresJournalError.unknownOption(name, optionNames)
  }
  const { maxConnections = 10, operationTimeoutMs = 5_000, clock = systemClock } = options
  whole('maxConnections', maxConnections, 1_000)
  whole('operationTimeoutMs', operationTimeoutMs, 3_600_000)
  const limits = limitsOf(options)
  const serverTimeoutMs = Math.ceil(operationTimeoutMs * serverPart)
  const owned = poolOf(options, maxConnections, operationTimeoutMs, serverTimeoutMs)
  return { owned, operationTimeoutMs, serverTimeoutMs, limits, clock }
}

function whole(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return
  throw PostgresJournalError.invalidOption(option, value, `an integer from 1 to ${most}`)
}

const limitNames: readonly (keyof JournalLimits)[] = [
  'maxIdBytes',
  'maxManifestBytes',
  'maxRecordBytes',
  'maxBatchEvents',
  'maxBatchBytes',
]

function limitsOf({ limits: given }: PostgresJournalOptions): JournalLimits {
  const limits = checkedLimits(given)
  for (const name of limitNames) {
    if (limits[name] <= mostLimits[name]) continue
    const allowed = `a number up to ${mostLimits[name]}`
    throw PostgresJournalError.invalidOption(`limits.${name}`, limits[name], allowed)
  }
  return limits
}

function poolOf(
  { pool, connectionString }: PostgresJournalOptions,
  maxConnections: number,
  operationTimeoutMs: number,
  serverTimeoutMs: number,
): OwnedPool {
  if (pool !== undefined && connectionString === undefined) {
    if (typeof pool?.connect === 'function') return borrowedPool(pool)
    throw PostgresJournalError.invalidOption('pool', pool, 'a Pool of pg')
  }
  if (typeof connectionString === 'string' && connectionString !== '' && pool === undefined) {
    return openPool(connectionString, maxConnections, operationTimeoutMs, serverTimeoutMs)
  }
  throw PostgresJournalError.invalidOption(
    pool === undefined ? 'connectionString' : 'pool',
    pool ?? connectionString,
    'either a pool of pg or a connection string, and only one of the two',
  )
}
