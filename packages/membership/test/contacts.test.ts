import { describe, expect, test } from 'vitest'
import { addressOf, ClusterWorld, type WorldNode } from './cluster-world.ts'

/** The warnings of rounds in which no contact let the node join. */
function warnings({ log }: WorldNode): readonly string[] {
  return log
    .filter(({ level, message }) => level === 'warn' && message.startsWith('No contact'))
    .map(({ message }) => message)
}

describe('Contacts that let nobody in', () => {
  test('are warned of by what each answered, and rarely while that stays the same', async () => {
    await using world = new ClusterWorld()
    const node = await world.start('b', { seedNodes: ['a:1', 'z:1'] })
    await world.advance(5_000)
    expect(warnings(node)).toEqual([
      'No contact has let this node join; it goes on asking. ' +
        'a:1 (nobody listens there), z:1 (nobody listens there)',
    ])
    await world.advance(30_000)
    expect(warnings(node).length).toBeGreaterThanOrEqual(3)
    expect(warnings(node).length).toBeLessThanOrEqual(4)
  })

  test('are warned of anew as soon as one of them answers something else', async () => {
    await using world = new ClusterWorld()
    const node = await world.start('b', { seedNodes: ['a:1', 'z:1'] })
    await world.advance(5_000)
    await world.start('z', { seedNodes: ['a:1'] })
    await world.advance(3_000)
    expect(warnings(node).at(-1)).toContain('z:1 (it is no member itself yet)')
    expect(warnings(node)).toHaveLength(2)
  })

  test('are told what to do where they wait for each other', async () => {
    await using world = new ClusterWorld()
    const a = await world.start('a', { seedNodes: ['b:1'] })
    const b = await world.start('b', { seedNodes: ['a:1'] })
    await world.advance(5_000)
    for (const node of [a, b]) {
      expect(warnings(node).at(-1)).toContain(
        '(it is no member itself yet). This node is not among',
      )
      expect(warnings(node).at(-1)).toContain('the first in it forms the cluster')
    }
    const c = await world.start('c', { seedNodes: ['c:1', 'a:1'] })
    expect(warnings(c)).toEqual([])
  })

  test('are no news while nodes that start together find each other', async () => {
    await using world = new ClusterWorld()
    await world.startAll('c b a')
    expect(world.nodes.flatMap(({ log }) => log.filter(({ level }) => level === 'warn'))).toEqual(
      [],
    )
  })

  test('that refuse are named with the reason', async () => {
    await using world = new ClusterWorld()
    await world.start('a', { name: 'old' })
    const node = await world.start('b', { name: 'new' })
    await world.advance(3_000)
    expect(warnings(node)[0]).toContain(
      'a:1 (it refuses this node: cluster-name, b:1 belongs to cluster "new", a:1 to "old")',
    )
  })

  test('are told in explain() with what each has answered so far', async () => {
    await using world = new ClusterWorld()
    world.cut('b', 'a', { mode: 'silent' })
    const mute = world.network.transport({ host: 'z' })
    await mute.listen(addressOf('z'), (channel) => {
      channel.open({ received() {}, drained() {}, closed() {} })
    })
    const { cluster } = await world.start('b', { seedNodes: ['a:1', 'z:1', 'b:1'] })
    expect(cluster.explain().contacts).toEqual([
      { contact: 'a:1', answer: 'no answer yet' },
      { contact: 'z:1', answer: 'not asked yet' },
    ])
    await world.until(() => cluster.explain().contacts[1]?.answer === 'no answer yet', 3_000)
    expect(cluster.explain().summary).toContain('a:1 (no answer yet), z:1 (no answer yet)')
  })

  test('are named ten at most', async () => {
    await using world = new ClusterWorld()
    const seedNodes = Array.from({ length: 15 }, (_, index) => `n${index}:1`)
    const node = await world.start('b', { seedNodes })
    await world.advance(5_000)
    expect(warnings(node)[0]).toMatch(/n9:1 \(nobody listens there\), 5 more$/)
    expect(node.cluster.explain().contacts).toHaveLength(15)
  })

  test('are forgotten once the node is a member', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    expect(world.cluster('b').explain().contacts).toEqual([])
  })
})

describe('A discovery function that fails', () => {
  test('is quoted by explain() until it works again', async () => {
    await using world = new ClusterWorld()
    let works = false
    const seedNodes = async (): Promise<readonly string[]> => {
      if (!works) throw new Error('no such service')
      return ['a:1']
    }
    const { cluster } = await world.start('b', { seedNodes })
    await world.advance(500)
    expect(cluster.explain().lastDiscoveryError).toBe('no such service')
    expect(cluster.explain().summary).toContain('seedNodes failed: no such service')
    works = true
    await world.advance(3_000)
    expect(cluster.explain().lastDiscoveryError).toBeUndefined()
  })
})
