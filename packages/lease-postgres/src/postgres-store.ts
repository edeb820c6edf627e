import type { Clock } from '@casty/clock'
import {
  LeaseError,
  type ClaimAnswer,
  type LeaseClaim,
  type LeaseStore,
  type TimedClaim,
} from '@casty/sbr'
import { asError, withConnection, type Connect, type PostgresConnection } from './connections.ts'
import { connectFailure, isCollision, isDuplicate, isOfServer, queryFailure } from './failures.ts'
import type { Statements } from './statements.ts'

/** How often a statement is repeated that met another one, under isolation stricter than needed. */
const mostCollisions = 10

/** Leases in a table, one row each, which run out by the database's clock. */
export class PostgresStore implements LeaseStore {
  readonly #connect: Connect
  readonly #statements: Statements
  readonly #timeoutMs: number
  readonly #clock: Clock

  constructor(connect: Connect, statements: Statements, timeoutMs: number, clock: Clock) {
    this.#connect = connect
    this.#statements = statements
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  async claim(claim: TimedClaim, signal: AbortSignal): Promise<ClaimAnswer> {
    const deadline = this.#clock.now() + claim.withinMs
    let isConnected = false
    try {
      return await this.#connected(claim, signal, async (connection) => {
        isConnected = true
        const voidAt = await this.#voidAt(connection, deadline)
        return await this.#claim(connection, claim, voidAt)
      })
    } catch (error) {
      const failure = asError(error)
      // A connection that broke is no certainty, and a new one may work at once.
      const isSure = !isConnected || isOfServer(asError(failure.cause))
      if (!isSure || signal.aborted) throw failure
      return { type: 'failed', error: failure }
    }
  }

  async renew(claim: LeaseClaim, signal: AbortSignal): Promise<boolean> {
    return await this.#connected(claim, signal, async (connection) => {
      const { name, session, attempt, ttlMs } = claim
      const values = [name, session, attempt, ttlMs, this.#lockTimeout]
      const { rowCount } = await repeated(() => connection.query(this.#statements.renew, values))
      return rowCount === 1
    })
  }

  async release(claim: LeaseClaim, signal: AbortSignal): Promise<void> {
    await this.#connected(claim, signal, async (connection) => {
      const values = [claim.name, claim.session, claim.attempt, this.#lockTimeout]
      await repeated(() => connection.query(this.#statements.release, values))
    })
  }

  /** Creates the table unless it is there. Several may do so at once. */
  async ensureTable(name: string, signal: AbortSignal): Promise<void> {
    await this.#connected({ name }, signal, async (connection) => {
      const { rows } = await connection.query(this.#statements.isThere, [])
      if (read(rows[0], 'is_there') === true) return
      try {
        await connection.query(this.#statements.create, [])
      } catch (error) {
        if (!isDuplicate(asError(error))) throw error
      }
    })
  }

  /**
   * Until when a claim is good, by the database's clock: what is held up on its way grants nothing. The
   * database read its clock before its answer came, so this is no later than the caller's own deadline.
   */
  async #voidAt(connection: PostgresConnection, deadline: number): Promise<number> {
    const { rows } = await connection.query(this.#statements.now, [])
    return Number(read(rows[0], 'now')) + (deadline - this.#clock.now()) / 1_000
  }

  async #claim(
    connection: PostgresConnection,
    claim: TimedClaim,
    voidAt: number,
  ): Promise<ClaimAnswer> {
    const { name, owner, session, attempt, ttlMs } = claim
    const values = [name, owner, session, attempt, ttlMs, voidAt, this.#lockTimeout]
    const { rows } = await repeated(() => connection.query(this.#statements.claim, values))
    const fence = read(rows[0], 'fence')
    if (typeof fence === 'string') return { type: 'granted', fence: BigInt(fence) }
    if (read(rows[0], 'is_in_time') === true) return { type: 'held-by-other' }
    return { type: 'failed', error: LeaseError.timeout(name, this.#timeoutMs) }
  }

  get #lockTimeout(): string {
    return `${Math.max(1, Math.floor(this.#timeoutMs))}ms`
  }

  /** Rejects with the driver's error as the cause of one that says what to do. */
  async #connected<T>(
    { name }: Pick<LeaseClaim, 'name'>,
    signal: AbortSignal,
    work: (connection: PostgresConnection) => Promise<T>,
  ): Promise<T> {
    let isConnected = false
    try {
      return await withConnection(this.#connect, signal, isOfServer, (connection) => {
        isConnected = true
        return work(connection)
      })
    } catch (error) {
      signal.throwIfAborted()
      throw isConnected ? queryFailure(name, asError(error)) : connectFailure(name, asError(error))
    }
  }
}

async function repeated<T>(query: () => Promise<T>): Promise<T> {
  for (let collisions = 1; ; collisions++) {
    try {
      return await query()
    } catch (error) {
      if (!isCollision(asError(error)) || collisions >= mostCollisions) throw error
    }
  }
}

/** A column of a row that the server sent. */
function read(row: unknown, column: string): unknown {
  // Every object may be read by name.
  return typeof row === 'object' && row !== null
    ? (row as Readonly<Record<string, unknown>>)[column]
    : undefined
}
