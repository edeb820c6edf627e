import { describe, expect, test } from 'vitest'
import { seededRandom } from '@casty/clock'
import { addressOf, ClusterWorld, seeds } from './cluster-world.ts'
import { memberEvents } from './world-events.ts'

describe('Forming a cluster', () => {
  test('the only contact forms one alone, and leads it', async () => {
    await using world = new ClusterWorld()
    await world.start('a')
    await world.until(() => world.view('a') === 'a.up', 100)
    expect(world.cluster('a').getState().leader?.address.host).toBe('a')
  })

  test('a node that is told to bootstrap asks nobody', async () => {
    await using world = new ClusterWorld()
    await world.start('x', { seedNodes: ['a:1', 'b:1'], bootstrap: true })
    expect(world.view('x')).toBe('x.up')
  })

  test('a node without seeds forms a cluster of its own', async () => {
    await using world = new ClusterWorld()
    await world.start('x', { seedNodes: [] })
    expect(world.view('x')).toBe('x.up')
  })

  test('a node that is not the first contact never forms one', async () => {
    await using world = new ClusterWorld()
    await world.start('b', { seedNodes: ['a:1', 'b:1'] })
    await world.advance(120_000)
    expect(world.cluster('b').getState().members).toEqual([])
    expect(world.cluster('b').explain().phase).toBe('joining')
  })

  test('the first contact waits for contacts that do not answer before it forms one', async () => {
    await using world = new ClusterWorld()
    world.cut('a', 'b')
    await world.start('a', { seedNodes: ['a:1', 'b:1'] })
    const took = await world.until(() => world.view('a') === 'a.up', 20_000)
    expect(took).toBeGreaterThanOrEqual(5_000)
    expect(took).toBeLessThan(7_500)
  })

  test('the first contact forms one at once where nobody listens at the others', async () => {
    await using world = new ClusterWorld()
    await world.start('a', { seedNodes: ['a:1', 'b:1', 'c:1'] })
    expect(await world.until(() => world.view('a') === 'a.up', 1_000)).toBeLessThan(100)
  })
})

describe('Joining', () => {
  test.each(seeds(30))('five make one cluster in any start order (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    const random = seededRandom(seed)
    const hosts = ['a', 'b', 'c', 'd', 'e']
    const seedNodes = ['a:1', 'b:1', 'c:1']
    while (hosts.length > 0) {
      const [host = 'a'] = hosts.splice(Math.floor(random() * hosts.length), 1)
      await world.start(host, { seedNodes })
      await world.advance(random() * 400)
    }
    await world.until(() => world.allUp(5), 2_000)
    await world.until(() => world.agreed, 1_000)
    expect(new Set(world.nodes.map(({ cluster }) => cluster.getState().clusterId)).size).toBe(1)
  })

  test('five processes that start together are up within a second', async () => {
    await using world = new ClusterWorld()
    for (const host of ['e', 'd', 'c', 'b', 'a']) await world.start(host)
    expect(await world.until(() => world.allUp(5), 5_000)).toBeLessThanOrEqual(1_000)
  })

  test('a node whose seed does not listen yet keeps asking', async () => {
    await using world = new ClusterWorld()
    await world.start('b')
    await world.advance(10_000)
    await world.start('a')
    const took = await world.until(() => world.allUp(2), 5_000)
    expect(took).toBeLessThanOrEqual(2_000)
  })

  test('a node whose seed did not answer at first keeps asking', async () => {
    await using world = new ClusterWorld()
    world.cut('a', 'b')
    await world.start('a')
    await world.start('b')
    await world.advance(30_000)
    world.heal()
    await world.until(() => world.allUp(2), 12_000)
    expect(world.view('a')).toBe('a.up b.up')
  })

  test('the first seed, restarted, joins the others instead of forming an island', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.kill('a')
    await world.advance(5_000)
    await world.start('a', { seedNodes: ['a:1', 'b:1', 'c:1'] })
    await world.until(() => world.allUp(3), 5_000)
    expect(world.cluster('a').getState().clusterId).toBe(world.cluster('b').getState().clusterId)
  })

  test('any member lets a node join, not only the first seed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    world.cut('a', 'd')
    await world.start('d', { seedNodes: ['c:1'] })
    await world.until(() => world.view('d').includes('d.up'), 5_000)
    expect(world.view('d')).toContain('a.up b.up c.up d.up')
  })

  test('after all seeds have left a node joins through a member it is told of', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const left = world.cluster('a').leave()
    await world.until(() => world.view('b') === 'b.up c.up', 5_000)
    await left
    await world.start('d', { seedNodes: ['a:1', 'c:1'] })
    await world.until(() => world.allUp(3), 3_000)
    expect(world.view('d')).toBe('b.up c.up d.up')
  })

  test('a slow welcome does not make a second cluster', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await world.kill('a')
    const slow = { latencyMs: 700 }
    world.network.delay(addressOf('a'), addressOf('b'), slow)
    world.network.delay(addressOf('b'), addressOf('a'), slow)
    await world.start('a', { seedNodes: ['a:1', 'b:1'] })
    await world.until(() => world.cluster('a').getState().members.length > 0, 20_000)
    expect(world.cluster('a').getState().clusterId).toBe(world.cluster('b').getState().clusterId)
  })

  test('twenty that join at once are up and agree within a second', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    for (let index = 0; index < 20; index++) await world.start(`n${index}`)
    const took = await world.until(() => world.allUp(21) && world.agreed, 5_000)
    expect(took).toBeLessThanOrEqual(1_500)
  })

  test('nobody is up before the least number of members is there, then all in one go', async () => {
    await using world = new ClusterWorld()
    for (const host of ['a', 'b']) await world.start(host, { minMembers: 3 })
    await world.advance(30_000)
    expect(world.view('a')).toBe('a.joining b.joining')
    await world.start('c', { minMembers: 3 })
    await world.until(() => world.allUp(3), 2_000)
    expect(memberEvents(world.node('a')).slice(-3)).toEqual(['a.up', 'b.up', 'c.up'])
  })

  test('the node that formed the cluster is the oldest, and no two have one number', async () => {
    await using world = new ClusterWorld()
    for (let index = 0; index < 8; index++) await world.start(`n${index}`, { seedNodes: ['z:1'] })
    await world.start('z', { seedNodes: ['z:1'] })
    await world.until(() => world.allUp(9), 5_000)
    const { members } = world.cluster('n3').getState()
    expect(members.find(({ upNumber }) => upNumber === 1)?.address.host).toBe('z')
    expect(new Set(members.map(({ upNumber }) => upNumber)).size).toBe(9)
  })

  test('an incarnation that a wrong wall clock made too low is raised above the one known', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const before = world.cluster('b').self.incarnation
    await world.kill('b')
    const hourBack = -3_600_000
    await world.start('b', { wallOffsetMs: hourBack })
    await world.until(() => world.allUp(2), 5_000)
    expect(world.cluster('b').self.incarnation).toBe(before + 1)
  })

  test('a life that was removed is not begun again, not even through one that joined since', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const old = world.cluster('b').self
    await world.kill('b')
    world.cluster('a').down(old)
    await world.until(() => world.view('a') === 'a.up', 5_000)
    await world.startAll('d')
    const wallOffsetMs = old.incarnation - world.clock.wallNow()
    await world.start('b', { seedNodes: ['d:1'], wallOffsetMs })
    await world.until(() => world.allUp(3), 5_000)
    expect(world.cluster('b').self.incarnation).toBe(old.incarnation + 1)
  })

  test('an address that is in use is refused before anything is joined', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await expect(world.start('b')).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_ADDRESS_IN_USE' })
    await world.advance(2_000)
    expect(world.view('a')).toBe('a.up b.up')
  })
})

describe('A discovery function', () => {
  test('is asked again on every attempt', async () => {
    await using world = new ClusterWorld()
    let asked = 0
    const seedNodes = async (): Promise<readonly string[]> => {
      asked++
      return []
    }
    await world.start('b', { seedNodes })
    await world.advance(10_000)
    expect(asked).toBeGreaterThanOrEqual(8)
  })

  test('may throw, name nobody, name rubbish, or never answer at first', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    const answers: (() => Promise<readonly string[]>)[] = [
      () => Promise.reject(new Error('no records')),
      () => Promise.resolve([]),
      () => Promise.resolve(['not an address at all']),
      // As a caller without types might do.
      () => Promise.resolve(undefined as unknown as readonly string[]),
      () => Promise.resolve([42 as unknown as string]),
      () => new Promise<never>(() => {}),
      () => Promise.resolve(['nobody:1']),
    ]
    await world.start('b', {
      seedNodes: () => (answers.shift() ?? (() => Promise.resolve(['a:1'])))(),
    })
    await world.until(() => world.allUp(2), 20_000)
    expect(answers).toEqual([])
    expect(world.node('b').log.filter(({ message }) => message.includes('seedNodes')).length).toBe(
      4,
    )
  })

  test('that throws synchronously does not end the node', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    let asked = 0
    await world.start('b', {
      seedNodes: () => {
        if (asked++ < 2) throw new Error('not configured yet')
        return Promise.resolve(['a:1'])
      },
    })
    await world.until(() => world.allUp(2), 5_000)
    expect(asked).toBe(3)
  })

  test.each([
    ['a:1', 'b:1'],
    ['b:1', 'a:1'],
  ])('lets the lowest address form the cluster, in whatever order: %s, %s', async (...named) => {
    await using world = new ClusterWorld()
    await world.start('b', { seedNodes: () => Promise.resolve(named) })
    await world.advance(2_000)
    expect(world.view('b')).toBe('')
    await world.start('a', { seedNodes: () => Promise.resolve(named) })
    await world.until(() => world.allUp(2), 5_000)
    expect(world.cluster('b').getState().leader?.address.host).toBe('a')
  })
})
