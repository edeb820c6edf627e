import { seededRandom } from '@casty/clock'
import {
  ClusterSupervisor,
  type Cluster,
  type ClusterConfig,
  type SupervisorOptions,
} from '@casty/membership'
import { describe, expect, test } from 'vitest'
import { addressOf, ClusterWorld, port } from './cluster-world.ts'

async function supervise(
  world: ClusterWorld,
  host: string,
  options: SupervisorOptions = {},
  config: Partial<ClusterConfig> = {},
): Promise<ClusterSupervisor> {
  return await ClusterSupervisor.start(
    {
      transport: world.network.transport({ host }),
      host,
      port,
      insecure: true,
      seedNodes: [addressOf('a')],
      clock: world.clock,
      random: seededRandom(7),
      ...config,
    },
    options,
  )
}

function sees(cluster: Cluster): string {
  return cluster
    .getState()
    .members.map(({ address, status }) => `${address.host}.${status}`)
    .join(' ')
}

describe('A supervised node', () => {
  test('that is downed comes back as a new incarnation, and is up again', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await using node = await supervise(world, 'c')
    await world.until(() => world.allUp(3), 10_000)
    const former = node.current.self
    world.cluster('a').down(former)
    await world.until(() => node.restarts === 1 && world.allUp(3), 20_000)
    expect(node.current.self.address).toEqual(former.address)
    expect(node.current.self.incarnation).toBeGreaterThan(former.incarnation)
  })

  test('has onStart called with every life', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const lives: Cluster[] = []
    await using node = await supervise(world, 'c', { onStart: (life) => void lives.push(life) })
    await world.until(() => world.allUp(3), 10_000)
    world.cluster('a').down(node.current.self)
    await world.until(() => lives.length === 2 && world.allUp(3), 20_000)
    expect(lives[1]).toBe(node.current)
    expect(lives[0]).not.toBe(lives[1])
  })

  test('joins those who went on, though its only seed is on its own side', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await using node = await supervise(world, 'd', {}, { seedNodes: [addressOf('c')] })
    await world.until(() => world.allUp(4), 10_000)
    world.partition('a b', 'c d')
    for (const host of ['c', 'd']) world.cluster('a').down(addressOf(host))
    await world.until(() => world.view('a') === 'a.up b.up', 10_000)
    world.heal()
    await world.until(() => node.restarts === 1 && sees(node.current) === 'a.up b.up d.up', 30_000)
    expect(world.view('a')).toBe('a.up b.up d.up')
  })

  test('that formed the cluster does not form another beside those it cannot reach', async () => {
    await using world = new ClusterWorld()
    await using first = await supervise(world, 'a', {}, { seedNodes: [] })
    for (const host of ['b', 'c']) await world.start(host)
    await world.until(() => world.allUp(3), 10_000)
    first.current.down(first.current.self)
    world.partition('a', 'b c')
    await world.until(() => first.restarts === 1, 10_000)
    await world.advance(60_000)
    expect(sees(first.current)).toBe('')
    world.heal()
    await world.until(() => world.allUp(3), 20_000)
    expect(sees(first.current)).toBe('a.up b.up c.up')
  })

  test('forms the cluster anew where all the others were downed too', async () => {
    await using world = new ClusterWorld()
    await using a = await supervise(world, 'a', {}, { seedNodes: [] })
    await using b = await supervise(world, 'b')
    await using c = await supervise(world, 'c')
    const nodes = [a, b, c]
    const areUp = (): boolean => nodes.every(({ current }) => sees(current) === 'a.up b.up c.up')
    await world.until(areUp, 10_000)
    for (const { current } of [c, b, a]) a.current.down(current.self)
    await world.until(() => nodes.every(({ restarts }) => restarts === 1), 10_000)
    await world.until(areUp, 30_000)
  })

  test('that could not start anew tries again, and says why it could not', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const errors: object[] = []
    const ignore = (): void => {}
    const logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (details: object) => void errors.push(details),
    }
    let starts = 0
    const onStart = (): void => {
      if (++starts === 2) throw new Error('not yet')
    }
    await using node = await supervise(world, 'c', { onStart }, { logger })
    await world.until(() => world.allUp(3), 10_000)
    world.cluster('a').down(node.current.self)
    await world.until(() => node.restarts === 1 && world.allUp(3), 20_000)
    expect(starts).toBe(3)
    expect(errors).toMatchObject([{ error: { message: 'not yet' } }])
  })

  test('that leaves does not come back', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await using node = await supervise(world, 'c')
    await world.until(() => world.allUp(3), 10_000)
    expect(await world.settled(node.leave())).toBe('left')
    await world.advance(30_000)
    expect(node.restarts).toBe(0)
    expect(world.view('a')).toBe('a.up b.up')
  })

  test('that is disposed of while it waits to start anew stays down', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const node = await supervise(world, 'c', { minRestartMs: 5_000 })
    await world.until(() => world.allUp(3), 10_000)
    world.cluster('a').down(node.current.self)
    await world.until(() => world.view('a') === 'a.up b.up', 4_000)
    await node[Symbol.asyncDispose]()
    await world.advance(30_000)
    expect(node.restarts).toBe(0)
  })

  test('does not start where onStart throws for its first life', async () => {
    await using world = new ClusterWorld()
    const onStart = (): never => {
      throw new Error('no such table')
    }
    await expect(supervise(world, 'a', { onStart })).rejects.toThrow('no such table')
    await using again = await supervise(world, 'a')
    expect(again.current.self.address).toEqual(addressOf('a'))
  })

  test.each([
    [{ minRestartMs: 0 }, 'minRestartMs'],
    [{ formAfterMs: Number.NaN }, 'formAfterMs'],
    [{ minRestart: 5 }, 'options.minRestart'],
    [{ onStart: 5 }, 'onStart'],
  ])('refuses the options %j', async (options, name) => {
    await using world = new ClusterWorld()
    // What somebody without types may give.
    await expect(supervise(world, 'a', options as unknown as SupervisorOptions)).rejects.toThrow(
      expect.objectContaining({
        code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
        message: expect.stringContaining(`Option ${name} is`),
      }),
    )
  })
})
