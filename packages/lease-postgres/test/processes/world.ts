import { Pool } from 'pg'
import { leaseTableSql, postgresLease, type PostgresLeaseOptions } from '@casty/lease-postgres'
import { postgresPrograms, PostgresServer, Relay } from '../../../../tooling/postgres/index.ts'

const programs = await postgresPrograms()
if ('missing' in programs) console.log(`Skipped, for want of a server: ${programs.missing}`)

/** For `describe.skipIf`. */
export const hasNoServer: boolean = 'missing' in programs

/** A server with a table of leases, what an administrator can do to it, and networks before it. */
export class World implements AsyncDisposable {
  readonly server: PostgresServer
  readonly #admin: Pool
  readonly #relays = new Map<string, Relay>()
  #tests = 0

  private constructor(server: PostgresServer) {
    this.server = server
    this.#admin = new Pool({ connectionString: server.connectionString() })
    this.#admin.on('error', () => {}) // Tests kill its server; what it does next opens a new one.
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<World> {
    if ('missing' in programs) throw new Error(programs.missing)
    const world = new World(await PostgresServer.start(programs, settings))
    await world.sql(leaseTableSql())
    return world
  }

  /** Of the lease of this test. */
  get name(): string {
    return `lease-${this.#tests}`
  }

  /** Gives the next test a lease and networks as if it were the first. */
  nextTest(): void {
    this.#tests++
    for (const relay of this.#relays.values()) relay.pass()
  }

  async sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { rows } = await this.#admin.query<Readonly<Record<string, unknown>>>(text)
    return rows
  }

  /** Lets time pass, by the database's clock. */
  async pass(ms: number): Promise<void> {
    await this.sql(`SELECT pg_sleep(${ms / 1_000})`)
  }

  /** Lets time pass until `holds`; rejects when that takes longer than any test may wait. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let waitedMs = 0; !(await holds()); waitedMs += 20) {
      if (waitedMs > 30_000) throw new Error(`After thirty seconds still not: ${what}`)
      await this.pass(20)
    }
  }

  lease(owner: string, options: Partial<PostgresLeaseOptions> = {}) {
    const place = options.pool ? {} : { connectionString: this.server.connectionString() }
    return postgresLease({ name: this.name, owner, ...place, ...options })
  }

  /** A network of an owner's own. */
  async relay(owner: string): Promise<Relay> {
    const relay = this.#relays.get(owner) ?? (await Relay.start(this.server.socketPath))
    this.#relays.set(owner, relay)
    return relay
  }

  /** How to connect through it. */
  async through(owner: string): Promise<string> {
    const { port } = await this.relay(owner)
    return this.server.connectionString({ host: '127.0.0.1', port })
  }

  /** The row of a lease, and whether the database counts it as held. */
  async row(name = this.name): Promise<Readonly<Record<string, unknown>> | undefined> {
    const columns = 'owner, fence, expires_at > clock_timestamp() AS "isHeld"'
    const [row] = await this.sql(`SELECT ${columns} FROM casty_leases WHERE name = '${name}'`)
    return row
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const relay of this.#relays.values()) await relay[Symbol.asyncDispose]()
    this.server.resume()
    await this.#admin.end()
    await this.server[Symbol.asyncDispose]()
  }
}
