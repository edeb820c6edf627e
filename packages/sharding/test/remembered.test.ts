// Entities that start again with their shard, and what they write under its epoch.
import { Behaviors, type ActorRef } from '@casty/actor'
import { eventSourced, inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import { describe, expect, test } from 'vitest'
import type { EntityRegion, EntityType } from '@casty/sharding'
import { RegionWorld } from './region-world.ts'

type Message = 'hello' | 'stop' | 'fail' | 'passivate'

/** Entities that live, as `id@epoch`, and what they were told. */
interface Log {
  readonly begun: string[]
  readonly told: string[]
}

function remembered(journal: InMemoryJournal, log: Log): EntityType<Message> {
  return {
    name: 'device',
    numShards: 2,
    rememberEntities: { journal, startsPerSecond: 1_000 },
    entity: (entity) => {
      log.begun.push(`${entity.entityId}@${entity.epoch}`)
      return Behaviors.receive((message) => {
        log.told.push(`${entity.entityId} ${message}`)
        if (message === 'fail') throw new Error('no')
        if (message === 'passivate') entity.passivate()
        return message === 'stop' ? Behaviors.stopped : Behaviors.same
      })
    },
  }
}

async function world(
  journal: InMemoryJournal,
  log: Log,
): Promise<{ world: RegionWorld; region: EntityRegion<Message> }> {
  const made = await RegionWorld.of('a b')
  const regions = made.startType(remembered(journal, log))
  made.giveAll('device', 'a')
  await made.settle()
  const region = regions.get('b')
  if (!region) throw new Error('No region at b')
  return { world: made, region }
}

/** A ticket to a fresh log and journal. */
function fresh(): { journal: InMemoryJournal; log: Log } {
  return { journal: inMemoryJournal(), log: { begun: [], told: [] } }
}

const ids = Array.from({ length: 40 }, (_, index) => `d${index}`)

describe('Remembered entities', () => {
  test('start again where their node died, without a message', async () => {
    const { journal, log } = fresh()
    const { world: made, region } = await world(journal, log)
    await using _world = made
    for (const id of ids) region.tell(id, 'hello')
    await made.settle()
    expect(log.told).toHaveLength(40)
    await made.kill('a')
    log.begun.length = 0
    made.giveAll('device', 'b')
    await made.settle(500)
    expect(log.begun.toSorted()).toEqual(ids.map((id) => `${id}@2`).toSorted())
    expect(region.statistics().entities).toBe(40)
  })

  test('are started so many a second', async () => {
    const { journal, log } = fresh()
    const { world: made, region } = await world(journal, log)
    await using _world = made
    for (let id = 0; id < 500; id++) region.tell(`x${id}`, 'hello')
    await made.settle()
    made.move('device', 0, 'b')
    made.move('device', 1, 'b')
    await made.until(() => region.statistics().shards === 2)
    const first = region.statistics().entities
    await made.settle(100)
    expect(region.statistics().entities - first).toBeLessThanOrEqual(150)
    await made.settle(1_000)
    expect(region.statistics().entities).toBe(500)
  })

  test('are forgotten when they stop or are passivated, and not when they fail', async () => {
    const { journal, log } = fresh()
    const { world: made, region } = await world(journal, log)
    await using _world = made
    for (const id of ['p', 's', 'f', 'l']) region.tell(id, 'hello')
    region.tell('p', 'passivate')
    region.tell('s', 'stop')
    region.tell('f', 'fail')
    await made.settle(2_000)
    expect(log.begun.filter((line) => line.startsWith('f'))).toHaveLength(2)
    await made.kill('a')
    log.begun.length = 0
    made.giveAll('device', 'b')
    await made.settle(500)
    expect(log.begun.toSorted()).toEqual(['f@2', 'l@2'])
  })

  test('live on when their node is shut down without leaving', async () => {
    const { journal, log } = fresh()
    const { world: made, region } = await world(journal, log)
    await using _world = made
    region.tell('x', 'hello')
    await made.settle()
    const stopped = made.node('a').system.shutdown()
    await made.settle()
    await stopped
    await made.kill('a')
    log.begun.length = 0
    made.giveAll('device', 'b')
    await made.settle(500)
    expect(log.begun).toEqual(['x@2'])
  })

  test.each([
    { type: 'refused' },
    { type: 'lost', carriedOut: true },
    { type: 'lost', carriedOut: false },
  ] as const)(
    'wait for a journal that fails ($type), and are told what came meanwhile',
    async (fault) => {
      const { journal, log } = fresh()
      const { world: made, region } = await world(journal, log)
      await using _world = made
      journal.fail(fault, { operation: 'append' })
      region.tell('x', 'hello')
      await made.settle(100)
      expect(log.told).toEqual([])
      await made.settle(1_000)
      expect(log.told).toEqual(['x hello'])
    },
  )

  test('take little room in the journal, however often they come and go', async () => {
    const { journal, log } = fresh()
    const { world: made, region } = await world(journal, log)
    await using _world = made
    region.tell('stays', 'hello')
    for (let round = 0; round < 30; round++) {
      for (const id of ids) region.tell(id, 'hello')
      await made.settle(10)
      for (const id of ids) region.tell(id, 'passivate')
      await made.settle(10)
    }
    let events = 0
    for (const shard of [0, 1]) {
      const id = `casty-remembered/device/${shard}`
      const head = await made.settled(journal.highest(id))
      events += head.sequenceNr - head.deletedTo
    }
    expect(events).toBeLessThan(1_000)
    await made.kill('a')
    log.begun.length = 0
    made.giveAll('device', 'b')
    await made.settle(500)
    expect(log.begun).toEqual(['stays@2'])
  })
})

describe('An event-sourced entity', () => {
  type Deposit = { readonly amount: number; readonly replyTo: ActorRef<string> }

  function account(journal: InMemoryJournal): EntityType<Deposit> {
    return {
      name: 'account',
      numShards: 1,
      journal: journal.open(),
      entity: ({ entityId, epoch, journal: own }) => {
        if (!own) throw new Error('There is a journal')
        return eventSourced<Deposit, { readonly amount: number }, number>({
          id: entityId,
          journal: own,
          initialState: 0,
          onCommand: (_balance, { amount, replyTo }, { effects }) =>
            effects.persist({ amount }).thenReply(replyTo, (balance) => `${balance}@${epoch}`),
          onEvent: (balance, { amount }) => balance + amount,
        })
      },
    }
  }

  async function deposit(made: RegionWorld, region: EntityRegion<Deposit>): Promise<string> {
    return await made.settled(region.ask<string>('x', (replyTo) => ({ amount: 1, replyTo })))
  }

  test('writes under the epoch of its shard, and goes on elsewhere', async () => {
    await using made = await RegionWorld.of('a b')
    const journal = inMemoryJournal()
    const region = made.startType(account(journal)).get('b')
    if (!region) throw new Error('No region at b')
    made.set('account', 0, {
      epoch: 7,
      owner: made.identity('a'),
      movingTo: undefined,
      lineage: 0,
      isUndecided: false,
      isReplicated: false,
      isDecided: false,
      replicas: [],
    })
    await made.settle()
    expect(await deposit(made, region)).toBe('1@7')
    expect((await made.settled(journal.highest('x'))).epoch).toBe(7)
    made.move('account', 0, 'b')
    await made.until(() => region.statistics().shards === 1)
    expect(await deposit(made, region)).toBe('2@8')
    expect((await made.settled(journal.highest('x'))).epoch).toBe(8)
  })

  test('of an owner that does not know better can write no more', async () => {
    await using made = await RegionWorld.of('a b')
    const journal = inMemoryJournal()
    const regions = made.startType(account(journal))
    const [here, there] = [regions.get('a'), regions.get('b')]
    if (!here || !there) throw new Error('No regions')
    made.give('account', 0, 'a')
    await made.settle()
    expect(await deposit(made, here)).toBe('1@1')
    made.node('a').isDeaf = true // And its lease, as it believes, lasts for ever.
    made.give('account', 0, 'b')
    await made.settle()
    expect(await deposit(made, there)).toBe('2@2')
    const stale = here.ask<string>('x', (replyTo) => ({ amount: 100, replyTo }))
    const outcome = stale.catch((error: unknown) => error)
    expect(await made.settled(outcome)).toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED' })
    expect(made.node('a').fenced).toContain('account/0@1 by 2')
    expect(await deposit(made, there)).toBe('3@2')
  })

  test('tells when somebody has written under a higher epoch than that of its shard', async () => {
    await using made = await RegionWorld.of('a b')
    const journal = inMemoryJournal()
    await journal.claim('x', 99)
    const region = made.startType(account(journal)).get('a')
    if (!region) throw new Error('No region at a')
    made.give('account', 0, 'a')
    await made.settle()
    const outcome = region
      .ask<string>('x', (replyTo) => ({ amount: 1, replyTo }))
      .catch((error: unknown) => error)
    await made.settle(200)
    expect(made.node('a').fenced[0]).toBe('account/0@1 by 99')
    made.set('account', 0, {
      epoch: 100,
      owner: made.identity('a'),
      movingTo: undefined,
      lineage: 0,
      isUndecided: false,
      isReplicated: false,
      isDecided: false,
      replicas: [],
    })
    await made.settled(outcome)
    expect(await deposit(made, region)).toMatch(/@100$/)
  })
})

test('while it cannot be written down who lives, messages wait within a bound, and are told of beyond', async () => {
  const { journal, log } = fresh()
  for (let time = 0; time < 6; time++) journal.fail({ type: 'refused' }, { operation: 'claim' })
  await using made = await RegionWorld.of('a b', { maxBuffered: 50 })
  const regions = made.startType(remembered(journal, log))
  made.giveAll('device', 'a')
  await made.settle()
  for (const from of ['a', 'b']) {
    for (let id = 0; id < 100; id++) regions.get(from)?.tell(`${from}${id}`, 'hello')
  }
  await made.settle()
  const here = regions.get('a')
  expect(here?.statistics()).toMatchObject({ waiting: 50, dropped: { 'buffer-full': 150 } })
  expect(made.node('a').lost).toHaveLength(150)
  await made.until(() => log.told.length === 50) // The journal can be reached again.
  expect(here?.statistics()).toMatchObject({ waiting: 0, entities: 50 })
  regions.get('b')?.tell('later', 'hello')
  await made.until(() => log.told.length === 51)
})

test('messages for entities that cannot begin wait no longer than others, and are told of', async () => {
  const { journal, log } = fresh()
  for (let time = 0; time < 12; time++) journal.fail({ type: 'refused' }, { operation: 'claim' })
  await using made = await RegionWorld.of('a', { bufferTimeoutMs: 4_000 })
  const region = made.startType(remembered(journal, log)).get('a')
  made.giveAll('device', 'a')
  await made.settle()
  region?.tell('early', 'hello')
  await made.settle(3_000)
  region?.tell('early', 'hello')
  await made.settle(1_500)
  expect(made.node('a').lost).toMatchObject([expect.stringContaining('overdue')])
  expect(region?.statistics()).toMatchObject({ waiting: 1, dropped: { overdue: 1 } })
  await made.settle(60_000)
  expect(region?.statistics()).toMatchObject({ waiting: 0, dropped: { overdue: 2 } })
  region?.tell('early', 'hello')
  await made.until(() => log.told.length === 1)
})
