// Waiting for items: for how long, and what becomes of those that come too late.
import { expect, test } from 'vitest'
import { partId } from '../src/kinds/kind.ts'
import { DataWorld } from './data-world.ts'
import { ownerAndOther } from './owners.ts'

const argument = { code: 'CASTY_DDATA_ARGUMENT', applied: 'no' }

test('who reserves waits not at all, for a time, or for as long as it takes', async () => {
  await using world = await DataWorld.of('a b')
  const queue = world.on('b').queue<string>('work')
  expect(await world.settled(queue.reserve({ waitMs: 0 }))).toBeUndefined()
  expect(await world.settled(queue.reserve({ waitMs: 10 }))).toBeUndefined()
  const waiting = [queue.reserve({ waitMs: Infinity }), queue.take({ waitMs: Infinity })] as const
  await world.settle(120_000)
  await world.settled(queue.enqueueMany(['x', 'y']))
  expect(await world.settled(waiting[0])).toMatchObject({ value: 'x' })
  expect(await world.settled(waiting[1])).toBe('y')
})

test.each([-1, NaN, '12', null, true])('nobody waits for an item for %j', async (waitMs) => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<string>('work')
  await world.settled(queue.enqueue('x'))
  const wait = { waitMs: waitMs as never }
  await expect(queue.take(wait)).rejects.toMatchObject(argument)
  await expect(queue.reserve(wait)).rejects.toMatchObject(argument)
  expect(await world.settled(queue.size())).toBe(1)
})

test('the time that a queue is given for its calls bounds who takes, and no loop', async () => {
  await using world = await DataWorld.of('a b')
  const queue = world.on('b').queue<string>('work', { timeoutMs: 1_000 })
  await expect(world.settled(queue.take())).rejects.toMatchObject({ code: 'CASTY_DDATA_TIMEOUT' })
  const next = queue.consume().next()
  await world.settle(30_000)
  await world.settled(queue.enqueue('x'))
  expect((await world.settled(next)).value).toMatchObject({ value: 'x' })
})

test('a loop that waits for its next item is left at once, and takes none', async () => {
  await using world = await DataWorld.of('a b')
  const queue = world.on('b').queue<string>('work')
  const items = queue.consume()
  const next = items.next()
  await world.settle()
  await world.settled(items.return())
  expect(await next).toEqual({ done: true, value: undefined })
  await world.settled(queue.enqueue('x'))
  expect(await world.settled(queue.dequeue())).toBe('x')
})

test('an item is not handed over that came when somebody else may have it', async () => {
  await using world = await DataWorld.of('a b c')
  const [owner, other] = ownerAndOther(world, partId('queue', 'work', 0))
  const [here, there] = [owner.host, other.host].map((host) =>
    world.on(host).queue<string>('work', { visibilityMs: 4_000 }),
  )
  if (!here || !there) throw new Error('There are two nodes')
  await world.settled(here.size())
  const waiting = there.reserve({ waitMs: 60_000 })
  await world.settle(2_500)
  world.network.partition([owner.address], [other.address]) // The third node has copies.
  await world.settled(here.enqueue('x'))
  await world.settle(4_500)
  expect(await world.settled(here.reserve())).toMatchObject({ value: 'x', deliveries: 2 })
  world.network.heal()
  await world.settle(2_000)
  await world.settled(here.enqueue('y'))
  expect(await world.settled(waiting)).toMatchObject({ value: 'y', deliveries: 1 })
})

test('who reserves with the key of another call gets what that has, also where it waited', async () => {
  await using world = await DataWorld.of('a b')
  const [here, there] = ['a', 'b'].map((host) => world.on(host).queue<string>('work'))
  if (!here || !there) throw new Error('There are two nodes')
  await world.settled(here.enqueue('x'))
  const first = await world.settled(here.reserve({ idempotencyKey: 'once' }))
  const again = await world.settled(there.reserve({ idempotencyKey: 'once' }))
  expect([first?.value, again?.value, again?.deliveries]).toEqual(['x', 'x', 1])
  const waiting = [here, there].map((queue) =>
    queue.reserve({ idempotencyKey: 'later', waitMs: 60_000 }),
  )
  await world.settle()
  await world.settled(here.enqueueMany(['y', 'z']))
  expect(await world.settled(Promise.all(waiting))).toMatchObject([{ value: 'y' }, { value: 'y' }])
  expect(await world.settled(here.stats())).toMatchObject({ ready: 1, inFlight: 2 })
  const outcomes = [first, again].map(async (delivery) => await delivery?.ack())
  expect(await world.settled(Promise.all(outcomes))).toEqual([true, false])
})
