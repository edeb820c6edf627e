import { describe, expect, test } from 'vitest'
import type { DowningProvider, DowningView } from '@casty/membership'
import { ClusterWorld } from './cluster-world.ts'
import { eventsOf } from './world-events.ts'

/** Downs whoever has been unreachable for `afterMs`, and keeps what it was asked. */
function downAfter(afterMs: number): DowningProvider & { readonly asked: DowningView[] } {
  const asked: DowningView[] = []
  let since: number | undefined
  return {
    agreement: `down-after=${afterMs}`,
    asked,
    decide(view) {
      asked.push(view)
      const gone = view.state.members.filter(({ key }) => view.state.unreachable.has(key))
      if (gone.length === 0) since = undefined
      else since ??= view.now
      if (since === undefined) return { down: [] }
      const dueAt = since + afterMs
      return view.now >= dueAt
        ? { down: gone.map(({ node }) => node) }
        : { down: [], wakeAt: dueAt }
    },
  }
}

describe('A downing provider', () => {
  test('is asked after a change of the view, and again at the time it asked for', async () => {
    await using world = new ClusterWorld()
    const downing = downAfter(3_000)
    await world.start('a', { downing })
    await world.startAll('b c', { downing: downAfter(3_000) })
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 5_000)
    const changedAt = downing.asked.at(-1)?.now ?? 0
    await world.until(() => world.view('a') === 'a.up b.up', 10_000)
    expect(downing.asked.map(({ now }) => now)).toContain(changedAt + 3_000)
  })

  test('has its decision carried out', async () => {
    await using world = new ClusterWorld()
    for (const host of ['a', 'b', 'c']) await world.start(host, { downing: downAfter(1_000) })
    await world.until(() => world.allUp(3), 5_000)
    const dead = world.cluster('c').self
    await world.kill('c')
    await world.until(() => world.everySees('a.up b.up'), 5_000)
    expect(eventsOf(world.node('b'), 'member-downed')).toMatchObject([
      { member: { key: dead.key } },
    ])
  })

  test('sees the cluster from where its node stands', async () => {
    await using world = new ClusterWorld()
    const downing = downAfter(1_000)
    const { cluster } = await world.start('a', { downing, leaderOrder: 'address' })
    await world.advance(1_000)
    expect(downing.asked.at(-1)).toMatchObject({
      self: { key: cluster.self.key },
      viewpoint: { self: cluster.self.key, dataCenter: 'default', leaderOrder: 'address' },
    })
  })

  test('may down its own node, which then stops', async () => {
    await using world = new ClusterWorld()
    let isOver = false
    const downing: DowningProvider = {
      agreement: 'on-demand',
      decide: ({ self }) => ({ down: isOver ? [self] : [] }),
    }
    await world.startAll('a b', { downing })
    isOver = true
    await world.start('c', { downing })
    await world.until(() => world.nodes.length < 3, 5_000)
    await world.advance(3_000)
    expect(eventsOf(world.node('a'), 'self-downed')).toHaveLength(1)
  })

  test('is not asked while its node is only joining', async () => {
    await using world = new ClusterWorld()
    const downing = downAfter(1_000)
    await world.start('b', { downing })
    await world.advance(30_000)
    expect(downing.asked).toEqual([])
  })

  test('is asked no more once its node has stopped', async () => {
    await using world = new ClusterWorld()
    const downing = downAfter(1_000)
    await world.startAll('a b', { downing })
    await world.kill('b')
    await world.cluster('a').shutdown()
    const before = downing.asked.length
    await world.advance(60_000)
    expect(downing.asked.length).toBe(before)
  })

  test('that keeps asking for the same moment does not keep the node busy', async () => {
    await using world = new ClusterWorld()
    let asked = 0
    const downing: DowningProvider = {
      agreement: 'restless',
      decide: ({ now }) => {
        asked++
        return { down: [], wakeAt: now }
      },
    }
    await world.start('a', { downing })
    await world.advance(1_000)
    expect(asked).toBeLessThanOrEqual(15)
  })

  test('that throws is reported, and the cluster goes on', async () => {
    await using world = new ClusterWorld()
    const downing: DowningProvider = {
      agreement: 'broken',
      decide: ({ state }) => {
        if (state.members.length > 1) throw new Error('strategy gone wrong')
        return { down: [] }
      },
    }
    await world.startAll('a b', { downing })
    expect(world.node('a').log).toContainEqual(expect.objectContaining({ level: 'error' }))
  })
})
