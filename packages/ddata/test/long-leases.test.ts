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
