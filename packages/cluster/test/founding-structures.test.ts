// The structures of the example that the project began with, line by line.
import type { ClusteredActorSystem } from '@casty/cluster'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

async function example(
  system: ClusteredActorSystem,
  others: readonly ClusteredActorSystem[],
): Promise<void> {
  const d = system.distributed()

  const views = d.counter('page-views', { shards: 50 })
  expect(await views.get()).toBe(0)
  expect(await views.increment(100)).toBe(100)
  expect(await views.decrement(10)).toBe(90)

  const users = d.map<string, { readonly name: string }>('users', { shards: 50 })
  expect(await users.put('u1', { name: 'ann' })).toBeUndefined()
  expect(await users.get('u1')).toEqual({ name: 'ann' })
  expect(await users.contains('u1')).toBe(true)
  expect(await users.delete('u1')).toBe(true)

  const tags = d.set<string>('active-tags', { shards: 50 })
  expect(await tags.add('python')).toBe(true)
  expect(await tags.add('python')).toBe(false)
  expect(await tags.size()).toBe(1)

  const queue = d.queue<string>('work-queue', { shards: 50 })
  await queue.enqueue('task-1')
  expect(await queue.peek()).toBe('task-1')
  expect(await queue.dequeue()).toBe('task-1')
  expect(await queue.dequeue()).toBeUndefined()

  const lock = d.lock('deploy-lock', { shards: 10 })
  await lock.acquire()
  expect(await lock.release()).toBe(true)
  expect(await lock.tryAcquire()).toBe(true)
  expect(await lock.release()).toBe(true)

  const semaphore = d.semaphore('pool', { permits: 3, shards: 10 })
  await semaphore.acquire()
  expect(await semaphore.tryAcquire()).toBe(true)
  expect(await semaphore.release()).toBe(true)

  const parties = [system, ...others].map((each) => each.distributed().barrier('phase-1'))
  const met = await Promise.all(
    parties.map(async (barrier) => await barrier.arrive(parties.length)),
  )
  expect(met.map(({ round }) => round)).toEqual(parties.map(() => 1))
}

test('counters, maps, sets, queues, locks, semaphores and barriers work as the founding example has them', async () => {
  await using world = await SystemWorld.start('a b c')
  const [first, ...others] = world.nodes
  if (!first) throw new Error('there is no system')
  await world.settled(example(first, others), 120_000)
})

test('what all nodes share is closed with the system that uses it', async () => {
  await using world = await SystemWorld.start('a b c')
  const [first, second] = world.nodes
  if (!first || !second) throw new Error('there are not two systems')
  const lock = first.distributed().lock('deploy-lock')
  await world.settled(lock.acquire(), 60_000)
  await world.settled(first.shutdown(), 120_000)
  expect(await world.settled(second.distributed().lock('deploy-lock').tryAcquire(), 60_000)).toBe(
    true,
  )
})
