import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJournalError, type EventJournal } from '@casty/persistence'
import { all, append, record, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

describe.skipIf(hasNoServer)('writers that race', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test.each(['read committed', 'repeatable read', 'serializable'])(
    'are fenced and nothing else, with %s as the default of their sessions',
    async (isolation) => {
      await using store = await world.store()
      const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
      const pool = new Pool({ connectionString: world.server.connectionString(), options })
      pool.on('error', () => {})
      {
        await using journal = await store.open({ pool })
        const writers = Array.from({ length: 6 }, (_, index) => race(journal, `w${index}`, 60))
        const counts = await Promise.all(writers)
        const written = await texts(journal, 'id')
        expect(written.length).toBeGreaterThanOrEqual(60)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(written.length)
      }
      await pool.end()
    },
  )

  test('on the same ids with all they can do never wait for each other in a circle', async () => {
    await using store = await world.store()
    await using journal = await store.open()
    const ids = ['a', 'b']
    for (const id of ids) await append(journal, id, 0, ['0'])
    const rounds = Array.from({ length: 12 }, async (_, index) => {
      for (let round = 0; round < 12; round++) {
        const id = ids[(index + round) % 2] ?? 'a'
        const { sequenceNr } = await journal.highest(id)
        await refusedOrDone(append(journal, id, sequenceNr, ['x', 'y']))
        await refusedOrDone(journal.saveSnapshot(id, { ...record('s'), sequenceNr }))
        await refusedOrDone(journal.deleteEvents(id, sequenceNr - 1))
        await refusedOrDone(journal.deleteSnapshots(id, sequenceNr - 1))
        await refusedOrDone(journal.claim(id, 1))
      }
    })
    await Promise.all(rounds)
    for (const id of ids) {
      const { sequenceNr, deletedTo } = await journal.highest(id)
      const left = await texts(journal, id, { fromSequenceNr: deletedTo + 1 })
      expect(left).toHaveLength(sequenceNr - deletedTo)
    }
  })

  test('to create tables all find them, whichever came first', async () => {
    const tables = { streams: 'r_streams', events: 'r_events', snapshots: 'r_snapshots' }
    await using store = await world.store()
    const journals = await Promise.all([1, 2, 3, 4, 5, 6].map(() => store.open({ tables })))
    await Promise.all(journals.map((journal) => journal.ensureTables()))
    for (const [index, journal] of journals.entries())
      await append(journal, `id-${index}`, 0, ['a'])
    expect(await all(journals[0]?.ids() ?? emptyIds())).toHaveLength(6)
  })
})

async function* emptyIds(): AsyncGenerator<string> {}

/** Appends until there are so many; what it is refused for is that another was faster. @returns its own */
async function race(journal: EventJournal, name: string, goal: number): Promise<number> {
  for (let count = 0; ;) {
    const { sequenceNr } = await journal.highest('id')
    if (sequenceNr >= goal) return count
    if (await refusedOrDone(append(journal, 'id', sequenceNr, [name]))) count++
  }
}

async function refusedOrDone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    if (!isJournalError(error) || error.code !== 'CASTY_JOURNAL_FENCED') throw error
    return false
  }
}
