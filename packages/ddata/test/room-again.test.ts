// Room that one part makes is there for others, and what fills it is no reason not to make any.
import type { Clock } from '@casty/clock'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ShortOfRoom } from '../src/host/short-of-room.ts'
import { partId, tableId } from '../src/kinds/kind.ts'
import { DataWorld } from './data-world.ts'
import { ownerAndOther } from './owners.ts'

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))

/** Until there is no room. @returns how many were taken */
async function fill(world: DataWorld, add: (index: number) => Promise<unknown>): Promise<number> {
  for (let count = 0; ; count++) {
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    const [{ status }] = await world.settled(Promise.allSettled([add(count)]), 60_000)
    if (status === 'rejected') return count
  }
}

test('what was cleared on a node is had by another part of it at once', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 1_000_000 } })
  const first = world.on('a').map<number, string>('first', { shards: 1 })
  await fill(world, async (key) => await first.put(key, 'x'.repeat(8_000)))
  const [{ host: owner }] = ownerAndOther(world, partId('map', 'first', 0))
  const ownerOf = (name: string): string => ownerAndOther(world, partId('map', name, 0))[0].host
  const names = Array.from({ length: 30 }, (_, index) => `second ${index}`)
  const name = names.find((one) => ownerOf(one) === owner)
  if (name === undefined) throw new Error('No part is on that node')
  const second = world.user(owner).map<number, string>(name, { shards: 1 })
  const outcomes = await world.settled(Promise.all([first.clear(), second.put(1, 'y')]), 60_000)
  expect(outcomes).toHaveLength(2)
})

test('what was emptied on one node makes room for what is written on another, while it is waited at', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 1_000_000 } })
  const queue = world.on('a').queue<string>('work')
  const count = await fill(world, async () => await queue.enqueue('x'.repeat(4_000)))
  for (let left = count; left > 0; left--) {
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    expect(await world.settled(queue.dequeue(), 60_000)).toBeDefined()
  }
  void queue.take().catch(() => {})
  const [{ host: owner }] = ownerAndOther(world, partId('queue', 'work', 0))
  const names = Array.from({ length: 30 }, (_, index) => `visits ${index}`)
  const name = names.find((one) => ownerAndOther(world, tableId('counter', one))[0].host !== owner)
  if (name === undefined) throw new Error('No part is on another node')
  expect(await world.settled(world.on('a').counter(name).increment())).toBe(1)
})

test('who reads what is not there takes no room that is kept for emptying what is', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 400_000 } })
  const queue = world.on('a').queue<string>('work')
  const count = await fill(world, async () => await queue.enqueue('x'.repeat(2_000)))
  await fill(world, async (index) => await world.on('b').map<number, number>(`map ${index}`).get(1))
  for (let left = count; left > 0; left--) {
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    expect(await world.settled(queue.dequeue(), 60_000)).toBeDefined()
  }
  await world.settled(queue.enqueue('x'), 60_000)
})

test('a queue that is full is emptied beside those that try to add', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 1_000_000 } })
  const queue = world.on('a').queue<string>('work')
  const count = await fill(world, async () => await queue.enqueue('x'.repeat(2_000)))
  const end = world.clock.now() + 30_000
  const produce = async (host: string): Promise<void> => {
    const own = world.user(host).queue<string>('work')
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    while (world.clock.now() < end) await own.enqueue('x'.repeat(2_000)).catch(() => {})
  }
  let taken = 0
  const consume = async (): Promise<void> => {
    const own = world.user('b').queue<string>('work')
    while (world.clock.now() < end) {
      // eslint-disable-next-line no-await-in-loop -- The same.
      if ((await own.dequeue()) !== undefined) taken += 1
    }
  }
  const hosts = ['a', 'b', 'c', 'a']
  await world.settled(Promise.all([consume(), ...hosts.map(produce)]), 120_000)
  expect(taken).toBeGreaterThan(2 * count)
})

describe('parts that were refused', () => {
  function time(): { readonly clock: Pick<Clock, 'now'>; readonly pass: (ms: number) => void } {
    let now = 0
    return { clock: { now: () => now }, pass: (ms) => void (now += ms) }
  }

  test('add nothing for a second, and make room meanwhile', () => {
    const { clock, pass } = time()
    const room = new ShortOfRoom(clock)
    room.refused('p', 'full', undefined)
    expect([undefined, 'later', 'now'].map((frees) => room.whyFull('p', frees as never))).toEqual(['full', undefined, undefined]) // prettier-ignore
    expect(room.whyFull('q', undefined)).toBeUndefined()
    pass(1_000)
    expect(room.whyFull('p', undefined)).toBeUndefined()
  })

  test('wait for four times as long each time that there is no room to make any', () => {
    const { clock, pass } = time()
    const room = new ShortOfRoom(clock)
    for (const pause of [1_000, 4_000, 16_000]) {
      room.refused('p', 'full', 'later')
      pass(pause - 1)
      expect(room.whyFull('p', 'later')).toBe('full')
      expect(room.whyFull('p', 'now')).toBeUndefined()
      pass(1)
      expect(room.whyFull('p', 'later')).toBeUndefined()
    }
    room.wrote('p', 'now')
    room.refused('p', 'full', 'later')
    pass(16_000)
    expect(room.whyFull('p', 'later')).toBe('full')
    room.hasLetGo('p')
    expect(room.whyFull('p', 'later')).toBeUndefined()
    room.wrote('p', 'later')
    room.refused('p', 'full', 'later')
    pass(1_000)
    expect(room.whyFull('p', 'later')).toBeUndefined()
  })

  test('others let go of what they can one at a time, again where they were busy, and past one that does not end', async () => {
    const { clock, pass } = time()
    const room = new ShortOfRoom(clock)
    const asked: string[] = []
    const answers = [false, true]
    room.mayLetGo(async () => {
      asked.push('busy')
      return answers.shift() ?? true
    })
    room.refused('p', 'full', undefined)
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    room.refused('p', 'full', undefined)
    await vi.waitFor(() => expect(asked).toHaveLength(2))
    room.mayLetGo(async () => await new Promise(() => {}))
    room.refused('p', 'full', undefined)
    room.mayLetGo(async () => {
      asked.push('next')
      return true
    })
    room.refused('p', 'full', undefined)
    expect(asked).not.toContain('next')
    pass(10_000)
    room.refused('p', 'full', undefined)
    await vi.waitFor(() => expect(asked).toContain('next'))
  })
})
