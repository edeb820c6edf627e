import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Distributed, Lease, Lock } from '@casty/ddata'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

describe('a lock', () => {
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
    name = `lock ${++count}`
  })

  function handles(options = {}): readonly Lock[] {
    return users.map((user) => user.lock(name, options))
  }

  async function settled<T>(promise: Promise<T>): Promise<T> {
    return await world.settled(promise)
  }

  function three(options = {}): readonly [Lock, Lock, Lock] {
    const [a, b, c] = handles(options)
    if (!a || !b || !c) throw new Error('There are no such users')
    return [a, b, c]
  }

  test('is acquired, released and tried', async () => {
    const [a, b] = three()
    expect((await settled(a.acquire())).permits).toBe(1)
    expect(await settled(b.tryAcquire())).toBe(false)
    expect(await settled(b.release())).toBe(false)
    expect(await settled(a.release())).toBe(true)
    expect(await settled(a.release())).toBe(false)
    expect(await settled(b.tryAcquire())).toBe(true)
    expect(await settled(b.release())).toBe(true)
  })

  test('is granted in order, with tokens that grow', async () => {
    const [a, b, c] = three()
    const tokens = [(await settled(a.acquire())).token]
    const [second, third] = [outcomeOf(b.acquire()), outcomeOf(c.acquire())]
    await world.settle()
    expect([second.isSettled, third.isSettled]).toEqual([false, false])
    expect(await settled(a.holder())).toMatchObject({ owner: users[0]?.session.id, waiters: 2 })
    await settled(a.release())
    await world.until(() => second.isSettled)
    expect(third.isSettled).toBe(false)
    tokens.push(second.value?.token ?? 0n)
    await settled(b.release())
    await world.until(() => third.isSettled)
    tokens.push(third.value?.token ?? 0n)
    await settled(c.release())
    expect(tokens).toEqual([...new Set(tokens)].sort((left, right) => (left < right ? -1 : 1)))
    expect(await settled(a.holder())).toBeUndefined()
  })

  test('is not had twice by one handle, nor waited for while it is waited for', async () => {
    const [a, b] = three()
    await settled(a.acquire())
    await expect(settled(a.acquire())).rejects.toMatchObject({ code: 'CASTY_DDATA_NOT_REENTRANT' })
    expect(await settled(a.tryAcquire())).toBe(false)
    const waiting = outcomeOf(b.acquire())
    await expect(settled(b.acquire())).rejects.toMatchObject({ code: 'CASTY_DDATA_NOT_REENTRANT' })
    await settled(a.release())
    await world.until(() => waiting.isSettled)
    expect(await settled(b.release())).toBe(true)
    expect(await settled(a.tryAcquire())).toBe(true)
    await settled(a.release())
  })

  test('is not kept by a waiter that gave up', async () => {
    const [a, b, c] = three()
    await settled(a.acquire())
    await expect(settled(b.acquire({ timeoutMs: 200 }))).rejects.toMatchObject({
      code: 'CASTY_DDATA_TIMEOUT',
      applied: 'no',
    })
    await expect(settled(b.acquire({ waitMs: 200 }))).rejects.toMatchObject({
      code: 'CASTY_DDATA_TIMEOUT',
    })
    const abort = new AbortController()
    const waiting = outcomeOf(b.acquire({ signal: abort.signal }))
    await world.settle()
    abort.abort()
    await world.until(() => waiting.isSettled)
    expect(waiting.code).toBe('CASTY_DDATA_ABORTED')
    await settled(a.release())
    expect(await settled(c.tryAcquire())).toBe(true)
    await settled(c.release())
  })

  test('is not acquired with a signal that is aborted', async () => {
    const [a, b] = three()
    await expect(a.acquire({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CASTY_DDATA_ABORTED',
    })
    expect(await settled(b.tryAcquire())).toBe(true)
    await settled(b.release())
  })

  test('that is granted just when it is given up is given back', async () => {
    const [a, b] = three({ ttlMs: 3_000 })
    const abort = new AbortController()
    const crossing = outcomeOf(a.acquire({ signal: abort.signal }))
    abort.abort()
    await world.until(() => crossing.isSettled)
    expect(crossing.code).toBe('CASTY_DDATA_ABORTED')
    expect(await settled(b.tryAcquire())).toBe(true)
    await settled(b.release())
  })

  test('that is tried in vain time is given back when its grant comes after all', async () => {
    const [a, b] = three({ ttlMs: 60_000 })
    await expect(settled(a.tryAcquire({ timeoutMs: 0.5 }))).rejects.toMatchObject({
      code: 'CASTY_DDATA_TIMEOUT',
    })
    await world.settle()
    expect(a.lease).toBeUndefined()
    expect(await settled(b.tryAcquire())).toBe(true)
    await settled(b.release())
  })

  test('stays with a live holder for many times its time, at one message for each third of it', async () => {
    const [a, b] = three({ ttlMs: 3_000 })
    const lease = await settled(a.acquire())
    const before = users[0]?.leases.renewals ?? 0
    await world.settle(30_000)
    expect(lease.isHeld).toBe(true)
    const renewals = (users[0]?.leases.renewals ?? 0) - before
    expect(renewals).toBeGreaterThanOrEqual(29)
    expect(renewals).toBeLessThanOrEqual(34)
    expect(await settled(b.tryAcquire())).toBe(false)
    expect(await settled(a.release())).toBe(true)
    await world.settle(10_000)
    expect((users[0]?.leases.renewals ?? 0) - before).toBe(renewals)
    expect(users[0]?.leases.held).toBe(0)
  })

  test('that is not renewed ends, and its holder knows before anybody else has it', async () => {
    const [a, b] = three({ ttlMs: 3_000, renew: false })
    const lease = await settled(a.acquire())
    let lostAt = Infinity
    lease.signal.addEventListener('abort', () => (lostAt = world.clock.now()))
    let grantedAt = 0
    const next = b.acquire().then((granted) => {
      grantedAt = world.clock.now()
      return granted
    })
    expect((await settled(next)).token).toBeGreaterThan(lease.token)
    expect(lostAt).toBeLessThan(grantedAt)
    expect(lease.signal.reason).toMatchObject({ code: 'CASTY_DDATA_LEASE_LOST' })
    expect(() => lease.assertHeld()).toThrow('renewals')
    expect(lease.expiresIn).toBeLessThanOrEqual(0)
    expect(await settled(a.release())).toBe(false)
    expect(await settled(lease.release())).toBe(false)
    await settled(b.release())
  })

  test('goes to the next one with a greater token when it is released by force', async () => {
    const [a, b, c] = three()
    const lease = await settled(a.acquire())
    const next = b.acquire()
    await world.settle()
    expect(await settled(c.forceRelease())).toBe(true)
    expect((await settled(next)).token).toBeGreaterThan(lease.token)
    expect(lease.signal.aborted).toBe(true)
    expect(await settled(lease.release())).toBe(false)
    await settled(b.release())
    expect(await settled(c.forceRelease())).toBe(false)
  })

  test('is taken from holder and waiters when it is destroyed, and its tokens go on growing', async () => {
    const [a, b, c] = three()
    const lease = await settled(a.acquire())
    const waiting = outcomeOf(b.acquire())
    await world.settle()
    expect(await settled(c.destroy())).toBe(true)
    await world.until(() => waiting.isSettled)
    expect(waiting.code).toBe('CASTY_DDATA_DESTROYED')
    await world.settle()
    expect(lease.signal.aborted).toBe(true)
    expect(await settled(a.release())).toBe(false)
    const again = await settled(c.acquire())
    expect(again.token).toBeGreaterThan(lease.token)
    expect(again.fence).toMatch(/^\d{20}$/)
    expect(again.fence > lease.fence).toBe(true)
    await settled(c.release())
    expect(await settled(c.destroy())).toBe(true)
    expect(await settled(c.destroy())).toBe(false)
  })

  test('is released once by its lease, which disposes of itself as well', async () => {
    const [a, b] = three()
    let first: Lease
    {
      const acquired = a.acquire()
      await settled(acquired)
      first = await acquired
      await settled(first[Symbol.asyncDispose]())
    }
    expect(await settled(first.release())).toBe(false)
    const second = await settled(b.acquire())
    expect(await settled(first.release())).toBe(false)
    expect(second.isHeld).toBe(true)
    await settled(second.release())
  })

  test('is had while a function runs, whose error comes through', async () => {
    const [a, b] = three()
    const failed = new Error('of the user')
    const run = a.run(async (lease) => {
      lease.assertHeld()
      throw failed
    })
    await expect(settled(run)).rejects.toBe(failed)
    expect(await settled(b.run(() => 'done'))).toBe('done')
  })

  test('is handed out after the resource knows its token, and not where that fails', async () => {
    const [a] = three()
    const claimed: bigint[] = []
    const failed = new Error('of the resource')
    const claiming = world.on('b').lock(name, {
      claim: (token) => {
        claimed.push(token)
        if (claimed.length > 1) throw failed
      },
    })
    const lease = await settled(claiming.acquire())
    expect(claimed).toEqual([lease.token])
    await settled(lease.release())
    await expect(settled(claiming.acquire())).rejects.toBe(failed)
    expect(await settled(a.tryAcquire())).toBe(true)
    await settled(a.release())
  })

  test('refuses users that do not agree on its options', async () => {
    const [a] = three()
    await settled(a.acquire())
    const other = world.on('b').lock(name, { shards: 20 })
    await expect(settled(other.acquire())).rejects.toMatchObject({
      code: 'CASTY_DDATA_CONFIG_MISMATCH',
      field: 'shards',
      existing: 100,
      requested: 20,
    })
    await settled(a.release())
  })

  test.each([
    { ttlMs: 0 },
    { ttlMs: 1.5 },
    { renew: 1 },
    { claim: 1 },
    { tll: 3 },
    { offerTimeoutMs: -1 },
  ])('refuses the options %j', (options) => {
    // @ts-expect-error -- What is tested is that they are wrong.
    expect(() => world.on('a').lock(name, options)).toThrow(
      expect.objectContaining({ code: 'CASTY_DDATA_ARGUMENT' }),
    )
  })

  test('is given back, and not waited for, by a user that closes', async () => {
    const [first, second] = [world.user('b'), world.user('c')]
    const [a, b] = [first.lock(name), second.lock(name)]
    const lease = await settled(a.acquire())
    const waiting = outcomeOf(b.acquire())
    await world.settle()
    await settled(second.close())
    await world.settle()
    expect(waiting.code).toBe('CASTY_DDATA_CLOSED')
    await settled(first.close())
    expect(lease.isHeld).toBe(false)
    const [c] = three()
    expect(await settled(c.tryAcquire())).toBe(true)
    await expect(settled(a.acquire())).rejects.toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
    await settled(c.release())
  })
})
