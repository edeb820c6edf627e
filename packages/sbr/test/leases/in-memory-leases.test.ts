import { describe, expect, test } from 'vitest'
import { createLease, inMemoryLease, InMemoryLeases } from '@casty/sbr'
import { name, ttlMs, watch, World } from './world.ts'

describe('programmed answers', () => {
  test('grant a lease that another holds, who has lost it', async () => {
    const world = new World()
    const { lease, losses } = await world.holder('a')
    world.leases.answerNext({ type: 'granted' })
    const other = world.lease('b')
    expect(await other.acquire()).toBe(true)
    expect(other.fence).toBeGreaterThan(lease.fence ?? 0n)
    expect(await lease.renew()).toBe(false)
    expect(losses).toHaveLength(1)
  })

  test('deny a lease that is free', async () => {
    const world = new World()
    world.leases.answerNext({ type: 'denied' })
    expect(await world.lease('a').acquire()).toBe(false)
    expect(await world.lease('a').acquire()).toBe(true)
  })

  test('that no request has met are forgotten, as cuts are, when the store heals', async () => {
    const world = new World()
    world.leases.answerNext({ type: 'denied' })
    world.leases.cut('a')
    world.leases.heal()
    expect(await world.lease('a').acquire()).toBe(true)
    expect(world.leases.programmedAnswers).toBe(0)
  })

  test('wait for the request and the owner that they are for', async () => {
    const world = new World()
    world.leases.answerNext({ type: 'denied' }, { owner: 'b' })
    world.leases.answerNext({ type: 'denied' }, { request: 'renew', owner: 'a' })
    const { lease } = await world.holder('a')
    expect(world.leases.programmedAnswers).toBe(2)
    expect(await lease.renew()).toBe(false)
    expect(await world.lease('b').acquire()).toBe(false)
    expect(world.leases.programmedAnswers).toBe(0)
  })

  test('leave a request without an answer, carried out or not', async () => {
    const world = new World()
    world.leases.answerNext({ type: 'unanswered', carriedOut: false })
    const [first, second] = [world.lease('a'), world.lease('b')]
    const lost = watch(first.acquire())
    expect(world.leases.holder(name)).toBeUndefined()
    world.leases.answerNext({ type: 'unanswered' })
    const carriedOut = watch(second.acquire())
    await world.advance(0)
    expect(world.leases.holder(name)?.owner).toBe('b')
    expect([lost.outcome, carriedOut.outcome]).toEqual(['pending', 'pending'])
  })
})

test('requests and answers take their time', async () => {
  const world = new World({ latencyMs: 200 })
  const asked = watch(world.lease('a').acquire())
  await world.advance(199)
  expect(world.leases.holder(name)).toBeUndefined()
  await world.advance(1)
  expect([world.leases.holder(name)?.owner, asked.outcome]).toEqual(['a', 'pending'])
  await world.advance(200)
  expect(asked.outcome).toBe(true)
})

test('tells who holds a lease, with which fence and for how long', async () => {
  const world = new World()
  expect(world.leases.holder(name)).toBeUndefined()
  await world.holder('a', { heartbeatMs: 20_000 })
  await world.advance(12_000)
  expect(world.leases.holder(name)).toEqual({ owner: 'a', fence: 1n, remainingMs: 18_000 })
})

test('two leases of one owner exclude each other', async () => {
  const world = new World()
  await world.holder('a')
  expect(await world.lease('a').acquire()).toBe(false)
})

test('a lease that was taken is free at once', async () => {
  const world = new World()
  await world.holder('a')
  world.leases.take(name)
  expect(await world.lease('b').acquire()).toBe(true)
})

test.each([
  ['name', { name: '' }],
  ['owner', { owner: 'x'.repeat(201) }],
  ['ttlMs', { ttlMs: 99 }],
  ['heartbeatMs', { heartbeatMs: 0 }],
  ['operationTimeoutMs', { operationTimeoutMs: Number.NaN }],
  ['heartbeatMs + operationTimeoutMs', { heartbeatMs: 22_000, operationTimeoutMs: 5_000 }],
])('option %s is checked at the door', (option, options) => {
  const world = new World()
  const make = () => world.lease('a', { ttlMs, ...options })
  expect(make).toThrow(expect.objectContaining({ code: 'CASTY_SBR_INVALID_OPTION' }))
  expect(make).toThrow(`Option ${option} of a lease is`)
})

test('an option that is not known is refused, as is a session without a name', () => {
  const { leases } = new World()
  const options = { name, owner: 'a', session: 's' }
  const misspelt = { ...options, ttl: 5 }
  expect(() => createLease(leases, misspelt)).toThrow(
    /^Option ttl of createLease\(\) is not known; allowed is ttlMs\.$/,
  )
  expect(() => createLease(leases, { ...options, session: '' })).toThrow(
    /^Option session of a lease is ""/,
  )
})

test('a store that is none is refused', () => {
  const options = JSON.parse('{ "name": "shop-sbr", "owner": "a" }') // From a user without types.
  const code = 'CASTY_SBR_INVALID_OPTION'
  expect(() => inMemoryLease(options)).toThrow(expect.objectContaining({ code }))
  expect(() => inMemoryLease(options)).toThrow(/^Option leases of inMemoryLease\(\) is missing/)
})

test('a latency below 0 is refused', () => {
  expect(() => new InMemoryLeases({ latencyMs: -1 })).toThrow(/^Option latencyMs/)
})
