import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresJournal } from '@casty/journal-postgres'
import { AbruptServer } from '../../../../tooling/postgres/index.ts'
import { append, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

// Nobody listens to these pools: an error that the journal does not hear would end the process, and so this run.

test('a connection that breaks as it is opened is told by the request, and by nothing else', async () => {
  await using server = await AbruptServer.start()
  const pool = new Pool({ connectionString: server.connectionString })
  {
    await using journal = postgresJournal({ pool })
    await expect(journal.highest('id')).rejects.toMatchObject({ code: 'CASTY_JOURNAL_UNAVAILABLE' })
  }
  expect(server.connections).toBeGreaterThan(0)
  await pool.end()
})

test('journals that share a pool listen to it once', async () => {
  const pool = new Pool()
  for (let count = 0; count < 20; count++) postgresJournal({ pool })
  expect([pool.listenerCount('error'), pool.listenerCount('connect')]).toEqual([1, 1])
  await pool.end()
})

describe.skipIf(hasNoServer)('a connection of a lent pool', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('that ends while nobody uses it is replaced', async () => {
    await using store = await world.store()
    const application_name = 'casty journal'
    const pool = new Pool({ connectionString: world.server.connectionString(), application_name })
    {
      await using journal = await store.open({ pool })
      await append(journal, 'id', 0, ['a'])
      const hasEnded = new Promise((resolve) => {
        pool.once('remove', resolve)
      })
      expect(await world.terminate()).toBe(1)
      await hasEnded
      await append(journal, 'id', 1, ['b'])
      expect(await texts(journal, 'id')).toEqual(['a', 'b'])
    }
    await pool.end()
  })
})
