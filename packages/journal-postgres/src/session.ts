import type { WriteOutcome } from '@casty/persistence'
import { asError, type PostgresConnection, type PostgresResult } from './connections.ts'
import { isCollision, isOfServer } from './failures.ts'
import type { Statement } from './statements.ts'

/** How often a statement is repeated that met another one, under isolation stricter than needed. */
const mostCollisions = 20

/** A connection in the hands of one request, which keeps in mind what may have been written over it. */
export class Session {
  readonly #connection: PostgresConnection
  readonly #keepsSession: boolean
  #outcome: WriteOutcome

  /** @param outcome - of what was done before it, for the same call */
  constructor(connection: PostgresConnection, keepsSession: boolean, outcome: WriteOutcome) {
    this.#connection = connection
    this.#keepsSession = keepsSession
    this.#outcome = outcome
  }

  /** What would be known if it failed now. */
  get outcome(): WriteOutcome {
    return this.#outcome
  }

  async read(statement: Statement, values: readonly unknown[]): Promise<readonly unknown[]> {
    return (await this.#repeated(statement, values)).rows
  }

  /** Runs a statement that returns no row where it changed nothing. */
  async write(statement: Statement, values: readonly unknown[]): Promise<readonly unknown[]> {
    const before = this.#outcome
    this.#outcome = 'unknown'
    try {
      const { rows } = await this.#repeated(statement, values)
      if (rows.length === 0) this.#outcome = before
      return rows
    } catch (error) {
      if (isOfServer(asError(error))) this.#outcome = before
      throw error
    }
  }

  /** Runs statements without values, in one transaction: all of them or none. */
  async script(text: string): Promise<void> {
    await this.#connection.query({ text, values: [] })
  }

  async #repeated({ name, text }: Statement, given: readonly unknown[]): Promise<PostgresResult> {
    const values = [...given]
    const query = this.#keepsSession ? { name, text, values } : { text, values }
    for (let collisions = 1; ; collisions++) {
      try {
        return await this.#connection.query(query)
      } catch (error) {
        if (!isCollision(asError(error)) || collisions >= mostCollisions) throw error
      }
    }
  }
}
