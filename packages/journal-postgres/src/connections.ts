import { Pool } from 'pg'

/** A statement with its values. One that has a name is planned once for each connection. */
export interface PostgresQuery {
  readonly name?: string
  readonly text: string
  readonly values: unknown[]
}

/** What a server answered. */
export interface PostgresResult {
  readonly rows: readonly unknown[]
}

/** A connection of `pg`, as far as journals need one. */
export interface PostgresConnection {
  query(query: PostgresQuery): Promise<PostgresResult>
  /** Hands it back; with an error it is not used again. */
  release(error?: Error): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** Where connections come from: `new Pool()` of `pg`, of any version that has these. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>
  /** To hear of connections that break while nobody uses them: an error that nobody hears ends the process. */
  readonly on?: {
    (event: 'error', listener: (error: Error) => void): unknown
    (event: 'connect', listener: (connection: PostgresConnection) => void): unknown
  }
}

/** A pool with a way to end it. */
export interface OwnedPool {
  readonly pool: PostgresPool
  /** Whether its connections lead to one session of the server each, which may keep what was prepared. */
  readonly keepsSessions: boolean
  /** Waits until its connections are closed; those in use are given back first. */
  end(): Promise<void>
}

/** How much longer than its callers a pool waits for a connection: they tell the reason better than it does. */
const slackMs = 1_000

/** After so long without work a connection is closed. */
const idleMs = 60_000

/**
 * A pool of the journal's own.
 *
 * @param serverTimeoutMs - after which the server ends a statement, also where the message that nobody
 *   waits for it is lost
 */
export function openPool(
  connectionString: string,
  maxConnections: number,
  operationTimeoutMs: number,
  serverTimeoutMs: number,
): OwnedPool {
  const pool = new Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: operationTimeoutMs + slackMs,
    idleTimeoutMillis: idleMs,
    statement_timeout: serverTimeoutMs,
    application_name: 'casty journal',
    keepAlive: true,
    allowExitOnIdle: true, // A server that never answers a farewell does not keep this process alive.
  })
  hearErrors(pool)
  return { pool, keepsSessions: true, end: () => pool.end() }
}

/** A pool that somebody else ends. There may be a pooler behind it, which hands sessions around. */
export function borrowedPool(pool: PostgresPool): OwnedPool {
  hearErrors(pool)
  return { pool, keepsSessions: false, end: () => Promise.resolve() }
}

const heard = new WeakSet<PostgresPool>()

/**
 * Listens for errors of a pool and of its connections, once for all who share it: those that break while
 * nobody uses them, or with the very bytes that tell that they are there, when nobody has them yet who could listen.
 */
function hearErrors(pool: PostgresPool): void {
  if (typeof pool.on !== 'function' || heard.has(pool)) return
  heard.add(pool)
  pool.on('error', ignore)
  pool.on('connect', (connection) => void connection.on('error', ignore))
}

/**
 * Lends a connection out for one piece of work. It is handed back only if its state is known; when
 * `signal` is aborted, or the connection broke, it is given up, so that nothing waits on it.
 *
 * @param isSound - whether an error of the work leaves the connection usable
 */
export async function withConnection<T>(
  pool: PostgresPool,
  signal: AbortSignal,
  isSound: (error: Error) => boolean,
  work: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  const connection = await borrow(pool, signal)
  // What breaks a connection that is in use fails its query too; unheard, it would end the process.
  connection.on('error', ignore)
  let release = (error?: Error): void => {
    release = ignore
    connection.release(error)
    connection.removeListener('error', ignore) // Its pool listens again.
  }
  const giveUp = (): void => release(new Error('Nobody waits for its answer any more'))
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp, { once: true })
  try {
    signal.throwIfAborted()
    const result = await work(connection)
    release()
    return result
  } catch (error) {
    release(isSound(asError(error)) ? undefined : asError(error))
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** One that comes when nobody waits for it any more is handed back at once. */
function borrow(pool: PostgresPool, signal: AbortSignal): Promise<PostgresConnection> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(asError(signal.reason))
    signal.addEventListener('abort', giveUp, { once: true })
    pool
      .connect()
      .then((connection) => {
        if (signal.aborted) connection.release()
        else resolve(connection)
      })
      .catch(reject)
      .finally(() => signal.removeEventListener('abort', giveUp))
  })
}

function ignore(): void {}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
