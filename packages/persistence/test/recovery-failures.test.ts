import { JournalError, versionedEvents, type EventJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { accountWith, unanswered, World, type Added } from './kit.ts'

test('a journal that cannot be reached is tried until it can, and commands wait', async () => {
  const world = new World()
  const process = world.start()
  for (const operation of ['highest', 'claim', 'latestSnapshot', 'event'] as const) {
    world.memory.fail({ type: 'refused' }, { operation })
  }
  world.memory.fail({ type: 'silent', carriedOut: true }, { operation: 'claim' })
  await world.memory.append('account', {
    epoch: 1,
    expectedSequenceNr: 0,
    events: [
      {
        manifest: 'added',
        version: 1,
        timestamp: 0,
        bytes: new TextEncoder().encode('{"amount":5}'),
      },
    ],
  })
  const account = process.spawn()
  const read = process.askRead(account, 120_000)
  await process.pass(60_000)
  expect((await read).total).toBe(5)
  expect(new Set(process.failures)).toEqual(
    new Set(['CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE restart']),
  )
  expect(process.failures).toHaveLength(5)
  expect(world.memory.waitingFaults).toBe(0)
})

test('a recovery that goes on slowly is not given up', async () => {
  const world = new World()
  const process = world.start()
  await accountWith(process, 1, 2, 3)
  for (let count = 0; count < 3; count++) {
    world.memory.fail({ type: 'delayed', byMs: 9_000 }, { operation: 'event' })
  }
  const again = world.start()
  const account = again.spawn()
  await again.pass(27_000)
  expect((await again.read(account)).total).toBe(6)
  expect(again.failures).toEqual([])
})

test('a damaged event ends the recovery, and nothing after it is in any state', async () => {
  const world = new World()
  const process = world.start()
  await accountWith(process, 1, 2, 3)
  world.memory.damageEvent('account', 2)
  const again = world.start()
  await expect(again.read(again.spawn())).rejects.toMatchObject(unanswered)
  const failed = again.events.find(({ type }) => type === 'actor-failed')
  expect(failed).toMatchObject({
    directive: 'stop',
    error: {
      code: 'CASTY_PERSISTENCE_RECOVERY_FAILED',
      sequenceNr: 2,
      cause: { code: 'CASTY_JOURNAL_DAMAGED' },
    },
  })
})

test.each([
  { what: 'skips an event', numbers: [1, 3] },
  { what: 'ends too early', numbers: [1, 2] },
  { what: 'repeats an event', numbers: [1, 1, 2, 3] },
])('a journal that $what is not believed', async ({ numbers }) => {
  const world = new World()
  const process = world.start()
  await accountWith(process, 1, 2, 3)
  const stored = await world.stored()
  async function* events() {
    for (const number of numbers) {
      const event = stored[number - 1]
      if (event) yield event
    }
  }
  const journal: EventJournal = new Proxy(world.memory, {
    get(target, name) {
      if (name === 'events') return events
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const again = world.start()
  await expect(again.read(again.spawn({ journal }))).rejects.toMatchObject(unanswered)
  expect(again.failures).toEqual(['CASTY_PERSISTENCE_RECOVERY_FAILED stop'])
})

test('an event of a version that nobody knows ends the recovery', async () => {
  const world = new World()
  const future = world.start()
  const events = versionedEvents<Added>({ added: { version: 2 } })
  await future.add(future.spawn({ events }), 1)
  const process = world.start()
  await expect(process.read(process.spawn())).rejects.toMatchObject(unanswered)
  expect(process.events.find(({ type }) => type === 'actor-failed')).toMatchObject({
    error: {
      code: 'CASTY_PERSISTENCE_RECOVERY_FAILED',
      cause: { code: 'CASTY_PERSISTENCE_UNKNOWN_VERSION' },
    },
  })
})

test('an event that its handler takes no more ends the recovery at its number', async () => {
  const world = new World()
  const process = world.start()
  await accountWith(process, 1, 2)
  const again = world.start()
  const account = again.spawn({
    onEvent: (total, { amount }) => {
      if (amount === 2) throw new Error('no twos')
      return total + amount
    },
  })
  await expect(again.read(account)).rejects.toMatchObject(unanswered)
  expect(again.events.find(({ type }) => type === 'actor-failed')).toMatchObject({
    error: { code: 'CASTY_PERSISTENCE_RECOVERY_FAILED', sequenceNr: 2 },
  })
})

test('events that are deleted without a snapshot end the recovery', async () => {
  const world = new World()
  const process = world.start()
  await accountWith(process, 1, 2, 3)
  await world.memory.deleteEvents('account', 2)
  const again = world.start()
  await expect(again.read(again.spawn())).rejects.toMatchObject(unanswered)
  expect(again.events.find(({ type }) => type === 'actor-failed')).toMatchObject({
    error: { cause: { code: 'CASTY_JOURNAL_DELETED' } },
  })
})

test('an id of which only a damaged snapshot is left does not begin anew', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({ snapshots: { every: 1, deleteEvents: true, keep: 1 } })
  await process.add(account, 1)
  world.memory.damageSnapshot('account', 1)
  const again = world.start()
  await expect(again.read(again.spawn())).rejects.toMatchObject(unanswered)
  expect(again.failures).toEqual(['CASTY_PERSISTENCE_RECOVERY_FAILED stop'])
})

test('of very many that start at once, some recover first, and all in the end', async () => {
  const world = new World()
  const process = world.start()
  let [now, most] = [0, 0]
  const journal: EventJournal = new Proxy(process.journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'claim') return value.bind(target)
      return async (...given: readonly unknown[]): Promise<unknown> => {
        most = Math.max(most, ++now)
        await new Promise<void>((resolve) => world.clock.schedule(6_000, resolve))
        now--
        return await Reflect.apply(value, target, given)
      }
    },
  })
  const accounts = Array.from({ length: 200 }, (_, index) =>
    process.spawn({ id: `account ${index}`, journal }),
  )
  await process.idle()
  const stopped = process.answered(process.system.stop(accounts[199] ?? process.spawn()))
  await stopped
  await process.pass(24_000)
  expect(most).toBe(64)
  expect(process.failures).toEqual([])
  for (const account of accounts.slice(0, 199)) {
    expect((await process.read(account)).epoch).toBe(1)
  }
})

test('an actor that is stopped while it recovers stops at once', async () => {
  const world = new World()
  world.memory.fail({ type: 'silent', carriedOut: false }, { operation: 'claim' })
  const process = world.start()
  const account = process.spawn()
  await process.idle()
  await process.answered(process.system.stop(account))
  expect(process.endings).toHaveLength(1)
  expect(world.clock.pendingTimers).toBe(0)
})

test('journal errors tell what can be done, and where', () => {
  const error = JournalError.damaged('id', 'the checksum does not fit', {
    sequenceNr: 7,
    place: '3.log at byte 12',
  })
  expect(error).toMatchObject({ id: 'id', sequenceNr: 7, outcome: 'nothing-written' })
  expect(error.message).toBe(
    'Event 7 of "id" is damaged (3.log at byte 12): the checksum does not fit. ' +
      'Restore it from a copy; nothing that comes after it is given out.',
  )
})
