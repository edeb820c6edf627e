import { describe, expect, test } from 'vitest'
import { ClusterWorld, seeds, type WorldOptions } from './cluster-world.ts'

async function worldOf(count: number, options: WorldOptions = {}, seed = 1): Promise<ClusterWorld> {
  const world = new ClusterWorld(seed)
  const hosts = Array.from({ length: count }, (_, index) => `n${index}`).join(' ')
  await world.startAll(hosts, { seedNodes: ['n0:1'], ...options })
  await world.until(() => world.agreed, 5_000)
  return world
}

/** Bytes that a node wrote to the network since the world began, with all that frames add. */
function written(world: ClusterWorld): number {
  return world.network.links().reduce((sum, link) => sum + link.writtenBytes, 0)
}

describe('Idle traffic', () => {
  test.each([
    [5, 700],
    [20, 2_000],
  ])('of %i nodes stays below a bound per node and second', async (count, boundBytes) => {
    await using world = await worldOf(count)
    await world.advance(10_000)
    const before = written(world)
    await world.advance(60_000)
    expect((written(world) - before) / count / 60).toBeLessThan(boundBytes)
  })

  test('hardly grows with the number of members', async () => {
    const perNode: number[] = []
    for (const count of [10, 20]) {
      await using world = await worldOf(count)
      await world.advance(10_000)
      const before = written(world)
      await world.advance(30_000)
      perNode.push((written(world) - before) / count)
    }
    const [ten = 0, twenty = 0] = perNode
    expect(twenty / ten).toBeLessThan(1.2)
  })

  test('does not repeat the state, however large', async () => {
    const roles = Array.from({ length: 22 }, (_, index) => `${'r'.repeat(90)}${index}`)
    const sent: number[] = []
    for (const options of [{}, { roles }]) {
      await using world = await worldOf(5, options)
      await world.advance(10_000)
      const before = written(world)
      await world.advance(30_000)
      sent.push(written(world) - before)
    }
    const [plain = 0, heavy = 0] = sent
    expect(heavy).toBeLessThan(plain * 1.1)
  })
})

describe('Convergence', () => {
  test.each(seeds(5))('of a change among ten takes less than a second (seed %i)', async (seed) => {
    await using world = await worldOf(10, {}, seed)
    await world.advance(5_000 + seed * 77)
    const left = world.cluster('n4').leave()
    const seenBy = (host: string): boolean => !world.view(host).includes('n4.up')
    const took = await world.until(() => world.nodes.every(({ host }) => seenBy(host)), 5_000)
    expect(took).toBeLessThanOrEqual(1_000)
    await world.settled(left)
  })

  test.each(seeds(5))(
    'on one more among twenty takes less than a second (seed %i)',
    async (seed) => {
      await using world = await worldOf(20, {}, seed)
      await world.advance(5_000 + seed * 77)
      await world.start('late', { seedNodes: [`n${seed}:1`] })
      const took = await world.until(() => world.allUp(21) && world.agreed, 5_000)
      expect(took).toBeLessThanOrEqual(1_000)
    },
  )

  test('does not need the interval: it is as quick where that is a minute', async () => {
    await using world = await worldOf(5, { gossipIntervalMs: 60_000 })
    await world.advance(5_000)
    await world.start('late', { seedNodes: ['n3:1'], gossipIntervalMs: 60_000 })
    const took = await world.until(() => world.allUp(6) && world.agreed, 5_000)
    expect(took).toBeLessThanOrEqual(1_000)
  })
})

describe('A state larger than a control frame', () => {
  // As many bytes as the roles of a member may take; two dozen members outgrow a control frame.
  const roles = Array.from({ length: 21 }, (_, index) => `${'r'.repeat(94)}-${index}`)

  test('is told to a joiner whole, and it is up soon all the same', async () => {
    await using world = await worldOf(25, { roles })
    await world.start('late', { seedNodes: ['n5:1'], roles })
    const took = await world.until(() => world.allUp(26) && world.agreed, 5_000)
    expect(took).toBeLessThanOrEqual(2_000)
    const { dropped } = world.cluster('n5').metrics().endpoint
    expect(dropped['frame-too-large']).toBe(0)
    expect(world.cluster('late').getState().members[3]?.roles).toHaveLength(21)
  })

  test('crosses a healed partition', async () => {
    await using world = await worldOf(25, { roles })
    const hosts = world.nodes.map(({ host }) => host)
    const [left, right] = [hosts.slice(0, 12).join(' '), hosts.slice(12).join(' ')]
    world.partition(left, right)
    await world.advance(15_000)
    world.heal()
    await world.until(() => world.agreed && world.allUp(25), 15_000)
    expect(world.allUp(25)).toBe(true)
  })

  test('arrives over lines that lose and delay', async () => {
    await using world = await worldOf(25, { roles })
    for (const { address: from } of world.nodes)
      for (const { address: to } of world.nodes)
        if (!from.equals(to)) {
          world.network.drop(from, to, { probability: 0.1 })
          world.network.delay(from, to, { latencyMs: 20, jitterMs: 50 })
        }
    await world.start('late', { seedNodes: ['n2:1', 'n5:1'], roles })
    await world.until(() => world.view('late').includes('late.up'), 30_000)
    await world.until(() => world.agreed, 30_000)
  })
})
