import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventJournal } from '@casty/persistence'
import { append, record, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

const writer = { epoch: 1 }
const snapshotAt = (sequenceNr: number) => ({ ...record(`at ${sequenceNr}`), sequenceNr })

/** What a writer asks for besides events. */
const requests: readonly {
  readonly what: string
  readonly call: (journal: EventJournal) => Promise<void>
}[] = [
  { what: 'a snapshot', call: (journal) => journal.saveSnapshot('id', snapshotAt(2), writer) },
  {
    what: 'a deletion of snapshots',
    call: (journal) => journal.deleteSnapshots('id', 1, writer),
  },
  { what: 'a deletion of events', call: (journal) => journal.deleteEvents('id', 1, writer) },
]

describe.skipIf(hasNoServer)('who holds the row of a stream', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test.each(requests)('and claims it has $what of one before it refused', async ({ call }) => {
    await using store = await world.store()
    await using journal = await store.open()
    await append(journal, 'id', 0, ['a', 'b'])
    await journal.saveSnapshot('id', snapshotAt(1))
    await using locked = await world.lock(store.tables.streams)
    const called = call(journal).catch((error: unknown) => error)
    await world.untilOneWaits()
    await locked.change(`UPDATE ${store.tables.streams} SET epoch = 2`)
    expect(await called).toMatchObject({ code: 'CASTY_JOURNAL_FENCED', head: { epoch: 2 } })
    expect(await journal.latestSnapshot('id')).toMatchObject({ sequenceNr: 1 })
    expect(await texts(journal, 'id')).toEqual(['a', 'b'])
  })

  test('keeps rows of events from being removed until it is done', async () => {
    await using store = await world.store()
    await using journal = await store.open({ connectionString: world.throughRelay })
    await append(journal, 'id', 0, ['a', 'b'])
    world.relay.holdRequest('casty cleanDeleted')
    const deleted = journal.deleteEvents('id', 1, writer)
    await world.until('it is about to remove them', () => world.relay.isHolding)
    await using locked = await world.lock(store.tables.streams)
    world.relay.pass()
    await world.untilOneWaits()
    expect(await world.sql(`SELECT 1 FROM ${store.tables.events}`)).toHaveLength(2)
    await locked.unlock()
    await deleted
    expect(await world.sql(`SELECT 1 FROM ${store.tables.events}`)).toHaveLength(1)
  })
})
