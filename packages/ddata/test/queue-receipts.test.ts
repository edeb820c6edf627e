// What a consumer has in hand: what may be said of it, and where it goes when nothing is.
import type { Delivery, Distributed, Queue } from '@casty/ddata'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

const argument = { code: 'CASTY_DDATA_ARGUMENT', applied: 'no' }

async function some<T>(delivery: Promise<Delivery<T> | undefined>): Promise<Delivery<T>> {
  const found = await delivery
  if (!found) throw new Error('Nothing was there')
  return found
}

async function hasDead(
  queue: Queue<string>,
  values: readonly string[],
): Promise<readonly string[]> {
  const ids: string[] = []
  for (const value of values) {
    ids.push((await queue.enqueue(value)).id)
    await (await some(queue.reserve())).nack({ dead: true })
  }
  return ids
}

test('a dead item that is named twice is redriven once', async () => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<string>('work')
  const [x = ''] = await world.settled(hasDead(queue, ['x', 'y']))
  expect(await world.settled(queue.redrive({ ids: [x, x] }))).toBe(1)
  expect(await world.settled(queue.stats())).toEqual({ ready: 1, delayed: 0, inFlight: 0, dead: 1 })
  expect(await world.settled(queue.redrive())).toBe(1)
  expect(await world.settled(queue.stats())).toEqual({ ready: 2, delayed: 0, inFlight: 0, dead: 0 })
})

test.each([['12'], [5], [[1]], [['']], [[true]], [['0x1']]])(
  'what %j names is not redriven',
  async (ids) => {
    await using world = await DataWorld.of('a')
    const queue = world.on('a').queue<string>('work')
    await world.settled(hasDead(queue, ['x', 'y']))
    await expect(queue.redrive({ ids: ids as never })).rejects.toMatchObject(argument)
    expect(await world.settled(queue.stats())).toMatchObject({ dead: 2 })
  },
)

test.each([
  { how: 'that is aborted', options: { signal: AbortSignal.abort() }, code: 'CASTY_DDATA_ABORTED' },
  { how: 'that is wrong', options: { timeoutMs: -1 }, code: 'CASTY_DDATA_ARGUMENT' },
])('an item goes back whose answer $how was never sent', async ({ options, code }) => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<string>('work')
  await world.settled(queue.enqueue('x'))
  const answers = [
    (item: Delivery<string>) => item.ack(options),
    (item: Delivery<string>) => item.nack(options),
    (item: Delivery<string>) => queue.ackMany([item], options),
  ]
  for (const answer of answers) {
    const item = await world.settled(some(queue.reserve()))
    await expect(answer(item)).rejects.toMatchObject({ code, applied: 'no' })
    expect(item.isSettled).toBe(false)
    await world.settled(item[Symbol.asyncDispose]())
    expect(await world.settled(queue.stats())).toMatchObject({ ready: 1, inFlight: 0 })
  }
})

test('an item is returned for a reason that is a text, and is dead or is not', async () => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<string>('work')
  await world.settled(queue.enqueue('x'))
  const item = await world.settled(some(queue.reserve()))
  for (const options of [null, { reason: 5 }, { dead: 'false' }, { delayMs: 'soon' }]) {
    await expect(item.nack(options as never)).rejects.toMatchObject(argument)
  }
  expect(await world.settled(item.ack())).toBe(true)
})

test('a queue acknowledges nothing of another one, whatever numbers its items have', async () => {
  await using world = await DataWorld.of('a')
  const { one, other } = queuesOf(world.on('a'))
  await world.settled(Promise.all([one.enqueue('x'), other.enqueue('y')]))
  const mine = await world.settled(some(one.reserve()))
  const theirs = await world.settled(some(other.reserve()))
  for (const wrong of [theirs, undefined, { receipt: mine.receipt }]) {
    await expect(one.ackMany([mine, wrong as never])).rejects.toMatchObject(argument)
  }
  expect([mine.isSettled, theirs.isSettled]).toEqual([false, false])
  expect(await world.settled(queuesOf(world.on('a')).one.ackMany([mine]))).toBe(1)
  expect(await world.settled(other.stats())).toMatchObject({ inFlight: 1 })
})

function queuesOf(user: Distributed): Record<'one' | 'other', Queue<string>> {
  return { one: user.queue('one'), other: user.queue('other') }
}

test('whoever asks for more time for what it has lost learns of that', async () => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<string>('work')
  await world.settled(queue.enqueue('x'))
  const { signal, ...item } = await world.settled(reserved(queue))
  await world.settled(queue.destroy())
  expect(signal.aborted).toBe(false)
  expect(await world.settled(item.extend())).toBe(false)
  expect(signal.reason).toMatchObject({ code: 'CASTY_DDATA_LEASE_LOST' })
})

async function reserved(
  queue: Queue<string>,
): Promise<{ readonly signal: AbortSignal; readonly extend: () => Promise<boolean> }> {
  const item = await some(queue.reserve())
  return { signal: item.signal, extend: async () => await item.extend(60_000) }
}

test('what is in hand when its user is closed goes back at once', async () => {
  await using world = await DataWorld.of('a b')
  const queue = world.on('b').queue<string>('work')
  await world.settled(queue.enqueueMany(['x', 'y', 'z']))
  const [x, y] = await world.settled(queue.reserveMany(2))
  expect(await world.settled(x?.ack() ?? Promise.resolve(false))).toBe(true)
  const signal = y?.signal
  await world.settled(world.on('b').close())
  expect(signal?.reason).toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
  const elsewhere = world.on('a').queue<string>('work')
  expect(await world.settled(elsewhere.stats())).toMatchObject({ ready: 2, inFlight: 0 })
  expect(await world.settled(elsewhere.dequeue())).toBe('y')
})
