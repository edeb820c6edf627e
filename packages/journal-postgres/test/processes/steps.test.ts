import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventJournal } from '@casty/persistence'
import { all, append, record, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

/** Each statement, and a call that comes to it. */
const steps: readonly {
  readonly step: string
  readonly outcome: 'nothing-written' | 'unknown'
  readonly call: (journal: EventJournal) => Promise<unknown>
}[] = [
  { step: 'claim', outcome: 'unknown', call: (journal) => journal.claim('id', 1) },
  { step: 'append', outcome: 'unknown', call: (journal) => append(journal, 'id', 3, []) },
  { step: 'appendFirst', outcome: 'unknown', call: (journal) => append(journal, 'new', 0, []) },
  { step: 'head', outcome: 'nothing-written', call: (journal) => journal.highest('id') },
  { step: 'page', outcome: 'nothing-written', call: (journal) => texts(journal, 'id') },
  { step: 'markDeleted', outcome: 'unknown', call: (journal) => journal.deleteEvents('id', 0) },
  { step: 'cleanDeleted', outcome: 'unknown', call: (journal) => journal.deleteEvents('id', 0) },
  {
    step: 'saveSnapshot',
    outcome: 'unknown',
    call: (journal) => journal.saveSnapshot('id', { ...record('s'), sequenceNr: 2 }),
  },
  {
    step: 'latestSnapshot',
    outcome: 'nothing-written',
    call: (journal) => journal.latestSnapshot('id'),
  },
  {
    step: 'deleteSnapshots',
    outcome: 'unknown',
    call: (journal) => journal.deleteSnapshots('id', 1),
  },
  { step: 'ids', outcome: 'nothing-written', call: (journal) => all(journal.ids()) },
]

describe.skipIf(hasNoServer)('a request that is cut off', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test.each(steps)(
    'by the end of its connection at $step is $outcome, and the next one is carried out',
    async ({ step, outcome, call }) => {
      await using store = await world.store()
      await using journal = await store.open({ connectionString: world.throughRelay })
      await append(journal, 'id', 0, ['a', 'b', 'c'])
      await journal.saveSnapshot('id', { ...record('one'), sequenceNr: 1 })
      world.relay.holdRequest(`casty ${step}`)
      const called = call(journal).catch((error: unknown) => error)
      await world.until('it is held', () => world.relay.isHolding)
      await world.terminate()
      expect(await called).toMatchObject({
        code: 'CASTY_JOURNAL_UNAVAILABLE',
        outcome,
        cause: { code: 'CASTY_JOURNAL_POSTGRES_UNREACHABLE' },
      })
      world.relay.pass()
      await call(journal)
      expect(await texts(journal, 'id')).toEqual(['a', 'b', 'c'])
    },
  )

  test.each(steps)(
    'by a network that swallows the answer at $step is $outcome, and ends',
    async ({ step, outcome, call }) => {
      await using store = await world.store()
      await using setup = await store.open()
      await append(setup, 'id', 0, ['a', 'b', 'c'])
      const place = { connectionString: world.throughRelay, operationTimeoutMs: 500 }
      await using journal = await store.open(place)
      world.relay.loseAnswersFrom(`casty ${step}`)
      await expect(call(journal)).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_UNAVAILABLE',
        outcome,
        cause: { code: 'CASTY_JOURNAL_POSTGRES_TIMEOUT' },
      })
      world.relay.pass()
      expect(await texts(setup, 'id')).toEqual(['a', 'b', 'c'])
    },
  )

  test('by the end of its connection while it waits for another writer was not carried out', async () => {
    await using store = await world.store()
    await using journal = await store.open()
    await append(journal, 'id', 0, ['a'])
    await using locked = await world.lock(store.tables.streams)
    const appended = append(journal, 'id', 1, ['b']).catch((error: unknown) => error)
    const waiting = "wait_event_type = 'Lock'"
    await world.until('it waits', async () => (await world.connections(waiting)) === 1)
    expect(await world.terminate(waiting)).toBe(1)
    expect(await appended).toMatchObject({ outcome: 'unknown' })
    await locked.unlock()
    expect(await texts(journal, 'id')).toEqual(['a'])
    await append(journal, 'id', 1, ['c'])
  })

  test('after it was carried out is there, once', async () => {
    await using store = await world.store()
    const place = { connectionString: world.throughRelay, operationTimeoutMs: 500 }
    await using journal = await store.open(place)
    world.relay.loseAnswersFrom('casty append')
    await expect(append(journal, 'id', 0, ['a'])).rejects.toMatchObject({ outcome: 'unknown' })
    world.relay.pass()
    await expect(append(journal, 'id', 0, ['a'])).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_FENCED',
      head: { sequenceNr: 1 },
    })
    expect(await texts(journal, 'id')).toEqual(['a'])
  })

  test('and arrives late is fenced by whoever has claimed since', async () => {
    await using store = await world.store()
    const place = { connectionString: world.throughRelay, operationTimeoutMs: 500 }
    await using old = await store.open(place)
    await using young = await store.open()
    await append(young, 'id', 0, ['a'])
    world.relay.holdRequest('casty append')
    await expect(append(old, 'id', 1, ['b'])).rejects.toMatchObject({ outcome: 'unknown' })
    expect(await young.claim('id', 2)).toMatchObject({ sequenceNr: 1 })
    world.relay.pass()
    await world.until('the server has read all', async () => (await world.connections()) === 1)
    expect(await texts(young, 'id')).toEqual(['a'])
  })
})
