// Leases that are renewed more rarely than a process is forgotten that says nothing.
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test.each([true, false])(
  'a lease of ten minutes is held through minutes of silence (renewed: %s)',
  async (renew) => {
    await using world = await DataWorld.of('a b c')
    const lock = world.on('a').lock('l', { ttlMs: 600_000, renew })
    const lease = await world.settled(lock.acquire())
    await world.settle(400_000)
    // Others are in the same part, and use its session.
    const names = Array.from({ length: 200 }, (_, index) => `other ${index}`)
    await world.settled(Promise.all(names.map((name) => world.on('a').lock(name).tryAcquire())))
    expect(lease.isHeld).toBe(true)
    expect(await world.settled(lease.release())).toBe(true)
    const other = world.on('b').lock('l', { ttlMs: 600_000, renew })
    expect(await world.settled(other.tryAcquire())).toBe(true)
  },
)

test.each(['release', 'close'])(
  'what was held through minutes of being cut off is given back by %s',
  async (way) => {
    await using world = await DataWorld.of('a b c')
    const user = world.user('c')
    const names = Array.from({ length: 12 }, (_, index) => `l${index}`)
    const leases = await world.settled(
      Promise.all(names.map((name) => user.lock(name, { ttlMs: 3_600_000 }).acquire())),
    )
    const [a, b, c] = ['a', 'b', 'c'].map((host) => world.node(host).address)
    if (!a || !b || !c) throw new Error('Three are there')
    world.network.partition([c], [a, b], { mode: 'reset' })
    await world.settle(200_000)
    world.network.heal()
    await world.settle(12_000)
    expect(leases.every(({ isHeld }) => isHeld)).toBe(true)
    if (way === 'close') await world.settled(user.close())
    else {
      const released = world.settled(Promise.all(leases.map((lease) => lease.release())))
      expect(await released).toEqual(names.map(() => true))
    }
    const tried = names.map((name) => world.on('a').lock(name, { ttlMs: 3_600_000 }).tryAcquire())
    expect(await world.settled(Promise.all(tried))).toEqual(names.map(() => true))
  },
)
