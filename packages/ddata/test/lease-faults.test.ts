// What becomes of locks and semaphores when nodes die, are cut off, or start again.
import type { Distributed, Lease } from '@casty/ddata'
import { seededRandom } from '@casty/clock'
import type { Cluster } from '@casty/membership'
import { inMemoryJournal } from '@casty/persistence'
import { describe, expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

/** Which node keeps a lock: it hears of it without any time going by. */
async function hostOf(world: DataWorld, name: string): Promise<string> {
  await world.settled(world.on('a').lock(name).holder())
  for (const { host } of world.nodes) {
    const answer = outcomeOf(world.on(host).lock(name).holder())
    await world.clock.advanceAsync(0)
    if (answer.isSettled) return host
    await world.settle()
  }
  throw new Error(`Nobody keeps ${name}`)
}

/** A lock that a certain node keeps, or certainly does not. */
async function nameAt(world: DataWorld, host: string, isThere: boolean): Promise<string> {
  for (let index = 0; index < 50; index++) {
    const name = `lock ${index}`
    if (((await hostOf(world, name)) === host) === isThere) return name
  }
  throw new Error(`There is no such lock`)
}

function cutOff(world: DataWorld, host: string): void {
  const others = world.nodes.filter((node) => node.host !== host)
  world.network.partition(
    [world.node(host).address],
    others.map(({ address }) => address),
  )
}

function membersUp(cluster: Cluster): number {
  return cluster.getState().members.filter(({ status }) => status === 'up').length
}

function notesLoss(world: DataWorld, lease: Lease): { at: number } {
  const loss = { at: Infinity }
  lease.signal.addEventListener('abort', () => (loss.at = world.clock.now()))
  return loss
}

describe('a lock whose holder dies', () => {
  test('goes to the next one when its time is over, and not before', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', false)
    const options = { ttlMs: 3_000 }
    const first = await world.settled(world.on('d').lock(name, options).acquire())
    const next = outcomeOf(world.on('b').lock(name, options).acquire())
    await world.settle(5_000)
    expect(next.isSettled).toBe(false)
    const killedAt = world.clock.now()
    await world.kill('d')
    await world.until(() => next.isSettled)
    expect(world.clock.now() - killedAt).toBeGreaterThan(1_900)
    expect(world.clock.now() - killedAt).toBeLessThan(3_100)
    expect(next.value?.token).toBeGreaterThan(first.token)
  })

  test('costs those behind a dead waiter the time of one offer', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', false)
    const held = await world.settled(world.on('a').lock(name).acquire())
    // All of one session: it is gone as a whole.
    for (let count = 0; count < 3; count++) outcomeOf(world.on('d').lock(name).acquire())
    await world.settle()
    const next = outcomeOf(world.on('b').lock(name).acquire())
    await world.settle()
    await world.kill('d')
    const releasedAt = world.clock.now()
    await world.settled(held.release())
    await world.until(() => next.isSettled)
    expect(next.value?.token).toBeGreaterThan(held.token)
    expect(world.clock.now() - releasedAt).toBeGreaterThanOrEqual(1_000)
    expect(world.clock.now() - releasedAt).toBeLessThan(1_100)
  })

  test('costs nothing more where waiters died long before their turn came', async () => {
    await using world = await DataWorld.of('a b c d e')
    const name = await nameAt(world, 'a', true)
    const held = await world.settled(world.on('a').lock(name).acquire())
    for (const user of [world.on('d'), world.user('d'), world.on('e')]) {
      outcomeOf(user.lock(name).acquire())
      await world.settle()
    }
    const next = outcomeOf(world.on('b').lock(name).acquire())
    await world.settle(1_000)
    await Promise.all([world.kill('d'), world.kill('e')])
    await world.settle(5_000)
    const releasedAt = world.clock.now()
    await world.settled(held.release())
    await world.until(() => next.isSettled)
    expect(world.clock.now() - releasedAt).toBeLessThan(100)
  })
})

describe('a lock whose keeper dies', () => {
  test('stays with its holder, and its waiters keep their places', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', true)
    const [a, b, c] = [world.on('a').lock(name), world.on('b').lock(name), world.on('c').lock(name)]
    const first = await world.settled(a.acquire())
    const second = outcomeOf(b.acquire())
    await world.settle()
    const third = outcomeOf(c.acquire())
    await world.settle()
    await world.kill('d')
    await world.settle(20_000)
    expect([second.isSettled, third.isSettled]).toEqual([false, false])
    expect(first.isHeld).toBe(true)
    expect(await world.settled(a.release({ timeoutMs: 20_000 }))).toBe(true)
    await world.until(() => second.isSettled)
    expect(third.isSettled).toBe(false)
    await world.settled(b.release())
    await world.until(() => third.isSettled)
    const tokens = [first.token, second.value?.token ?? 0n, third.value?.token ?? 0n]
    expect(tokens[1]).toBeGreaterThan(first.token)
    expect(tokens[2]).toBeGreaterThan(tokens[1] ?? 0n)
  })
})

describe('a lock whose holder is cut off', () => {
  test('is known to be lost before anybody else has it', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', false)
    const options = { ttlMs: 3_000 }
    const first = await world.settled(world.on('d').lock(name, options).acquire())
    const loss = notesLoss(world, first)
    const next = outcomeOf(world.on('b').lock(name, options).acquire())
    await world.settle(3_500)
    cutOff(world, 'd')
    await world.until(() => next.isSettled)
    expect(loss.at).toBeLessThan(world.clock.now())
    expect(next.value?.token).toBeGreaterThan(first.token)
    world.network.heal()
    await world.settle(3_000)
    expect(await world.settled(first.release())).toBe(false)
    expect(next.value?.isHeld).toBe(true)
  })

  test('along with its keeper, is granted by the others once it is lost', async () => {
    await using world = await DataWorld.of('a b c d e')
    const name = await nameAt(world, 'e', true)
    const options = { ttlMs: 3_000 }
    const first = await world.settled(world.on('e').lock(name, options).acquire())
    const loss = notesLoss(world, first)
    await world.settle(3_500)
    cutOff(world, 'e')
    const next = outcomeOf(
      world
        .on('b')
        .lock(name, { ...options, timeoutMs: 60_000 })
        .acquire(),
    )
    await world.until(() => next.isSettled)
    expect(next.code).toBeUndefined()
    expect(loss.at).toBeLessThan(world.clock.now())
    expect(next.value?.token).toBeGreaterThan(first.token)
  })

  test('does not come to a waiter that was cut off for so long that it was told', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', false)
    const held = await world.settled(world.on('a').lock(name).acquire())
    const waiting = outcomeOf(world.on('d').lock(name).acquire())
    await world.settle()
    cutOff(world, 'd')
    await world.settle(60_000)
    expect(waiting.code).toBe('CASTY_DDATA_SESSION_EXPIRED')
    expect(held.isHeld).toBe(true)
    await world.settled(held.release())
    expect(await world.settled(world.on('b').lock(name).holder())).toBeUndefined()
    expect(await world.settled(world.on('b').lock(name).tryAcquire())).toBe(true)
  })

  test('keeps the place of a waiter that is back before that', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', false)
    const held = await world.settled(world.on('a').lock(name).acquire())
    const waiting = outcomeOf(world.on('d').lock(name).acquire())
    await world.settle()
    const behind = outcomeOf(world.on('b').lock(name).acquire())
    await world.settle()
    cutOff(world, 'd')
    await world.settled(held.release())
    await world.until(() => behind.isSettled)
    const last = outcomeOf(world.on('c').lock(name).acquire())
    await world.settle()
    world.network.heal()
    await world.settle(8_000)
    expect(waiting.isSettled).toBe(false)
    await world.settled(Promise.resolve(behind.value?.release()))
    await world.until(() => waiting.isSettled)
    expect(waiting.value?.isHeld).toBe(true)
    expect(last.isSettled).toBe(false)
  })

  test('is not handed out when its grant comes later than its time is over', async () => {
    await using world = await DataWorld.of('a b c d')
    const name = await nameAt(world, 'd', false)
    const host = await hostOf(world, name)
    const lock = world.on('d').lock(name, { ttlMs: 500, timeoutMs: 20_000 })
    const acquired = outcomeOf(lock.acquire())
    const [from, to] = [world.node(host).address, world.node('d').address]
    world.network.cut(from, to, { mode: 'hold', oneWay: true })
    await world.settle(2_000)
    expect(acquired.isSettled).toBe(false)
    world.network.mend(from, to)
    await world.until(() => acquired.isSettled)
    expect(acquired.value?.isHeld).toBe(true)
    expect(await world.settled(lock.release())).toBe(true)
    expect(await world.settled(lock.holder())).toBeUndefined()
  })
})

test('a lock is still held after all nodes started again, and its tokens go on growing', async () => {
  const journal = inMemoryJournal()
  await using world = await DataWorld.of('a b c', { journal })
  const first = await world.settled(world.on('a').lock('deploy', { ttlMs: 5_000 }).acquire())
  for (const host of ['a', 'b', 'c']) await world.kill(host)
  for (const host of ['a', 'b', 'c']) await world.start(host)
  const lock = world.on('b').lock('deploy', { timeoutMs: 60_000 })
  expect(await world.settled(lock.tryAcquire(), 60_000)).toBe(false)
  const startedAt = world.clock.now()
  const next = await world.settled(lock.acquire())
  expect(world.clock.now() - startedAt).toBeGreaterThan(3_000)
  expect(next.token).toBeGreaterThan(first.token)
})

const seeds = Number(process.env['CASTY_DDATA_SEEDS'] ?? 1)

test.each(Array.from({ length: seeds }, (_, index) => index + 1))(
  'permits are never held by more than there are, whatever is cut or lost (seed %i)',
  async (seed) => {
    await using world = await DataWorld.of('a b c d e', {}, seed)
    const random = seededRandom(seed)
    const permits = 1 + (seed % 2)
    const tokens: bigint[] = []
    const held = new Set<Lease>()
    let isOver = false
    const use = async (user: Distributed): Promise<void> => {
      const options = { permits, ttlMs: 500 + Math.floor(random() * 1_000) }
      const semaphore = user.semaphore('shared', options)
      while (!isOver) {
        try {
          const lease = await semaphore.acquire(1, { waitMs: 200 + random() * 5_000 })
          tokens.push(lease.token)
          held.add(lease)
          // As long as it may: most of what can go wrong does so to those who hold it for long.
          const until = world.clock.now() + random() * 6_000
          while (lease.isHeld && world.clock.now() < until) await later(world, 100)
          held.delete(lease)
          await lease.release()
        } catch {
          await later(world, 100)
        }
      }
    }
    const users = ['a', 'b', 'c', 'd', 'e', 'a', 'b'].map((host) => use(world.user(host)))
    for (let step = 0; step < 12; step++) {
      const victim = 'abcde'[Math.floor(random() * 5)] ?? 'a'
      const { address } = world.node(victim)
      const what = random()
      if (what < 0.6) cutOff(world, victim)
      else if (what < 0.8) world.network.pause(address)
      else world.network.drop(address, world.node('a').address, { probability: 0.2 })
      for (let moment = 0; moment < 40; moment++) {
        await world.settle(50)
        const holders = [...held].filter(({ isHeld }) => isHeld)
        expect(holders.length).toBeLessThanOrEqual(permits)
      }
      world.network.resume(address)
      if (random() < 0.7) world.network.heal()
    }
    world.network.heal()
    const before = tokens.length
    await world.until(() => tokens.length > before + 3, 120_000)
    isOver = true
    expect(new Set(tokens).size).toBe(tokens.length)
    void users
  },
)

async function later(world: DataWorld, ms: number): Promise<void> {
  await new Promise<void>((resolve) => world.clock.schedule(ms, resolve))
}

describe('a holder whose clock runs at another rate than those of the nodes that keep the lock', () => {
  /** It holds the lock, at a node that keeps it not, and another one waits. */
  async function heldAt(rate: number) {
    const world = await DataWorld.of('a b c')
    await world.start('d', rate)
    await world.until(() => world.nodes.every(({ cluster }) => membersUp(cluster) === 4))
    const name = await nameAt(world, 'd', false)
    const options = { ttlMs: 4_000 }
    const lease = await world.settled(world.on('d').lock(name, options).acquire())
    const next = outcomeOf(world.on('b').lock(name, options).acquire())
    return { world, lease, next }
  }

  test.each([0.96, 1.04])(
    'keeps it, and knows of its loss before another one has it (%d)',
    async (rate) => {
      const { world, lease, next } = await heldAt(rate)
      await using _ = world
      const loss = notesLoss(world, lease)
      await world.settle(12_345)
      expect([lease.isHeld, next.isSettled]).toEqual([true, false])
      cutOff(world, 'd')
      await world.until(() => next.isSettled)
      const grantedAt = world.clock.now()
      expect(next.value?.token).toBeGreaterThan(lease.token)
      expect(lease.isHeld).toBe(false)
      expect(loss.at).toBeLessThan(grantedAt)
    },
  )
})
