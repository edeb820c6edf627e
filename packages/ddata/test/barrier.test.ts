import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Barrier, BarrierOptions, Distributed } from '@casty/ddata'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

describe('a barrier', () => {
  let world: DataWorld
  let count = 0
  let name: string
  const users: Distributed[] = []

  beforeAll(async () => {
    world = await DataWorld.of('a b c')
    users.push(world.user('a'), world.user('b'), world.user('c'))
  })
  afterAll(async () => await world[Symbol.asyncDispose]())
  beforeEach(() => {
    name = `barrier ${++count}`
  })

  function three(options: BarrierOptions = {}): readonly [Barrier, Barrier, Barrier] {
    const [a, b, c] = users.map((user) => user.barrier(name, options))
    if (!a || !b || !c) throw new Error('There are no such users')
    return [a, b, c]
  }

  async function settled<T>(promise: Promise<T>): Promise<T> {
    return await world.settled(promise)
  }

  test('lets nobody go on before all have come, and then all, as they came', async () => {
    const [a, b, c] = three()
    const first = outcomeOf(a.arrive(3))
    await world.settle()
    const second = outcomeOf(b.arrive(3))
    await world.settle(5_000)
    expect([first.isSettled, second.isSettled]).toEqual([false, false])
    expect(await settled(c.waiting())).toBe(2)
    expect(await settled(c.arrive(3))).toEqual({ round: 1, index: 2 })
    await world.settle()
    expect([first.value, second.value]).toEqual([
      { round: 1, index: 0 },
      { round: 1, index: 1 },
    ])
    expect(await settled(a.waiting())).toBe(0)
  })

  test('is used again, and keeps its rounds apart', async () => {
    const [a, b] = three()
    expect(await settled(a.arrive(1))).toEqual({ round: 1, index: 0 })
    const five = Array.from({ length: 5 }, () => outcomeOf(b.arrive(3)))
    await world.settle()
    expect(five.map(({ value }) => value?.round)).toEqual([2, 2, 2, undefined, undefined])
    expect(await settled(a.waiting())).toBe(2)
    expect((await settled(a.arrive(3))).round).toBe(3)
  })

  test('refuses one that expects others, and the round goes on', async () => {
    const [a, b, c] = three()
    const first = outcomeOf(a.arrive(3))
    await world.settle()
    await expect(settled(b.arrive(2))).rejects.toMatchObject({
      code: 'CASTY_DDATA_BARRIER_MISMATCH',
      existing: 3,
      requested: 2,
    })
    expect(first.isSettled).toBe(false)
    const second = b.arrive(3)
    await settled(c.arrive(3))
    expect((await settled(second)).round).toBe(1)
    const next = a.arrive(2)
    expect((await settled(b.arrive(2))).round).toBe(2)
    await settled(next)
  })

  test.each([0, -1, 1.5, Number.NaN, undefined])('refuses to expect %s', async (expected) => {
    const [a] = three()
    // @ts-expect-error -- What is tested is that it is wrong.
    await expect(a.arrive(expected)).rejects.toMatchObject({ code: 'CASTY_DDATA_ARGUMENT' })
    expect(await settled(a.waiting())).toBe(0)
  })

  test('does not count those who gave up', async () => {
    const [a, b, c] = three()
    await expect(settled(a.arrive(2, { timeoutMs: 200 }))).rejects.toMatchObject({
      code: 'CASTY_DDATA_TIMEOUT',
      applied: 'no',
    })
    const abort = new AbortController()
    const aborted = outcomeOf(a.arrive(2, { signal: abort.signal }))
    await world.settle()
    abort.abort()
    await world.settle()
    expect(aborted.code).toBe('CASTY_DDATA_ABORTED')
    expect(await settled(b.waiting())).toBe(0)
    const waiting = outcomeOf(b.arrive(2))
    await world.settle()
    expect(waiting.isSettled).toBe(false)
    expect(await settled(c.arrive(2))).toEqual({ round: 1, index: 1 })
  })

  test('counts a participant that says who it is once', async () => {
    const [a, b, c] = three()
    const [first, again] = [
      outcomeOf(a.arrive(2, { participant: 'worker 1' })),
      outcomeOf(b.arrive(2, { participant: 'worker 1' })),
    ]
    await world.settle()
    expect(await settled(c.waiting())).toBe(1)
    expect(await settled(c.arrive(2, { participant: 'worker 2' }))).toEqual({ round: 1, index: 1 })
    await world.settle()
    expect([first.value, again.value]).toEqual([
      { round: 1, index: 0 },
      { round: 1, index: 0 },
    ])
  })

  test('breaks for all when a round takes too long', async () => {
    const [a, b, c] = three({ roundTimeoutMs: 2_000 })
    const first = outcomeOf(a.arrive(3))
    await world.settle(1_500)
    const second = outcomeOf(b.arrive(3))
    await world.settle(400)
    expect([first.isSettled, second.isSettled]).toEqual([false, false])
    await world.settle(200)
    expect([first.code, second.code]).toEqual([
      'CASTY_DDATA_BARRIER_BROKEN',
      'CASTY_DDATA_BARRIER_BROKEN',
    ])
    expect(await settled(c.waiting())).toBe(0)
    expect((await settled(c.arrive(1))).round).toBe(2)
  })

  test('that is destroyed tells those who wait', async () => {
    const [a, b] = three()
    const waiting = outcomeOf(a.arrive(2))
    await world.settle()
    expect(await settled(b.destroy())).toBe(true)
    await world.settle()
    expect(waiting.code).toBe('CASTY_DDATA_DESTROYED')
    expect(await settled(b.destroy())).toBe(false)
  })

  test('takes those out whose process closes', async () => {
    const user = world.user('b')
    const waiting = outcomeOf(user.barrier(name).arrive(2))
    await world.settle()
    const [a] = three()
    expect(await settled(a.waiting())).toBe(1)
    await settled(user.close())
    expect(waiting.code).toBe('CASTY_DDATA_CLOSED')
    expect(await settled(a.waiting())).toBe(0)
  })
})

test('a barrier takes those out who are not heard of, and keeps the others when its keeper dies', async () => {
  await using world = await DataWorld.of('a b c d e')
  const names = Array.from({ length: 6 }, (_, index) => `barrier ${index}`)
  const here = names.map((name) => outcomeOf(world.on('a').barrier(name).arrive(3)))
  names.map((name) => outcomeOf(world.on('e').barrier(name).arrive(3)))
  await world.settle(1_000)
  await world.kill('e')
  await world.settle(32_000)
  const waiting = names.map((name) => world.on('b').barrier(name).waiting())
  expect(await world.settled(Promise.all(waiting))).toEqual(names.map(() => 1))
  const others = names.flatMap((name) =>
    ['b', 'c'].map((host) => world.on(host).barrier(name).arrive(3)),
  )
  await world.settled(Promise.all(others))
  await world.settle()
  expect(here.map(({ value }) => value)).toEqual(names.map(() => ({ round: 1, index: 0 })))
})

test('whoever hears nothing any more is not told that it was not counted', async () => {
  await using world = await DataWorld.of('a b c', { sessionTtlMs: 4_000 })
  const others = ['a', 'b'].map((host) => world.node(host).address)
  const names = Array.from({ length: 6 }, (_, index) => `barrier ${index}`)
  world.network.partition([world.node('c').address], others)
  const arrivals = names.map(async (name) => await world.on('c').barrier(name).arrive(2))
  const outcomes = await world.settled(Promise.allSettled(arrivals), 120_000)
  const expired = outcomes.filter(({ status }) => status === 'rejected')
  expect(expired).not.toEqual([])
  for (const outcome of expired) {
    expect(outcome).toMatchObject({ reason: { applied: 'unknown', isRetryable: true } })
  }
})
