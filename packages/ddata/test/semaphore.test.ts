import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Distributed, Semaphore, SemaphoreOptions } from '@casty/ddata'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

describe('a semaphore', () => {
  let world: DataWorld
  let count = 0
  let name: string
  const users: Distributed[] = []

  beforeAll(async () => {
    world = await DataWorld.of('a b c')
    users.push(world.user('a'), world.user('b'), world.user('c'), world.user('a'))
  })
  afterAll(async () => await world[Symbol.asyncDispose]())
  beforeEach(() => {
    name = `semaphore ${++count}`
  })

  function four(options: SemaphoreOptions): readonly [Semaphore, Semaphore, Semaphore, Semaphore] {
    const [a, b, c, d] = users.map((user) => user.semaphore(name, options))
    if (!a || !b || !c || !d) throw new Error('There are no such users')
    return [a, b, c, d]
  }

  async function settled<T>(promise: Promise<T>): Promise<T> {
    return await world.settled(promise)
  }

  test('is had several times by one handle, and given back one by one', async () => {
    const [a, b] = four({ permits: 3 })
    const leases = await settled(Promise.all([a.acquire(), a.acquire(), a.acquire()]))
    expect(new Set(leases.map(({ token }) => token)).size).toBe(3)
    expect(await settled(b.tryAcquire())).toBe(false)
    expect(await settled(a.release())).toBe(true)
    expect(await settled(b.tryAcquire())).toBe(true)
    expect(await settled(a.release())).toBe(true)
    expect(await settled(a.release())).toBe(true)
    expect(await settled(a.release())).toBe(false)
    expect(await settled(b.available())).toBe(2)
  })

  test('gains nothing from a release by somebody else', async () => {
    const [a, b, c] = four({ permits: 1 })
    await settled(a.acquire())
    expect(await settled(b.release())).toBe(false)
    expect(await settled(c.tryAcquire())).toBe(false)
    expect(await settled(c.available())).toBe(0)
    expect(await settled(a.release())).toBe(true)
    expect(await settled(c.available())).toBe(1)
  })

  test.each([0, -3, 1.5, Number.NaN, undefined])('of %s permits is refused', (permits) => {
    // @ts-expect-error -- What is tested is that it is wrong.
    expect(() => world.on('a').semaphore(name, { permits })).toThrow(
      expect.objectContaining({ code: 'CASTY_DDATA_ARGUMENT' }),
    )
  })

  test('refuses to be asked for more than there are, and for none', async () => {
    const [a] = four({ permits: 2 })
    const refused = { code: 'CASTY_DDATA_ARGUMENT' }
    await expect(settled(a.acquire(3))).rejects.toMatchObject(refused)
    await expect(settled(a.tryAcquire(0))).rejects.toMatchObject(refused)
    await expect(settled(a.tryAcquire(-1))).rejects.toMatchObject(refused)
    expect(await settled(a.available())).toBe(2)
  })

  test('does not let those who want few overtake one who wants many', async () => {
    const [a, b, c, d] = four({ permits: 3 })
    const first = await settled(a.acquire(2))
    const [many, few] = [outcomeOf(b.acquire(3)), outcomeOf(c.acquire(1))]
    await world.settle()
    expect(await settled(d.tryAcquire(1))).toBe(false)
    await settled(first.release())
    await world.until(() => many.isSettled)
    expect(few.isSettled).toBe(false)
    await settled(b.release())
    await world.until(() => few.isSettled)
    expect(few.value?.permits).toBe(1)
    await settled(c.release())
  })

  test('takes nothing for waiters that gave up', async () => {
    const [a, b, c, d] = four({ permits: 1 })
    await settled(a.acquire())
    const abort = new AbortController()
    const [timed, aborted] = [
      outcomeOf(b.acquire(1, { waitMs: 200 })),
      outcomeOf(c.acquire(1, { signal: abort.signal })),
    ]
    const last = outcomeOf(d.acquire())
    await world.settle(250)
    expect(timed.code).toBe('CASTY_DDATA_TIMEOUT')
    abort.abort()
    await world.until(() => aborted.isSettled)
    expect(aborted.code).toBe('CASTY_DDATA_ABORTED')
    await settled(a.release())
    await world.until(() => last.isSettled)
    expect(await settled(d.release())).toBe(true)
    expect(await settled(a.available())).toBe(1)
  })

  test('wakes waiters when it gets larger, and takes nothing from holders when it gets smaller', async () => {
    const [a, b] = four({ permits: 1 })
    const first = await settled(a.acquire())
    const waiting = outcomeOf(b.acquire())
    expect(await settled(a.resize(2))).toBe(2)
    await world.until(() => waiting.isSettled)
    expect(await settled(a.resize(1))).toBe(1)
    expect([first.isHeld, waiting.value?.isHeld]).toEqual([true, true])
    expect(await settled(a.available())).toBe(0)
    expect(await settled(a.release())).toBe(true)
    expect(await settled(a.tryAcquire())).toBe(false)
    expect(await settled(b.release())).toBe(true)
    expect(await settled(a.tryAcquire())).toBe(true)
    await settled(a.release())
  })

  test('stays as large as it was made when nobody uses it', async () => {
    const [a, b] = four({ permits: 1 })
    await settled(a.resize(3))
    expect(await settled(b.available())).toBe(3)
    await settled(a.destroy())
    expect(await settled(b.available())).toBe(1)
  })

  test('tells waiters that want more than there are from now on', async () => {
    const [a, b] = four({ permits: 3 })
    await settled(a.acquire())
    const waiting = outcomeOf(b.acquire(3))
    await world.settle()
    await settled(a.resize(2))
    await world.settle()
    expect(waiting.code).toBe('CASTY_DDATA_ARGUMENT')
    await settled(a.release())
  })

  test('refuses users that do not agree on its permits', async () => {
    const [a] = four({ permits: 1 })
    await settled(a.acquire())
    const other = world.on('b').semaphore(name, { permits: 5 })
    await expect(settled(other.acquire())).rejects.toMatchObject({
      code: 'CASTY_DDATA_CONFIG_MISMATCH',
      field: 'permits',
      existing: 1,
      requested: 5,
    })
    await settled(a.release())
  })

  test('is destroyed without harm to a lock of its name', async () => {
    const [a, b] = four({ permits: 1 })
    const lock = world.on('c').lock(name)
    const lease = await settled(a.acquire())
    expect(await settled(lock.tryAcquire())).toBe(true)
    const waiting = outcomeOf(b.acquire())
    await world.settle()
    expect(await settled(a.destroy())).toBe(true)
    await world.settle()
    expect(waiting.code).toBe('CASTY_DDATA_DESTROYED')
    expect(lease.signal.aborted).toBe(true)
    expect(await settled(lock.release())).toBe(true)
    expect(await settled(b.tryAcquire())).toBe(true)
    await settled(b.release())
  })

  test('lends permits while a function runs', async () => {
    const [a, b] = four({ permits: 3 })
    const run = a.run(async ({ permits }) => [permits, await b.available()], { permits: 2 })
    expect(await settled(run)).toEqual([2, 1])
    expect(await settled(b.available())).toBe(3)
  })
})
