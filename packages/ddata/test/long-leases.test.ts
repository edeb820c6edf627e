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

test.each([true, false])(
  'whose lock is taken by force while it says nothing knows within a minute (renewed: %s)',
  async (renew) => {
    await using world = await DataWorld.of('a b c')
    const lock = world.on('a').lock('l', { ttlMs: 600_000, renew })
    const lease = await world.settled(lock.acquire())
    await world.settle(45_000) // It is told nothing any more unless it asks.
    expect(await world.settled(world.on('b').lock('l').forceRelease())).toBe(true)
    await world.until(() => !lease.isHeld, 61_000)
    expect(lease.signal.reason).toMatchObject({ code: 'CASTY_DDATA_LEASE_LOST' })
  },
)

test('whose locks are taken by force behind the back of a new owner knows within a minute', async () => {
  await using world = await DataWorld.of('a b c d')
  const names = Array.from({ length: 20 }, (_, index) => `l${index}`)
  const on = (host: string, name: string) =>
    world.on(host).lock(name, { ttlMs: 600_000, renew: false })
  const leases = await world.settled(Promise.all(names.map((name) => on('a', name).acquire())))
  const gone = world.node('d').address
  await world.kill('d')
  world.node('a').cluster.down(gone)
  await world.settle(10_000)
  const taken = names.map((name) => on('b', name).forceRelease())
  expect(await world.settled(Promise.all(taken))).toEqual(names.map(() => true))
  await world.until(() => leases.every(({ isHeld }) => !isHeld), 61_000)
})

test('a lease that is not renewed ends with its time, whatever is asked about it meanwhile', async () => {
  await using world = await DataWorld.of('a b c')
  const lock = world.on('a').lock('l', { ttlMs: 200_000, renew: false })
  const lease = await world.settled(lock.acquire())
  await world.settle(189_000)
  expect(lease.isHeld).toBe(true)
  await world.settle(2_000)
  expect(lease.isHeld).toBe(false)
  await world.settle(10_000)
  expect(await world.settled(world.on('b').lock('l').tryAcquire())).toBe(true)
})
