import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { append, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

const because = (code: string) => ({
  code: 'CASTY_JOURNAL_UNAVAILABLE',
  outcome: 'nothing-written',
  cause: { code: `CASTY_JOURNAL_POSTGRES_${code}` },
})

describe.skipIf(hasNoServer)('a server that refuses', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
    await world.sql(`CREATE ROLE clerk LOGIN PASSWORD 'clerk'`)
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  const asClerk = () => ({
    connectionString: world.server.connectionString({ user: 'clerk', password: 'clerk' }),
  })

  test('for want of tables is told, and writes when they are there', async () => {
    await using store = await world.store()
    await using journal = await store.open({ tables: { events: 'elsewhere' } })
    await expect(append(journal, 'id', 0, ['a'])).rejects.toMatchObject(because('NO_TABLE'))
    await journal.ensureTables()
    await append(journal, 'id', 0, ['a'])
    expect(await texts(journal, 'id')).toEqual(['a'])
  })

  test('for want of a right is told, and needs none to find tables that are there', async () => {
    await using store = await world.store()
    await using journal = await store.open(asClerk())
    await expect(append(journal, 'id', 0, ['a'])).rejects.toMatchObject(because('NOT_PERMITTED'))
    await journal.ensureTables()
    const { streams, events, snapshots } = store.tables
    await world.sql(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${streams}, ${events}, ${snapshots} TO clerk`,
    )
    await append(journal, 'id', 0, ['a'])
    await journal.deleteEvents('id', 1)
  })

  test('to create tables is told by its own error', async () => {
    await using store = await world.store()
    const tables = { streams: 'none.s', events: 'none.e', snapshots: 'none.n' }
    await using journal = await store.open({ tables })
    await expect(journal.ensureTables()).rejects.toMatchObject({
      name: 'PostgresJournalError',
      code: 'CASTY_JOURNAL_POSTGRES_NO_TABLE',
    })
  })

  test('a login is told', async () => {
    await using store = await world.store()
    const connectionString = world.server.connectionString({ password: 'wrong' })
    await using journal = await store.open({ connectionString })
    await expect(journal.highest('id')).rejects.toMatchObject(because('LOGIN_REFUSED'))
  })

  test('tables of another make is told', async () => {
    await using store = await world.store()
    await world.sql(`ALTER TABLE ${store.tables.events} DROP COLUMN checksum`)
    await using journal = await store.open()
    await expect(append(journal, 'id', 0, ['a'])).rejects.toMatchObject(because('WRONG_TABLE'))
  })

  test('writes is told, and lets read', async () => {
    await using store = await world.store()
    await using before = await store.open()
    await append(before, 'id', 0, ['a'])
    await world.sql('ALTER ROLE clerk SET default_transaction_read_only = on')
    const { streams, events, snapshots } = store.tables
    await world.sql(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${streams}, ${events}, ${snapshots} TO clerk`,
    )
    await using journal = await store.open(asClerk())
    await expect(append(journal, 'id', 1, ['b'])).rejects.toMatchObject(because('READ_ONLY'))
    expect(await texts(journal, 'id')).toEqual(['a'])
  })

  test('to wait for a lock any longer is told before its caller gives up, who so knows the outcome', async () => {
    await using store = await world.store()
    await using journal = await store.open({ operationTimeoutMs: 2_000 })
    await append(journal, 'id', 0, ['a'])
    await using _ = await world.lock(store.tables.streams)
    await expect(append(journal, 'id', 1, ['b'])).rejects.toMatchObject(because('BUSY'))
    expect(await world.connections("wait_event_type = 'Lock'")).toBe(0)
  })

  test('to answer at all holds nobody up', async () => {
    await using store = await world.store()
    await using journal = await store.open({ operationTimeoutMs: 300, maxConnections: 1 })
    await append(journal, 'id', 0, ['a'])
    world.server.pause()
    try {
      const calls = [append(journal, 'id', 1, ['b']), append(journal, 'id2', 0, ['b'])]
      const outcomes = await Promise.allSettled(calls)
      expect(outcomes).toMatchObject([
        { reason: { outcome: 'unknown' } },
        { reason: { outcome: 'nothing-written' } }, // There was no connection left for it.
      ])
      await expect(texts(journal, 'id')).rejects.toMatchObject(because('TIMEOUT'))
    } finally {
      world.server.resume()
    }
  })

  test('to say goodbye does not hold up whoever closes the journal', async () => {
    await using store = await world.store()
    const journal = await store.open({ operationTimeoutMs: 300 })
    await append(journal, 'id', 0, ['a'])
    world.server.pause()
    try {
      const appended = append(journal, 'id', 1, ['b']).catch((error: unknown) => error)
      await journal[Symbol.asyncDispose]()
      expect(await appended).toMatchObject({ outcome: 'unknown' })
    } finally {
      world.server.resume()
    }
  })
})
