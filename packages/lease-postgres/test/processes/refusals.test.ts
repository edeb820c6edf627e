import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leaseTableSql } from '@casty/lease-postgres'
import { hasNoServer, World } from './world.ts'

describe.skipIf(hasNoServer)('what the server refuses', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
    await world.sql(`
      CREATE ROLE reader LOGIN PASSWORD 'x';
      GRANT SELECT ON casty_leases TO reader;
      CREATE ROLE keeper LOGIN PASSWORD 'x';
      GRANT SELECT, INSERT, UPDATE ON casty_leases TO keeper;
      CREATE ROLE hasty LOGIN PASSWORD 'x';
      ALTER ROLE hasty SET statement_timeout = 1;
      GRANT SELECT, INSERT, UPDATE ON casty_leases TO hasty;
      CREATE ROLE standby LOGIN PASSWORD 'x';
      ALTER ROLE standby SET default_transaction_read_only = on;
      GRANT SELECT, INSERT, UPDATE ON casty_leases TO standby;
      CREATE TABLE other_columns (name text PRIMARY KEY);
      CREATE TABLE no_key AS SELECT * FROM casty_leases;
      REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    `)
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  const as = (user: string) => ({
    connectionString: world.server.connectionString({ user, password: 'x' }),
  })

  test.each([
    ['a wrong password', 'LOGIN_REFUSED', () => as('casty')],
    ['an unknown user', 'LOGIN_REFUSED', () => as('nobody')],
    [
      'an unknown database',
      'LOGIN_REFUSED',
      () => ({ connectionString: world.server.connectionString({ database: 'nowhere' }) }),
    ],
    [
      'a port that nobody listens on',
      'UNREACHABLE',
      () => ({ connectionString: world.server.connectionString({ port: 1 }) }),
    ],
    ['a table that is not there', 'NO_TABLE', () => ({ table: 'nowhere' })],
    ['a schema that is not there', 'NO_TABLE', () => ({ table: 'nowhere.casty_leases' })],
    ['a table with other columns', 'WRONG_TABLE', () => ({ table: 'other_columns' })],
    ['a table without a key', 'WRONG_TABLE', () => ({ table: 'no_key' })],
    ['a user who may only read', 'NOT_PERMITTED', () => as('reader')],
    ['a server that takes no writes', 'READ_ONLY', () => as('standby')],
  ])('%s is told as %s', async (_, code, options) => {
    await using lease = world.lease('a', options())
    const error = await lease.acquire().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: `CASTY_LEASE_POSTGRES_${code}`,
      cause: expect.any(Error),
      message: expect.stringMatching(/^Lease lease-0: .+\. .+\.$/),
    })
    expect(String(error)).not.toMatch(/p%ss|x@/)
    expect(lease.checkLease()).toBe(false)
  })

  test('a statement_timeout is told as such', async () => {
    await using lease = world.lease('a', as('hasty'))
    await world.sql('BEGIN; LOCK TABLE casty_leases; SELECT pg_sleep(0.001); COMMIT')
    const code = 'CASTY_LEASE_POSTGRES_BUSY'
    const outcomes = await Promise.allSettled([
      world.sql('BEGIN; LOCK TABLE casty_leases; SELECT pg_sleep(0.3); COMMIT'),
      lease.acquire(),
    ])
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code } }])
  })

  test('no more than SELECT, INSERT and UPDATE is needed', async () => {
    await using lease = world.lease('a', as('keeper'))
    await lease.ensureTable() // It is there.
    expect(await lease.acquire()).toBe(true)
    expect(await lease.renew()).toBe(true)
    expect(await lease.release()).toBe(true)
  })

  test('to create the table takes more', async () => {
    await using lease = world.lease('a', { ...as('keeper'), table: 'of_keeper' })
    await expect(lease.ensureTable()).rejects.toMatchObject({
      code: 'CASTY_LEASE_POSTGRES_NOT_PERMITTED',
    })
  })

  test('many create the table at once', async () => {
    const table = 'Leases_2.kept'
    await world.sql('CREATE SCHEMA "Leases_2"')
    const leases = Array.from('abcde', (owner) => world.lease(owner, { table, ttlMs: 20_000 }))
    await Promise.all(leases.map((lease) => lease.ensureTable()))
    const answers = await Promise.all(leases.map((lease) => lease.acquire()))
    expect(answers.filter((isGranted) => isGranted)).toHaveLength(1)
    for (const lease of leases) await lease[Symbol.asyncDispose]()
  })

  test('the SQL for migrations creates what is needed', async () => {
    await world.sql(leaseTableSql('migrated'))
    await using lease = world.lease('a', { table: 'migrated' })
    expect(await lease.acquire()).toBe(true)
  })
})
