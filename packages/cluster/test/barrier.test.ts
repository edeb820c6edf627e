import type { Clock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

function passing(promises: readonly Promise<void>[]): { readonly passed: () => number } {
  let passed = 0
  for (const promise of promises)
    promise.then(
      () => passed++,
      () => {},
    )
  return { passed: () => passed }
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => 'passed',
    (error: unknown) => (error as { readonly code?: unknown }).code ?? error,
  )
}

describe('a barrier', () => {
  test('lets nobody pass before all parties are there, on whatever nodes', async () => {
    await using world = await SystemWorld.start('a b c')
    const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')]
    const first = [a.barrier('start', 3), b.barrier('start', 3)]
    const { passed } = passing(first)
    await world.pass(10_000)
    expect(passed()).toBe(0)
    await world.settled(Promise.all([...first, c.barrier('start', 3)]))
    expect(passed()).toBe(2)
  })

  test('is there for the next round at once, and parties may come several times from one node', async () => {
    await using world = await SystemWorld.start('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    for (const round of [1, 2, 3]) {
      const all = [a.barrier('round', 4), a.barrier('round', 4), b.barrier('round', 4)]
      const { passed } = passing(all)
      await world.pass(100)
      expect(passed(), `round ${round}`).toBe(0)
      await world.settled(Promise.all([...all, b.barrier('round', 4)]))
    }
  })

  test('lets a single party pass', async () => {
    await using world = await SystemWorld.start('a')
    await world.settled(world.node('a').barrier('alone', 1))
    expect(world.node('a').getClusterState().members).toHaveLength(1)
  })

  test('refuses another number of parties than those who wait expect', async () => {
    await using world = await SystemWorld.start('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    const waiting = a.barrier('start', 2)
    await world.pass(3_000)
    expect(await world.settled(codeOf(b.barrier('start', 3)))).toBe(
      'CASTY_CLUSTER_BARRIER_MISMATCH',
    )
    await world.settled(Promise.all([waiting, b.barrier('start', 2)]))
  })

  test('does not count who gave up', async () => {
    await using world = await SystemWorld.start('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    const impatient = codeOf(a.barrier('start', 2, { timeoutMs: 3_000 }))
    expect(await world.settled(impatient)).toBe('CASTY_CLUSTER_BARRIER_TIMEOUT')
    const controller = new AbortController()
    const aborted = codeOf(b.barrier('start', 2, { signal: controller.signal }))
    await world.pass(1_500)
    controller.abort('enough')
    expect(await world.settled(aborted)).toBe('enough')
    const late = a.barrier('start', 2)
    const { passed } = passing([late])
    await world.pass(3_000)
    expect(passed()).toBe(0)
    await world.settled(Promise.all([late, b.barrier('start', 2)]))
  })

  test('does not count those of a node that is gone', async () => {
    await using world = await SystemWorld.start('a b c')
    const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')]
    const lost = codeOf(c.barrier('start', 3, { timeoutMs: 600_000 }))
    const waiting = a.barrier('start', 3, { timeoutMs: 600_000 })
    await world.pass(3_000)
    await world.kill('c')
    expect(await world.settled(lost)).toBe('CASTY_CLUSTER_STOPPED')
    await world.pass(30_000)
    const other = b.barrier('start', 3, { timeoutMs: 600_000 })
    const { passed } = passing([waiting, other])
    await world.pass(10_000)
    expect(passed()).toBe(0)
    await world.settled(Promise.all([waiting, other, b.barrier('start', 3)]))
  })

  test.each(['killed', 'shut down'])(
    'loses nobody when the node that keeps it is %s',
    async (how) => {
      await using world = await SystemWorld.start('a b c d')
      await world.pass(5_000)
      const shardOf = (name: string): number =>
        world.node('a').region('casty:barrier').shardOf(name)
      const ownerOf = (name: string): string | undefined =>
        world.node('a').region('casty:barrier').explain(shardOf(name)).owner
      const name = ['u', 'v', 'w', 'x', 'y', 'z', 'p', 'q'].find((one) =>
        ownerOf(one)?.startsWith('d:'),
      )
      if (name === undefined) throw new Error('One of these barriers is kept by d')
      const waiting = [world.node('a').barrier(name, 3), world.node('b').barrier(name, 3)]
      const { passed } = passing(waiting)
      await world.pass(100)
      if (how === 'killed') await world.kill('d')
      else await world.shutdown('d')
      await world.pass(1_500)
      expect(passed()).toBe(0)
      await world.settled(Promise.all([...waiting, world.node('c').barrier(name, 3)]))
      expect(passed()).toBe(2)
    },
  )

  test('is left by who waits on a node that is shut down, and does not count it any more', async () => {
    await using world = await SystemWorld.start('a b c')
    await world.pass(5_000)
    const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')]
    const leaving = codeOf(c.barrier('start', 2))
    await world.pass(100)
    await world.shutdown('c')
    expect(await world.settled(leaving)).toBe('CASTY_CLUSTER_STOPPED')
    const waiting = a.barrier('start', 2)
    const { passed } = passing([waiting])
    await world.pass(1_000)
    expect(passed()).toBe(0)
    await world.settled(Promise.all([waiting, b.barrier('start', 2)]))
  })

  test.each(['a', 'b'])(
    'that %s keeps is left without a word in the log by who waits when its system is shut down',
    async (keeper) => {
      const warnings: string[] = []
      const say = (_details: object, message: string): void => void warnings.push(message)
      const logger = { debug: () => {}, info: () => {}, warn: say, error: say }
      await using world = await SystemWorld.start('a b', { logger })
      await world.pass(5_000)
      const region = world.node('a').region('casty:barrier')
      const isKept = (name: string): boolean =>
        region.explain(region.shardOf(name)).owner?.startsWith(`${keeper}:`) === true
      const name = ['u', 'v', 'w', 'x', 'y', 'z', 'p', 'q'].find(isKept)
      if (name === undefined) throw new Error(`One of these barriers is kept by ${keeper}`)
      const waiting = codeOf(world.node('a').barrier(name, 3))
      const other = codeOf(world.node('b').barrier(name, 3))
      await world.pass(100)
      await world.shutdown('a')
      expect(await world.settled(waiting)).toBe('CASTY_CLUSTER_STOPPED')
      await world.shutdown('b')
      expect(await world.settled(other)).toBe('CASTY_CLUSTER_STOPPED')
      expect(warnings).toEqual([])
    },
  )

  test.each([0, 1.5, 1_001, Number.NaN])('refuses %s parties', async (parties) => {
    await using world = await SystemWorld.start('a')
    expect(await codeOf(world.node('a').barrier('start', parties))).toBe(
      'CASTY_CLUSTER_INVALID_OPTION',
    )
  })
})

test('a node that comes back with its clock set back is not taken for who it was', async () => {
  await using world = await SystemWorld.start('a b')
  const { clock } = world
  const before = world.node('b').selfNode.incarnation
  const pass = ['a', 'b'].map((host) => world.node(host).barrier('gate', 2))
  await world.settled(Promise.all(pass))
  await world.shutdown('b')
  const setBackMs = clock.wallNow() - before
  const behind: Clock = {
    now: () => clock.now(),
    wallNow: () => clock.wallNow() - setBackMs,
    schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
  }
  const b = await world.start('b', { clock: behind, requiredQuorum: 2 })
  expect(b.selfNode.incarnation).toBe(before + 1)
  const again = b.barrier('gate', 2, { timeoutMs: 5_000 })
  await expect(world.settled(again)).rejects.toMatchObject({
    code: 'CASTY_CLUSTER_BARRIER_TIMEOUT',
  })
})
