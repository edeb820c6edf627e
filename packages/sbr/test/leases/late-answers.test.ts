import { describe, expect, test } from 'vitest'
import {
  createLease,
  type InMemoryLeases,
  type ClaimAnswer,
  type LeaseClaim,
  type LeaseStore,
} from '@casty/sbr'
import { name, ttlMs, watch, World } from './world.ts'

describe('an acquisition that is answered too late', () => {
  test('rejects at its deadline, and its grant is given back', async () => {
    const world = new World()
    const lease = world.lease('a')
    world.leases.answerNext({ type: 'late', byMs: 7_000 })
    const asked = watch(lease.acquire())
    await world.advance(4_999)
    expect(asked.outcome).toBe('pending')
    await world.advance(1)
    expect(asked.outcome).toBe('CASTY_SBR_LEASE_TIMEOUT')
    expect(world.leases.holder(name)).toBeUndefined()
    await world.advance(2_000)
    expect(lease.checkLease()).toBe(false)
  })

  test('is granted nothing when the request itself comes too late', async () => {
    const world = new World()
    const lease = world.lease('a')
    world.leases.answerNext({ type: 'delayed', byMs: 9_000 })
    const asked = watch(lease.acquire())
    await world.advance(9_000)
    expect(asked.outcome).toBe('CASTY_SBR_LEASE_TIMEOUT')
    expect(world.leases.holder(name)).toBeUndefined()
  })

  test('does not disturb the next one of the same owner', async () => {
    const world = new World()
    const lease = world.lease('a')
    world.leases.answerNext({ type: 'delayed', byMs: 4_900 })
    const abort = new AbortController()
    const asked = watch(lease.acquire({ signal: abort.signal }))
    await world.advance(1_000)
    abort.abort(new Error('changed my mind'))
    expect(await lease.acquire()).toBe(true)
    const { fence } = lease
    await world.advance(60_000)
    expect(asked.outcome).toEqual(new Error('changed my mind'))
    expect([lease.checkLease(), lease.fence]).toEqual([true, fence])
    expect(world.leases.holder(name)?.fence).toBe(fence)
  })

  test('is tried to give back until that works', async () => {
    const world = new World()
    const lease = world.lease('a')
    world.leases.answerNext({ type: 'unanswered' })
    for (let tries = 0; tries < 3; tries++) {
      world.leases.answerNext({ type: 'failed' }, { request: 'release' })
    }
    const asked = watch(lease.acquire())
    await world.advance(5_000)
    expect([asked.outcome, world.leases.holder(name)?.owner]).toEqual([
      'CASTY_SBR_LEASE_TIMEOUT',
      'a',
    ])
    await world.advance(3_000)
    expect(world.leases.holder(name)).toBeUndefined()
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('is not tried to give back for ever', async () => {
    const world = new World()
    const lease = world.lease('a')
    world.leases.cut('a')
    const asked = watch(lease.acquire())
    await world.advance(50_000)
    expect([asked.outcome, world.clock.pendingTimers]).toEqual(['CASTY_SBR_LEASE_TIMEOUT', 0])
  })
})

describe('a release that is carried out late', () => {
  test('does not free what was acquired after it', async () => {
    const world = new World()
    const { lease } = await world.holder('a')
    world.leases.answerNext({ type: 'delayed', byMs: 8_000 }, { request: 'release' })
    const released = watch(lease.release())
    await world.advance(5_000)
    expect(released.outcome).toBe(false)
    expect(await lease.acquire()).toBe(true)
    await world.advance(10_000)
    expect(world.leases.holder(name)?.owner).toBe('a')
    expect(lease.checkLease()).toBe(true)
  })
})

describe('a claim that breaks on its way', () => {
  /** A store whose connection is gone when it is first used, and works when it is opened anew. */
  class Breaking implements LeaseStore {
    readonly leases: InMemoryLeases
    readonly attempts: number[] = []
    breaks: number

    constructor(leases: InMemoryLeases, breaks: number) {
      this.leases = leases
      this.breaks = breaks
    }

    claim(...[claim, signal]: Parameters<LeaseStore['claim']>): Promise<ClaimAnswer> {
      this.attempts.push(claim.attempt)
      const answer = this.leases.claim(claim, signal)
      return this.breaks-- > 0 ? Promise.reject(new Error('connection reset')) : answer
    }

    renew(claim: LeaseClaim, signal: AbortSignal): Promise<boolean> {
      return this.leases.renew(claim, signal)
    }

    release(claim: LeaseClaim, signal: AbortSignal): Promise<void> {
      return this.leases.release(claim, signal)
    }
  }

  function leaseOver(world: World, breaks: number) {
    const store = new Breaking(world.leases, breaks)
    const { clock } = world
    return { store, lease: createLease(store, { name, owner: 'a', session: 's', ttlMs, clock }) }
  }

  test('is made once more, as an attempt of its own', async () => {
    const world = new World()
    const { store, lease } = leaseOver(world, 1)
    expect(await lease.acquire()).toBe(true)
    await world.advance(ttlMs)
    expect([store.attempts, lease.checkLease()]).toEqual([[1, 2], true])
  })

  test('rejects with the reason when that breaks too, and leaves nothing held', async () => {
    const world = new World()
    const { lease } = leaseOver(world, 2)
    await expect(lease.acquire()).rejects.toThrow('connection reset')
    await world.advance(0)
    expect([lease.checkLease(), world.leases.holder(name)]).toEqual([false, undefined])
  })
})

test('a store that says it failed is neither asked again nor believed', async () => {
  const world = new World()
  const lease = world.lease('a')
  const error = new Error('the disk is full')
  world.leases.answerNext({ type: 'failed', error })
  await expect(lease.acquire()).rejects.toBe(error)
  expect([lease.checkLease(), world.clock.pendingTimers]).toEqual([false, 0])
})

test('a store that has forgotten the fences it gave is not believed', async () => {
  const world = new World()
  const fences = [7n, 8n, 8n, 3n, 9n]
  const store: LeaseStore = {
    claim: async () => ({ type: 'granted', fence: fences.shift() ?? 0n }),
    renew: async () => true,
    release: async () => {},
  }
  const { clock } = world
  const lease = createLease(store, { name, owner: 'a', session: 's', ttlMs, clock })
  const outcomes: unknown[] = []
  while (fences.length > 0) {
    const asked = watch(lease.acquire())
    await world.advance(0)
    outcomes.push(asked.outcome)
    await lease.release()
  }
  const wentBack = 'CASTY_SBR_LEASE_WENT_BACK'
  expect(outcomes).toEqual([true, true, wentBack, wentBack, true])
})

test('calls wait for their turn, each no longer than its own time', async () => {
  const world = new World()
  const lease = world.lease('a')
  world.leases.answerNext({ type: 'unanswered' })
  const first = watch(lease.acquire())
  await world.advance(2_000)
  const second = watch(lease.acquire())
  await world.advance(2_999)
  expect([first.outcome, second.outcome]).toEqual(['pending', 'pending'])
  await world.advance(1)
  expect([first.outcome, second.outcome]).toEqual(['CASTY_SBR_LEASE_TIMEOUT', true])
})
