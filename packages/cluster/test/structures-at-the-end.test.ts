// Structures whose client or node has ended.
import { distributedOf, type Distributed } from '@casty/cluster'
import { describe, expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

/** A call of each kind of structure, by what its error begins with. */
function callsOf(distributed: Distributed): ReadonlyMap<string, () => Promise<unknown>> {
  const [visits, lock] = [distributed.counter('visits'), distributed.lock('deploy')]
  const [map, set] = [distributed.map('stock'), distributed.set<string>('tags')]
  const [queue, barrier] = [distributed.queue<string>('work'), distributed.barrier('start')]
  const semaphore = distributed.semaphore('slots', { permits: 2 })
  return new Map<string, () => Promise<unknown>>([
    ['increment of counter visits', () => visits.increment()],
    ['get of counter visits', () => visits.get()],
    ['watch of counter visits', async () => await visits.watch().next()],
    ['acquire of lock deploy', () => lock.acquire()],
    ['holder of lock deploy', () => lock.holder()],
    ['available of semaphore slots', () => semaphore.available()],
    ['putMany of map stock', () => map.putMany([['tea', 1]])],
    ['keys of map stock', async () => await map.keys().next()],
    ['watch of map stock', async () => await map.watch().next()],
    ['add of set tags', () => set.add('x')],
    ['enqueue of queue work', () => queue.enqueue('x')],
    ['consume of queue work', async () => await queue.consume().next()],
    ['arrive at barrier start', () => barrier.arrive(2)],
  ])
}

describe.each(['client', 'node'] as const)('a structure of a %s that has ended', (who) => {
  const has =
    who === 'client'
      ? 'the client that it goes through has ended'
      : 'the system of this node has ended'

  test('is named by the error of each call, which tells that', async () => {
    await using world = await SystemWorld.start('a b', { clients: true })
    const node = world.node('b')
    const client = await world.client('x')
    node.distributed()
    const distributed = who === 'client' ? distributedOf(client) : node.distributed()
    const calls = callsOf(distributed)
    await world.settled(distributed.counter('visits').increment())
    await world.settled((who === 'client' ? client : node).shutdown())
    for (const [what, call] of calls) {
      await expect(world.settled(call())).rejects.toMatchObject({
        code: 'CASTY_DDATA_CLOSED',
        applied: 'no',
        message: expect.stringContaining(`${what} is not possible: ${has}`),
      })
    }
    const another = (): unknown => distributed.queue('other')
    expect(another).toThrow(`queue other is not possible: ${has}`)
  })
})

test('a client that has ended gives no structures', async () => {
  await using world = await SystemWorld.start('a', { clients: true })
  world.node('a').distributed()
  const [used, unused] = [await world.client('x'), await world.client('y')]
  distributedOf(used)
  for (const client of [used, unused]) {
    await world.settled(client.shutdown())
    expect(() => distributedOf(client)).toThrow(
      expect.objectContaining({
        code: 'CASTY_DDATA_CLOSED',
        message: expect.stringContaining('the client that it goes through has ended'),
      }),
    )
  }
})

test('a user that was closed says so of each call, and nothing of its client', async () => {
  await using world = await SystemWorld.start('a', { clients: true })
  world.node('a').distributed()
  const distributed = distributedOf(await world.client('x'))
  const visits = distributed.counter('visits')
  await world.settled(distributed.close())
  await expect(world.settled(visits.increment())).rejects.toMatchObject({
    code: 'CASTY_DDATA_CLOSED',
    message:
      'increment of counter visits is not possible: the structures of this process were closed.',
  })
})
