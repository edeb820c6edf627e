import { inMemoryJournal, jsonCodec, type Codec, type EventJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { accountWith, onCommand, unanswered, World, type Added } from './kit.ts'

const silent = { type: 'silent', carriedOut: false } as const

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

test('actors whose writes are not answered give up each after its own time, by one timer for all', async () => {
  const world = new World()
  const process = world.start()
  const accounts = ['first', 'second', 'third'].map((id) => process.spawn({ id }))
  await process.idle()
  const before = world.clock.pendingTimers
  for (const [index, account] of accounts.entries()) {
    // The second one is answered after a while; the others never are.
    world.memory.fail(index === 1 ? { type: 'delayed', byMs: 9_000 } : silent, {
      operation: 'append',
    })
    account.tell({ type: 'add', amounts: [index] })
    await process.pass(1_000)
  }
  expect(world.clock.pendingTimers - before).toBe(2) // The second write itself waits by one.
  await process.pass(6_999)
  expect(process.failures).toEqual([])
  await process.pass(1)
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_UNKNOWN restart'])
  await process.pass(1_999)
  expect(process.failures).toHaveLength(1)
  await process.pass(1)
  expect(process.failures).toHaveLength(2)
})

test('nothing is left on the clock when all writes are answered', async () => {
  const world = new World()
  const process = world.start()
  const account = await accountWith(process, 1)
  const before = world.clock.pendingTimers
  await process.add(account, 2)
  expect(world.clock.pendingTimers).toBe(before)
  expect(before).toBe(0)
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

test('what another codec refuses is the failure of its command alone', async () => {
  const world = new World()
  const process = world.start()
  const codec: Codec = {
    encode(value) {
      if ((value as Added).amount > 2) throw new RangeError('above 2')
      return jsonCodec.encode(value)
    },
    decode: (bytes) => jsonCodec.decode(bytes),
  }
  const account = process.spawn({ codec })
  await expect(process.add(account, 1, 4)).rejects.toMatchObject(unanswered)
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_REFUSED resume'])
  expect(await process.add(account, 2)).toBe(2)
})

test('more events at once than the journal takes are the failure of their command alone', async () => {
  const world = new World()
  const process = world.start()
  const journal = inMemoryJournal({ limits: { maxBatchEvents: 2 } })
  const account = process.spawn({ journal })
  await expect(process.add(account, 1, 2, 3)).rejects.toMatchObject(unanswered)
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_WRITE_REFUSED resume'])
  expect(await process.add(account, 1, 2)).toBe(3)
})
