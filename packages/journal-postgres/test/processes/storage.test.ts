import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { all, append, record, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

describe.skipIf(hasNoServer)('what a journal keeps', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('is read whole, also where a few events are more than a page', async () => {
    await using store = await world.store()
    await using journal = await store.open()
    const sizes = [1, 3_000_000, 400_000, 400_000, 400_000, 0, 2_000_000, 5]
    const events = sizes.map((size, index) => ({
      ...record(''),
      bytes: new Uint8Array(size).fill(index),
    }))
    await journal.append('id', { epoch: 1, expectedSequenceNr: 0, events })
    const read: Uint8Array[] = []
    for await (const event of journal.events('id')) read.push(event.bytes)
    expect(read.map(({ length }) => length)).toEqual(sizes)
    expect(read.map((bytes) => bytes.at(-1))).toEqual(
      sizes.map((size, index) => (size ? index : undefined)),
    )
  })

  test.each([
    ['a row that is missing', 'DELETE FROM events WHERE sequence_nr = 3'],
    ['all rows that are missing', 'DELETE FROM events WHERE sequence_nr >= 3'],
    ['bytes of another event', 'UPDATE events SET bytes = other FROM swap WHERE sequence_nr = 3'],
    ['another epoch', 'UPDATE events SET epoch = 2 WHERE sequence_nr = 3'],
    ['another version', 'UPDATE events SET version = 2 WHERE sequence_nr = 3'],
    ['another time', 'UPDATE events SET "timestamp" = 2 WHERE sequence_nr = 3'],
    ['another manifest', `UPDATE events SET manifest = 'test' WHERE sequence_nr = 3`],
  ])('is found damaged by %s', async (_, statement) => {
    await using store = await world.store()
    await using journal = await store.open()
    await append(journal, 'id', 0, ['a', 'b', 'c', 'd', 'e'])
    const swap = `(SELECT bytes AS other FROM ${store.tables.events} WHERE sequence_nr = 4) AS swap`
    const { events } = store.tables
    await world.sql(statement.replace(/\bevents\b/, events).replace(/\bswap\b/, swap))
    await expect(texts(journal, 'id')).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_DAMAGED',
      sequenceNr: 3,
    })
    expect(await texts(journal, 'id', { toSequenceNr: 2 })).toEqual(['a', 'b'])
  })

  test('is not written over where the row of its stream was set back', async () => {
    await using store = await world.store()
    await using journal = await store.open()
    await append(journal, 'id', 0, ['a', 'b'])
    await world.sql(`UPDATE ${store.tables.streams} SET sequence_nr = 1`)
    await expect(append(journal, 'id', 1, ['c'])).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_DAMAGED',
      outcome: 'nothing-written',
    })
  })

  test('leaves no rows behind when it is deleted, however many there are', async () => {
    await using store = await world.store()
    await using journal = await store.open()
    for (let round = 0; round < 3; round++) {
      await append(
        journal,
        'id',
        round * 8_000,
        Array.from({ length: 8_000 }, () => 'x'),
      )
    }
    await journal.deleteEvents('id', 23_999)
    expect(await world.sql(`SELECT sequence_nr FROM ${store.tables.events}`)).toEqual([
      { sequence_nr: '24000' },
    ])
    expect(await texts(journal, 'id', { fromSequenceNr: 24_000 })).toEqual(['x'])
  })

  test('is deleted for all who read before its rows are gone, and the next deletion removes those', async () => {
    await using store = await world.store()
    await using setup = await store.open()
    await append(setup, 'id', 0, ['a', 'b', 'c'])
    await using journal = await store.open({ connectionString: world.throughRelay })
    world.relay.holdRequest('casty cleanDeleted')
    const deleted = journal.deleteEvents('id', 2).catch((error: unknown) => error)
    await world.until('it is held', () => world.relay.isHolding)
    world.relay.reset()
    expect(await deleted).toMatchObject({ outcome: 'unknown' })
    await expect(texts(setup, 'id')).rejects.toMatchObject({ code: 'CASTY_JOURNAL_DELETED' })
    const count = `SELECT count(*)::int AS count FROM ${store.tables.events}`
    expect(await world.sql(count)).toEqual([{ count: 3 }])
    await setup.deleteEvents('id', 1)
    expect(await world.sql(count)).toEqual([{ count: 1 }])
  })

  test('lies in schemas and tables of any name', async () => {
    await using store = await world.store()
    await world.sql('CREATE SCHEMA "Shop"')
    const tables = { streams: 'Shop.Streams', events: 'Shop.order', snapshots: 'Shop.select' }
    await using journal = await store.open({ tables })
    await journal.ensureTables()
    await append(journal, 'id', 0, ['a'])
    expect(await world.sql('SELECT epoch FROM "Shop"."order"')).toEqual([{ epoch: '1' }])
  })

  test('is listed whole, however many ids there are that hold nothing', async () => {
    await using store = await world.store()
    await using journal = await store.open()
    await append(journal, 'first', 0, ['a'])
    await world.sql(
      `INSERT INTO ${store.tables.streams} (id, sequence_nr, epoch)
       SELECT convert_to('claimed ' || number, 'UTF8'), 0, 1 FROM generate_series(1, 2500) AS number`,
    )
    await append(journal, 'snapshot alone', 0, ['a'])
    await journal.saveSnapshot('snapshot alone', { ...record('s'), sequenceNr: 1 })
    await journal.deleteEvents('snapshot alone', 1)
    await append(journal, 'deleted', 0, ['a'])
    await journal.deleteEvents('deleted', 1)
    expect(await all(journal.ids())).toEqual(['first', 'snapshot alone'])
  })

  test('is read without a connection being kept between pages', async () => {
    await using store = await world.store()
    await using journal = await store.open({ maxConnections: 1 })
    await append(
      journal,
      'id',
      0,
      Array.from({ length: 600 }, (_, index) => `${index + 1}`),
    )
    const slow = [1, 2, 3].map(() => journal.events('id')[Symbol.asyncIterator]())
    for (const one of slow) expect((await one.next()).value?.sequenceNr).toBe(1)
    await append(journal, 'id', 600, ['601'])
    for (const one of slow) {
      for (let next = 2; next <= 601; next++) {
        expect((await one.next()).value?.sequenceNr).toBe(next)
      }
      expect((await one.next()).done).toBe(true)
    }
  })

  test('costs one call where a migration has made what is prepared unfit', async () => {
    await using store = await world.store()
    await using journal = await store.open({ maxConnections: 1 })
    await append(journal, 'id', 0, ['a'])
    expect(await texts(journal, 'id')).toEqual(['a'])
    await world.sql(`ALTER TABLE ${store.tables.events} ALTER version TYPE numeric`)
    await expect(texts(journal, 'id')).rejects.toMatchObject({ outcome: 'nothing-written' })
    expect(await texts(journal, 'id')).toEqual(['a'])
  })

  test('outlives a crash, also where the user would not wait for the disk', async () => {
    await using store = await world.store()
    await world.sql('ALTER ROLE casty SET synchronous_commit = off')
    for (let round = 0; round < 3; round++) {
      const journal = await store.open()
      await append(journal, 'id', round, [`${round}`])
      await store.crash()
    }
    await world.sql('ALTER ROLE casty RESET synchronous_commit')
    await using journal = await store.open()
    expect(await texts(journal, 'id')).toEqual(['0', '1', '2'])
  })

  test('comes through a pool that is given, which gets its connections back and stays open', async () => {
    await using store = await world.store()
    const pool = new Pool({ connectionString: world.server.connectionString(), max: 1 })
    const connection = await pool.connect()
    const listeners = connection.listenerCount('error')
    connection.release()
    {
      await using journal = await store.open({ pool })
      for (let round = 0; round < 20; round++) await append(journal, 'id', round, ['a'])
      await expect(append(journal, 'id', 0, ['a'])).rejects.toThrow(/expected event 0/)
    }
    const same = await pool.connect()
    expect([same === connection, same.listenerCount('error')]).toEqual([true, listeners])
    const { rows } = await same.query("SELECT current_setting('lock_timeout') AS timeout")
    expect(rows).toEqual([{ timeout: '0' }])
    same.release()
    await pool.end()
  })
})
