import { Distributed, type Gateway } from '@casty/ddata'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

/** What somebody without types hands in. */
const wrong = (value: unknown): never => value as never
const refused = { code: 'CASTY_DDATA_ARGUMENT', applied: 'no' }

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item
  return undefined
}

test('wrong arguments are refused before anything is sent', async () => {
  await using world = await DataWorld.of('a')
  const d = world.on('a')
  const calls: readonly (() => Promise<unknown>)[] = [
    () => d.counter('visits').increment(1, { signal: wrong(3) }),
    () => d.map('users').putMany(wrong({ ann: 1 })),
    () => d.map('users').getMany(wrong('ann')),
    () => d.map('users').deleteMany(wrong(undefined)),
    () => d.map('users').update('ann', wrong(undefined)),
    () => d.set('tags').addMany(wrong(7)),
    () => d.queue('work').enqueueMany(wrong({ item: 1 })),
    () => d.queue('work').ackMany(wrong(undefined)),
    () => d.map('users').putMany(wrong(['ab'])),
    () => d.map('users').putMany(wrong([undefined])),
    () => d.map('users').put('ann', 1, { timeoutMs: wrong(null) }),
    () => first(d.map('users').keys(wrong(5))),
    () => first(d.map('users').keys({ prefix: wrong(5) })),
    () => first(d.map('users').entries(wrong(null))),
    () => first(d.set('tags').values(wrong(5))),
    () => first(d.queue('work').consume({ autoExtend: wrong('false') })),
    () => first(d.queue('work').consume({ visibilityMs: NaN })),
    () => first(d.queue('work').consume(wrong(5))),
    () => first(d.queue('work').consume(wrong(null))),
    () => d.queue('work').take(wrong(5)),
    () => d.queue('work').reserve(wrong(null)),
    () => d.queue('work').redrive(wrong(null)),
    () => d.semaphore('seats', { permits: 1 }).run(() => 1, wrong(5)),
  ]
  for (const call of calls) {
    // eslint-disable-next-line no-await-in-loop -- One after the other, so that the first one that fails shows.
    await expect(call()).rejects.toMatchObject(refused)
  }
  for (const options of [{ signal: 5 }, { timeoutMs: 'soon' }, { keys: 'ann' }, { initial: 1 }]) {
    expect(() => d.map('users').watch(wrong(options))).toThrow(expect.objectContaining(refused))
  }
  expect(() => d.map('users', { shards: wrong(null) })).toThrow(expect.objectContaining(refused))
  const schema = wrong({ parse: () => {} })
  expect(() => d.map('users', { value: schema })).toThrow(expect.objectContaining(refused))
  expect(() => d.set('tags', { value: schema })).toThrow(expect.objectContaining(refused))
  expect(() => d.queue('work', { value: schema })).toThrow(expect.objectContaining(refused))
  const gateways = [undefined, {}, { system: world.node('a').system }, { sharding: {} }]
  for (const gateway of gateways) {
    expect(() => new Distributed(wrong(gateway) as Gateway)).toThrow(
      expect.objectContaining(refused),
    )
  }
})

test('a call that was refused is none for those after it', async () => {
  await using world = await DataWorld.of('a')
  const visits = world.on('a').counter('visits')
  await expect(visits.increment(1, { signal: wrong(3) })).rejects.toMatchObject(refused)
  expect(await world.settled(visits.increment())).toBe(1)
})

test('a queue that is full says so', async () => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<string>('work', { maxSize: 1 })
  await world.settled(queue.enqueue('x'))
  await expect(world.settled(queue.enqueue('y'))).rejects.toThrow(
    /is full: it would have 2 items, and its maxSize is 1/,
  )
})
