import { Behaviors, oneForOne, type Behavior } from '@casty/actor'
import { deleteAll } from '@casty/persistence'
import { expect, test } from 'vitest'
import { accountWith, unanswered, World } from './kit.ts'

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
