// Where nobody keeps structures, or nobody who does can be asked.
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('says that no member keeps structures, and does not wait for one without end', async () => {
  // Members that are not of that role use what others keep.
  await using world = await DataWorld.of('a b', { role: 'keeper' })
  const user = world.on('b')
  const lock = user.lock('deploy')
  const startedAt = world.clock.now()
  const calls = [
    user.counter('visits').increment(),
    user.counter('visits').get(),
    user.map('prices').set('tea', 7),
    lock.acquire(),
    user.queue('work').take(),
  ]
  for (const outcome of await world.settled(Promise.allSettled(calls))) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'CASTY_DDATA_UNAVAILABLE',
        message: expect.stringContaining('no member that is up and in reach keeps structures'),
      },
    })
  }
  expect(world.clock.now() - startedAt).toBeLessThan(7_000)
})

test('who gave up on a lock need not wait for who keeps it, and what was granted is given back', async () => {
  await using world = await DataWorld.of('a b c d')
  const [near, far] = [world.on('a').lock('deploy'), world.on('d').lock('deploy')]
  expect(await world.settled(near.tryAcquire())).toBe(true)
  expect(await world.settled(near.release())).toBe(true)
  for (const host of ['a', 'b', 'c']) {
    const [from, to] = [world.node(host).address, world.node('d').address]
    world.network.cut(from, to, { mode: 'hold', oneWay: true })
  }
  const startedAt = world.clock.now()
  const acquired = far.acquire({ timeoutMs: 1_000 })
  await expect(world.settled(acquired)).rejects.toMatchObject({ applied: 'unknown' })
  expect(world.clock.now() - startedAt).toBeLessThan(2_100)
  expect(await world.settled(near.holder())).toBeDefined()
  world.network.heal()
  await world.settle(3_000)
  expect(await world.settled(near.holder())).toBeUndefined()
  expect(await world.settled(far.tryAcquire())).toBe(true)
})
