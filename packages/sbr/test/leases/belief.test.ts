import { describe, expect, test } from 'vitest'
import { trustedLeaseMs } from '@casty/sbr'
import { MachineClock, name, ttlMs, watch, World } from './world.ts'

describe('a holder stops believing before the store lets another in', () => {
  test.each([
    ['equal', 1],
    ['slow by one in a hundred', 0.99],
    ['fast by one in a hundred', 1.01],
  ])('with a clock that is %s', async (_, rate) => {
    const world = new World()
    const { lease, losses } = await world.holder('a', {
      clock: new MachineClock(world.clock, rate),
    })
    world.leases.cut('a')
    const held: boolean[] = []
    while (world.leases.holder(name) !== undefined) {
      held.push(lease.checkLease())
      await world.advance(100)
    }
    expect(lease.checkLease()).toBe(false)
    expect(losses).toMatchObject([{ code: 'CASTY_SBR_LEASE_LOST' }])
    expect(held.lastIndexOf(true)).toBeGreaterThan(held.length * 0.88)
  })

  test('counted from when it asked, not from when it was answered', async () => {
    const world = new World()
    world.leases.answerNext({ type: 'late', byMs: 4_000 })
    const lease = world.lease('a')
    const asked = watch(lease.acquire())
    await world.advance(4_000)
    expect([asked.outcome, lease.checkLease()]).toEqual([true, true])
    world.leases.cut('a')
    await world.advance(trustedLeaseMs(ttlMs) - 4_001)
    expect(lease.checkLease()).toBe(true)
    await world.advance(1)
    expect(lease.checkLease()).toBe(false)
  })

  test('and so for renewals', async () => {
    const world = new World()
    const { lease } = await world.holder('a')
    world.leases.answerNext({ type: 'late', byMs: 3_000 }, { request: 'renew' })
    await world.advance(13_000)
    world.leases.cut('a')
    await world.advance(trustedLeaseMs(ttlMs) - 3_001)
    expect(lease.checkLease()).toBe(true)
    await world.advance(1)
    expect(lease.checkLease()).toBe(false)
  })
})

describe('a process that was paused', () => {
  test('finds its lease gone before it hears of it', async () => {
    const world = new World()
    const clock = new MachineClock(world.clock)
    const { lease, losses } = await world.holder('a', { clock })
    clock.pause()
    await world.advance(40_000)
    expect(await world.lease('b').acquire()).toBe(true)
    expect([lease.checkLease(), lease.fence, losses.length]).toEqual([false, undefined, 0])
    clock.resume()
    await world.advance(0)
    expect([lease.checkLease(), losses.length]).toEqual([false, 1])
  })

  test('hears of the loss when it asks again before its timers have run', async () => {
    const world = new World()
    const clock = new MachineClock(world.clock)
    const { lease, losses } = await world.holder('a', { clock })
    const before = lease.fence ?? 0n
    clock.pause()
    await world.advance(40_000)
    expect(await lease.acquire()).toBe(true)
    expect(lease.fence).toBeGreaterThan(before)
    expect(losses).toHaveLength(1)
    clock.resume()
    await world.advance(60_000)
    expect([lease.checkLease(), losses.length]).toEqual([true, 1])
  })

  test('does not take up again what a renewal prolonged meanwhile', async () => {
    const world = new World()
    const clock = new MachineClock(world.clock)
    const { lease, losses } = await world.holder('a', { clock })
    world.leases.answerNext({ type: 'late', byMs: 25_000 }, { request: 'renew' })
    await world.advance(10_000) // The renewal is on its way, and is carried out.
    clock.pause()
    await world.advance(26_000)
    expect(world.leases.holder(name)).toMatchObject({ owner: 'a' })
    expect([lease.checkLease(), losses.length]).toEqual([false, 1])
    clock.resume()
    await world.advance(0)
    expect([lease.checkLease(), losses.length]).toEqual([false, 1])
    expect(world.leases.holder(name)).toBeUndefined() // What nobody believes in is given back.
  })

  test('acts on no grant that it comes to read too late', async () => {
    const world = new World()
    const clock = new MachineClock(world.clock)
    const lease = world.lease('a', { clock })
    world.leases.answerNext({ type: 'late', byMs: 20_000 })
    const asked = watch(lease.acquire())
    clock.pause()
    await world.advance(20_000)
    expect([asked.outcome, lease.checkLease()]).toEqual(['CASTY_SBR_LEASE_TIMEOUT', false])
    clock.resume()
    await world.advance(0)
    expect(world.leases.holder(name)).toBeUndefined()
  })
})

describe('renewal', () => {
  test('is tried again soon after it failed', async () => {
    const world = new World()
    const { lease, losses } = await world.holder('a')
    const error = new Error('the disk is full')
    world.leases.answerNext({ type: 'failed', error }, { request: 'renew' })
    await world.advance(10_000)
    expect(world.logged).toEqual(['A lease was not renewed'])
    await world.advance(1_000)
    expect(world.leases.holder(name)?.remainingMs).toBe(ttlMs)
    expect([lease.checkLease(), losses]).toEqual([true, []])
  })

  test('names as the cause of a loss why it failed', async () => {
    const world = new World()
    const { losses } = await world.holder('a')
    const error = new Error('the disk is full')
    for (let tries = 0; tries < 40; tries++) {
      world.leases.answerNext({ type: 'failed', error }, { request: 'renew' })
    }
    await world.advance(ttlMs)
    expect(losses).toMatchObject([{ code: 'CASTY_SBR_LEASE_LOST', cause: error }])
  })

  test('can be asked for at once, and tells what was lost', async () => {
    const world = new World()
    const { lease, losses } = await world.holder('a')
    expect(await lease.renew()).toBe(true)
    world.leases.take(name)
    expect(await lease.renew()).toBe(false)
    expect([lease.checkLease(), losses.length]).toEqual([false, 1])
    expect(await lease.renew()).toBe(false)
  })

  test('that is asked for too late tells of the loss', async () => {
    const world = new World()
    const clock = new MachineClock(world.clock)
    const { lease, losses } = await world.holder('a', { clock })
    clock.pause()
    await world.advance(40_000)
    expect([await lease.renew(), losses.length]).toEqual([false, 1])
  })

  test('rejects where the store does not tell, and the lease is held on', async () => {
    const world = new World()
    const { lease } = await world.holder('a')
    world.leases.cut('a')
    const renewed = watch(lease.renew())
    await world.advance(5_000)
    expect([renewed.outcome, lease.checkLease()]).toEqual(['CASTY_SBR_LEASE_TIMEOUT', true])
  })
})

test('what is neither held nor owed leaves no timer behind', async () => {
  const world = new World()
  const { lease } = await world.holder('a')
  await lease.release()
  const { lease: disposed } = await world.holder('b')
  await disposed[Symbol.asyncDispose]()
  expect(world.clock.pendingTimers).toBe(0)
})
