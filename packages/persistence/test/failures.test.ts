import { Behaviors, oneForOne, type Behavior } from '@casty/actor'
import { deleteAll, JournalError, versionedEvents, type EventJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { onCommand, type Process, World, type Added } from './kit.ts'

const unanswered = { code: 'CASTY_ACTOR_ASK_UNANSWERED' }

async function accountWith(process: Process, ...amounts: readonly number[]) {
  const account = process.spawn()
  await process.add(account, ...amounts)
  return account
}

test.each([{ type: 'refused' }, { type: 'full' }] as const)(
  'a write that was $type is the failure of its command alone',
  async (fault) => {
    const world = new World()
    const process = world.start()
    const account = await accountWith(process, 1)
    world.memory.fail(fault, { operation: 'append' })
    await expect(process.add(account, 2)).rejects.toMatchObject(unanswered)
    expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_REFUSED resume'])
    expect(await process.add(account, 4)).toBe(5)
    expect(await world.amounts()).toEqual([1, 4])
  },
)

test('whoever asked may be told that a write was refused, and why', async () => {
  const world = new World()
  const process = world.start()
  const refusals: string[] = []
  const account = process.spawn({
    onCommand: (total, command, context) =>
      onCommand(total, command, context)
        .ifRefused(({ code }) => refusals.push(code))
        .ifRefused(() => command.type === 'add' && command.replyTo?.tell(-1)),
  })
  expect(await process.add(account, 1)).toBe(1)
  world.memory.fail({ type: 'full' }, { operation: 'append' })
  expect(await process.add(account, 2)).toBe(-1)
  expect(await process.add(account, Infinity)).toBe(-1)
  expect(await process.add(account, 4)).toBe(5)
  expect(refusals).toEqual(['CASTY_PERSISTENCE_WRITE_REFUSED', 'CASTY_PERSISTENCE_UNSERIALIZABLE'])
  expect(process.failures).toEqual([])
})

test('a write whose outcome nobody knows is not taken for refused', async () => {
  const world = new World()
  const process = world.start()
  const refusals: unknown[] = []
  const account = process.spawn({
    onCommand: (...given) => onCommand(...given).ifRefused((error) => refusals.push(error)),
  })
  await process.add(account, 1)
  world.memory.fail({ type: 'lost', carriedOut: false }, { operation: 'append' })
  await expect(process.add(account, 2)).rejects.toMatchObject(unanswered)
  expect(refusals).toEqual([])
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_UNKNOWN restart'])
})

test('an event that cannot be written as it is is the failure of its command alone', async () => {
  const world = new World()
  const process = world.start()
  const account = await accountWith(process, 1)
  await expect(process.add(account, Number.NaN)).rejects.toMatchObject(unanswered)
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_UNSERIALIZABLE resume'])
  expect(await process.add(account, 4)).toBe(5)
})

test.each([{ carriedOut: true }, { carriedOut: false }])(
  'a write whose outcome nobody knows has the actor look, and answer nobody (written: $carriedOut)',
  async ({ carriedOut }) => {
    const world = new World()
    const process = world.start()
    const account = await accountWith(process, 1)
    world.memory.fail({ type: 'lost', carriedOut }, { operation: 'append' })
    await expect(process.add(account, 2)).rejects.toMatchObject(unanswered)
    expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_UNKNOWN restart'])
    account.tell({ type: 'add', amounts: [4] })
    await process.pass(10_000)
    expect((await process.read(account)).total).toBe(carriedOut ? 7 : 5)
    expect(await world.amounts()).toEqual(carriedOut ? [1, 2, 4] : [1, 4])
  },
)

test.each([{ carriedOut: true }, { carriedOut: false }])(
  'a journal that does not answer a write is not waited for for ever (written: $carriedOut)',
  async ({ carriedOut }) => {
    const world = new World()
    const process = world.start()
    const account = await accountWith(process, 1)
    world.memory.fail({ type: 'silent', carriedOut }, { operation: 'append' })
    account.tell({ type: 'add', amounts: [2] })
    await process.pass(9_999)
    expect(process.failures).toEqual([])
    await process.pass(10_001)
    expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_UNKNOWN restart'])
    expect((await process.read(account)).total).toBe(carriedOut ? 3 : 1)
  },
)

test('a write that arrives after the actor gave up on it is fenced', async () => {
  const world = new World()
  const process = world.start()
  const account = await accountWith(process, 1)
  world.memory.fail({ type: 'delayed', byMs: 60_000 }, { operation: 'append' })
  account.tell({ type: 'add', amounts: [2] })
  await process.pass(20_000)
  expect((await process.read(account)).total).toBe(1)
  await process.pass(60_000)
  expect(await process.add(account, 4)).toBe(5)
  expect(await world.amounts()).toEqual([1, 4])
})

test('where the epoch is given, a write that arrives late is found before the next one', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({ epoch: 3 })
  await process.add(account, 1)
  world.memory.fail({ type: 'delayed', byMs: 60_000 }, { operation: 'append' })
  account.tell({ type: 'add', amounts: [2] })
  await process.pass(80_000)
  await expect(process.add(account, 4)).rejects.toMatchObject(unanswered)
  await process.pass(10_000)
  expect(await process.add(account, 8)).toBe(11)
  expect(await world.amounts()).toEqual([1, 2, 8])
  expect(process.endings).toEqual([])
})

test('a claim that arrives late fences nobody who came after', async () => {
  const world = new World()
  world.memory.fail({ type: 'delayed', byMs: 60_000 }, { operation: 'claim' })
  const process = world.start()
  const account = process.spawn()
  await process.pass(20_000)
  await process.add(account, 1)
  await process.pass(60_000)
  expect(await process.add(account, 2)).toBe(3)
})

test('of two that write one id, the one that started first stops, and answers nobody', async () => {
  const world = new World()
  const [old, young] = [world.start(), world.start()]
  const first = await accountWith(old, 1)
  const second = await accountWith(young, 2)
  await expect(old.add(first, 4)).rejects.toMatchObject(unanswered)
  expect(old.failures).toEqual(['CASTY_PERSISTENCE_FENCED stop'])
  expect(old.endings).toEqual(['failed'])
  expect(await young.add(second, 8)).toBe(11)
  expect(await world.amounts()).toEqual([1, 2, 8])
})

test('one that is fenced stops, whatever supervises it', async () => {
  const world = new World()
  const [old, young] = [world.start(), world.start()]
  const supervised = <M>(inner: Behavior<M>): Behavior<M> =>
    Behaviors.supervise(inner, oneForOne({ decide: () => 'restart' }))
  const first = old.spawn({}, { wrap: supervised })
  await old.add(first, 1)
  await accountWith(young, 2)
  await expect(old.add(first, 4)).rejects.toMatchObject(unanswered)
  await old.pass(60_000)
  expect(old.failures).toEqual(['CASTY_PERSISTENCE_FENCED stop'])
  expect((await world.memory.highest('account')).epoch).toBe(2)
})

test('one that starts with an epoch that has passed stops', async () => {
  const world = new World()
  const process = world.start()
  await process.add(process.spawn({ epoch: 5 }), 1)
  const late = world.start()
  await expect(late.read(late.spawn({ epoch: 4 }))).rejects.toMatchObject(unanswered)
  expect(late.failures).toEqual(['CASTY_PERSISTENCE_FENCED stop'])
})

test('one that starts again under its own epoch goes on', async () => {
  const world = new World()
  const before = world.start()
  await before.add(before.spawn({ epoch: 5 }), 1)
  before.journal.crash()
  const after = world.start()
  expect(await after.add(after.spawn({ epoch: 5 }), 2)).toBe(3)
})

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

test('an id that was deleted begins anew, and its former writer is fenced', async () => {
  const world = new World()
  const [old, young] = [world.start(), world.start()]
  const former = old.spawn({ snapshots: { every: 2, deleteEvents: true, keep: 1 } })
  for (const amount of [1, 2, 3]) await old.add(former, amount)
  await deleteAll(world.memory, 'account')
  await expect(old.add(former, 4)).rejects.toMatchObject(unanswered)
  const account = young.spawn()
  expect(await young.add(account, 5)).toBe(5)
  expect(await young.read(account)).toMatchObject({ expectedSequenceNr: 4 })
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

test('an actor that is stopped while it writes answers first', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn()
  await process.idle()
  world.memory.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'append' })
  const answer = process.askAdd(account, [5])
  await process.idle()
  const stopped = process.system.stop(account)
  await process.pass(1_000)
  expect(await answer).toBe(5)
  await stopped
  expect(process.endings).toEqual(['stopped'])
})

test('what a journal throws that is no JournalError is an outcome that nobody knows', async () => {
  const world = new World()
  const process = world.start()
  let isBroken = false
  const journal: EventJournal = new Proxy(world.memory, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: readonly unknown[]): unknown => {
        if (isBroken && name === 'append') throw new TypeError('a bug')
        return Reflect.apply(value, target, given)
      }
    },
  })
  const account = process.spawn({ journal })
  await process.add(account, 1)
  isBroken = true
  await expect(process.add(account, 2)).rejects.toMatchObject(unanswered)
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_UNKNOWN restart'])
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
