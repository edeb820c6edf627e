// Where nobody keeps structures, or nobody who does can be asked.
import { ActorSystem } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { Distributed, type DDataError, type WaitOptions } from '@casty/ddata'
import { ClientAccess, ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'
import { ownerAndOther } from './owners.ts'
import { tableId } from '../src/kinds/kind.ts'

test('says that no member keeps structures, and does not wait for one without end', async () => {
  // Members that are not of that role use what others keep.
  await using world = await DataWorld.of('a b', { role: 'keeper' })
  const user = world.on('b')
  const lock = user.lock('deploy')
  const startedAt = world.clock.now()
  const calls = [
    user.counter('visits').increment(),
    user.counter('visits').get(),
    user.map('prices').set('tea', 7),
    lock.acquire(),
    user.queue('work').take(),
  ]
  for (const outcome of await world.settled(Promise.allSettled(calls))) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'CASTY_DDATA_UNAVAILABLE',
        message: expect.stringContaining('no member that is up and in reach keeps structures'),
      },
    })
  }
  expect(world.clock.now() - startedAt).toBeLessThan(7_000)
})

test('who gave up on a lock need not wait for who keeps it, and what was granted is given back', async () => {
  await using world = await DataWorld.of('a b c d')
  const [near, far] = [world.on('a').lock('deploy'), world.on('d').lock('deploy')]
  expect(await world.settled(near.tryAcquire())).toBe(true)
  expect(await world.settled(near.release())).toBe(true)
  for (const host of ['a', 'b', 'c']) {
    const [from, to] = [world.node(host).address, world.node('d').address]
    world.network.cut(from, to, { mode: 'hold', oneWay: true })
  }
  const startedAt = world.clock.now()
  const acquired = far.acquire({ timeoutMs: 1_000 })
  await expect(world.settled(acquired)).rejects.toMatchObject({ applied: 'unknown' })
  expect(world.clock.now() - startedAt).toBeLessThan(2_100)
  expect(await world.settled(near.holder())).toBeDefined()
  world.network.heal()
  await world.settle(3_000)
  expect(await world.settled(near.holder())).toBeUndefined()
  expect(await world.settled(far.tryAcquire())).toBe(true)
})

/** Calls that may have to wait, and when each of them is to have failed: where it is known that nobody keeps it, and where who does is out of reach. */
const waits: readonly [
  call: string,
  make: (user: Distributed) => Promise<unknown>,
  nobodyMs: number,
  outOfReachMs: number,
][] = [
  ['acquire', (user) => user.lock('l0').acquire(), 5_000, 30_000],
  ['acquire, 0 s', (user) => user.lock('l1').acquire({ waitMs: 0 }), 5_000, 5_000],
  ['acquire, 1 s', (user) => user.lock('l2').acquire({ waitMs: 1_000 }), 5_000, 6_000],
  ['acquire, 20 s', (user) => user.lock('l3').acquire({ waitMs: 20_000 }), 5_000, 10_000],
  ['acquire in 1 s', (user) => user.lock('l4').acquire({ timeoutMs: 1_000 }), 1_000, 2_000],
  ['acquire in 60 s', (user) => user.lock('l5').acquire({ timeoutMs: 60_000 }), 60_000, 65_000],
  ['take', (user) => user.queue('q0').take(), 5_000, 30_000],
  ['take, 1 s', (user) => user.queue('q1').take({ waitMs: 1_000 }), 5_000, 6_000],
  ['reserve, 1 s', (user) => user.queue('q2').reserve({ waitMs: 1_000 }), 5_000, 6_000],
  ['enqueue', (user) => user.queue('q3', { onFull: 'wait' }).enqueue(1), 5_000, 10_000],
  ['arrive', (user) => user.barrier('b0').arrive(2), 60_000, 65_000],
  ['arrive in 10 s', (user) => user.barrier('b1').arrive(2, { timeoutMs: 10_000 }), 10_000, 15_000],
]

interface Failure {
  readonly atMs: number
  readonly error: DDataError
}

async function failuresOf(world: DataWorld, user: Distributed): Promise<Map<string, Failure>> {
  const startedAt = world.clock.now()
  const failures = new Map<string, Failure>()
  const calls = waits.map(async ([call, make]) => {
    await make(user).catch((error: DDataError) => {
      failures.set(call, { atMs: world.clock.now() - startedAt, error })
    })
  })
  await world.settled(Promise.all(calls), 120_000)
  return failures
}

/** When each of them failed, to a second. */
function secondsOf(failures: ReadonlyMap<string, Failure>): readonly unknown[] {
  return waits.map(([call]) => [call, Math.round((failures.get(call)?.atMs ?? NaN) / 1_000)])
}

function codesOf(failures: ReadonlyMap<string, Failure>): ReadonlySet<string> {
  return new Set([...failures.values()].map(({ error }) => error.code))
}

test('whatever waits fails in its time where nobody keeps structures, and says so', async () => {
  await using world = await DataWorld.of('a b', { role: 'keeper' })
  const failures = await failuresOf(world, world.on('b'))
  expect(secondsOf(failures)).toEqual(waits.map(([call, , ms]) => [call, ms / 1_000]))
  expect(codesOf(failures)).toEqual(new Set(['CASTY_DDATA_UNAVAILABLE']))
})

/** The name of a lock that a node keeps, or another one. */
async function lockAt(world: DataWorld, host: string, isThere: boolean): Promise<string> {
  for (let index = 0; ; index++) {
    const name = `lock ${index}`
    // eslint-disable-next-line no-await-in-loop -- The first one will do.
    await world.settled(world.on(host).lock(name).holder())
    if ((ownerAndOther(world, tableId('lock', name))[0].host === host) === isThere) return name
  }
}

test.each([
  [false, 'which keeps it, is out of reach'],
  [true, 'this node keeps it, and may do nothing while it is out of touch with the others'],
])(
  'a lock that cannot be had while its user is cut off says why (kept by that: %s)',
  async (isThere, why) => {
    await using world = await DataWorld.of('a b c d')
    const name = await lockAt(world, 'd', isThere)
    const others = ['a', 'b', 'c'].map((host) => world.node(host).address)
    world.network.partition([world.node('d').address], others)
    const startedAt = world.clock.now()
    const options: readonly WaitOptions[] = [{ waitMs: 1_000 }, {}, { timeoutMs: 60_000 }]
    const atMs = options.map(async (each) => {
      await expect(world.on('d').lock(name).acquire(each)).rejects.toMatchObject({
        code: 'CASTY_DDATA_UNAVAILABLE',
        message: expect.stringContaining(why),
        applied: 'unknown',
      })
      return world.clock.now() - startedAt
    })
    const [short, endless, long] = await world.settled(Promise.all(atMs), 120_000)
    expect(short).toBeLessThan(6_500)
    expect(endless).toBeGreaterThan(29_000)
    expect(endless).toBeLessThan(31_000)
    expect(long).toBeLessThan(31_000) // They share a session, which is lost with the one that waits without end.
  },
)

test('whatever waits outside of the cluster fails in its time where all members are gone, and says so', async () => {
  await using world = await DataWorld.of('a b')
  const accesses = world.nodes.map(({ remoting }) => new ClientAccess(remoting, {}))
  const system = new ActorSystem({ clock: world.clock, random: seededRandom(8) })
  const client = await world.settled(
    ClusterClient.connect({
      system,
      transport: world.network.transport({ host: 'x' }),
      contactPoints: ['a:1', 'b:1'],
      random: seededRandom(7),
    }),
  )
  const user = new Distributed({ system, sharding: ShardingClient.attach({ client }) })
  await world.settled(user.counter('visits').increment())
  for (const { host } of world.nodes) await world.kill(host)
  await world.settle(10_000) // By then it is known.
  const failures = await failuresOf(world, user)
  expect(codesOf(failures)).toEqual(new Set(['CASTY_DDATA_UNAVAILABLE']))
  expect(secondsOf(failures)).toEqual(waits.map(([call, , , ms]) => [call, ms / 1_000]))
  await world.settled(user.close())
  for (const access of accesses) access[Symbol.dispose]()
  await world.settled(system.shutdown())
})
