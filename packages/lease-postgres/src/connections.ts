import { Socket } from 'node:net'
import { Client } from 'pg'

/** A connection of `pg`, as far as leases need one. */
export interface PostgresConnection {
  query(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>
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

/** Opens or lends a connection; ends soon after `signal` is aborted. */
export type Connect = (signal: AbortSignal) => Promise<PostgresConnection>

/** How long a connection may take to close in order; then it is destroyed. */
const closingMs = 1_000

/**
 * Opens a connection for every request. A pool would keep one that died unnoticed (a failover, a
 * firewall that forgot it), and the first request to use it would find out by waiting: just when a
 * partition makes everybody ask for the lease. One connection per heartbeat is no load.
 */
export function freshConnections(connectionString: string, timeoutMs: number): Connect {
  return async (signal) => {
    const socket = new Socket()
    const client = new Client({
      connectionString,
      connectionTimeoutMillis: timeoutMs,
      application_name: 'casty lease',
      stream: () => socket,
    })
    client.on('error', ignore) // Whoever uses it is told by the query that fails.
    const giveUp = (): void => void socket.destroy()
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await client.connect()
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
    return {
      query: (text, values) => client.query(text, [...values]),
      release: (error) => void (error ? socket.destroy() : close(client, socket)),
      on: ignore,
      removeListener: ignore,
    }
  }
}

function close(client: Client, socket: Socket): void {
  // A server that never answers the farewell must not keep this process alive.
  socket.unref()
  socket.setTimeout(closingMs, () => socket.destroy())
  client.end().catch(() => socket.destroy())
}

/** Borrows connections. One that comes when nobody waits for it any more is handed back at once. */
export function pooledConnections(pool: PostgresPool): Connect {
  hearErrors(pool)
  return (signal) =>
    new Promise((resolve, reject) => {
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
  connect: Connect,
  signal: AbortSignal,
  isSound: (error: Error) => boolean,
  work: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  const connection = await connect(signal)
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

function ignore(): void {}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
