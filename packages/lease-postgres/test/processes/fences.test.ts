import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { timing } from './timing.ts'
import { hasNoServer, World } from './world.ts'

describe.skipIf(hasNoServer)('fences grow', () => {
  let world: World
  beforeAll(async () => {
    // A user's default that loses what was committed last when the server dies.
    world = await World.start({ synchronous_commit: 'off', wal_writer_delay: '10s' })
  })
  beforeEach(() => world.nextTest())
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('across release, expiry, and the death of the server', async () => {
    const fences: (bigint | undefined)[] = []
    for (const owner of ['a', 'b', 'c']) {
      const lease = world.lease(owner, timing)
      expect(await lease.acquire()).toBe(true)
      fences.push(lease.fence)
      if (owner === 'a') await lease.release()
      await lease[Symbol.asyncDispose]()
      if (owner === 'b') await world.pass(timing.ttlMs)
    }
    await world.server.kill()
    await world.server.startAgain()
    await world.pass(timing.ttlMs)
    await using last = world.lease('d')
    expect(await last.acquire()).toBe(true)
    expect([...fences, last.fence]).toEqual([1n, 2n, 3n, 4n])
  })

  test('as what was granted outlives the server that granted it', async () => {
    await using lease = world.lease('a')
    await using other = world.lease('b')
    expect(await lease.acquire()).toBe(true)
    await world.server.kill()
    await world.server.startAgain()
    expect(await other.acquire()).toBe(false)
    expect(await lease.renew()).toBe(true)
  })
})
