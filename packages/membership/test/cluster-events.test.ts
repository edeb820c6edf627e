import { describe, expect, test } from 'vitest'
import type { ClusterEvent, TopologySnapshot } from '@casty/membership'
import { ClusterWorld } from './cluster-world.ts'
import { eventsOf, isMemberEvent, memberEvents } from './world-events.ts'

describe('A subscriber', () => {
  test('is told the current state first, at once', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster } = world.node('a')
    const events: ClusterEvent[] = []
    cluster.subscribe((event) => void events.push(event))
    expect(events).toEqual([{ type: 'current-state', state: cluster.getState() }])
  })

  test('can follow the state from its first one by events alone', async () => {
    await using world = new ClusterWorld()
    const followed = new Map<string, string>()
    const { cluster } = await world.start('a')
    cluster.subscribe((event) => {
      if (event.type === 'current-state')
        for (const { key, status } of event.state.members) followed.set(key, status)
      if (!isMemberEvent(event)) return
      if (event.type === 'member-removed') followed.delete(event.member.key)
      else followed.set(event.member.key, event.member.status)
    })
    await world.startAll('b c d')
    await world.kill('c')
    await world.start('c', { wallOffsetMs: 1 })
    await world.until(() => world.allUp(4), 5_000)
    await world.settled(world.cluster('d').leave())
    await world.until(() => world.everySees('a.up b.up c.up'), 5_000)
    const { members } = cluster.getState()
    expect(followed).toEqual(new Map(members.map(({ key, status }) => [key, status])))
  })

  test('sees the same events in the same order as every other', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const [first, second]: [ClusterEvent[], ClusterEvent[]] = [[], []]
    cluster.subscribe((event) => void first.push(event))
    cluster.subscribe((event) => void second.push(event))
    await world.startAll('b c')
    await world.settled(world.cluster('c').leave())
    expect(second.slice(1)).toEqual(first.slice(1))
    expect(first.length).toBeGreaterThan(5)
  })

  test('that throws is counted and reported, and keeps nothing from the others', async () => {
    await using world = new ClusterWorld()
    const { cluster, log, events } = await world.start('a')
    cluster.subscribe(() => {
      throw new Error('listener gone wrong')
    })
    await world.startAll('b')
    expect(memberEvents({ events }, 'b')).toContain('b.up')
    expect(cluster.metrics().listenerErrors).toBeGreaterThan(1)
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'A listener threw' }),
    )
  })

  test('that unsubscribed is told nothing more', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const events: ClusterEvent[] = []
    cluster.subscribe((event) => void events.push(event))[Symbol.dispose]()
    const before = events.length
    await world.startAll('b')
    expect(events.length).toBe(before)
  })

  test('that unsubscribes from within an event is told nothing more', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const events: ClusterEvent[] = []
    const subscription = cluster.subscribe((event) => {
      events.push(event)
      if (event.type === 'member-joined') subscription[Symbol.dispose]()
    })
    await world.startAll('b c')
    expect(events.filter(({ type }) => type === 'member-joined')).toHaveLength(1)
    expect(events.at(-1)?.type).toBe('member-joined')
  })

  test('that comes while events are told gets the state after them, and none of them again', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const late: ClusterEvent[] = []
    let once = false
    cluster.subscribe((event) => {
      if (event.type !== 'member-up' || once) return
      once = true
      cluster.subscribe((later) => void late.push(later))
    })
    await world.startAll('b')
    const [current, ...rest] = late
    expect(current?.type).toBe('current-state')
    const known = current?.type === 'current-state' ? current.state.members.length : 0
    expect(known).toBe(2)
    expect(rest.filter(({ type }) => type === 'member-up')).toEqual([])
  })

  test('may call the cluster from within an event', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster } = world.node('a')
    const dead = world.cluster('c').self
    const order: string[] = []
    cluster.subscribe((event) => {
      order.push(event.type)
      if (event.type === 'member-unreachable') cluster.down(event.member.node)
    })
    await world.kill('c')
    await world.until(() => world.everySees('a.up b.up'), 5_000)
    expect(cluster.getState().member(dead)).toBeUndefined()
    expect(order.indexOf('member-downed')).toBeGreaterThan(order.indexOf('member-unreachable'))
  })

  test('is told of leaders and role leaders', async () => {
    await using world = new ClusterWorld()
    const { cluster, events } = await world.start('a')
    await world.start('b', { roles: ['store'] })
    await world.until(() => world.allUp(2), 5_000)
    const b = world.cluster('b').self.key
    expect(eventsOf({ events }, 'role-leader-changed')).toMatchObject([
      { role: 'store', from: undefined, to: { key: b } },
    ])
    await world.settled(world.cluster('b').leave())
    await world.until(() => world.view('a') === 'a.up', 3_000)
    expect(eventsOf({ events }, 'role-leader-changed').at(-1)).toMatchObject({
      role: 'store',
      to: undefined,
    })
    expect(cluster.getState().leader?.key).toBe(cluster.self.key)
  })

  test('is told when the view converges, and when it no longer does', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.until(() => world.agreed, 2_000)
    const { cluster, events } = world.node('a')
    const dead = world.cluster('c').self
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 2_000)
    expect(eventsOf({ events }, 'convergence-changed').at(-1)).toMatchObject({ converged: false })
    cluster.down(dead)
    await world.until(() => world.agreed && world.everySees('a.up b.up'), 5_000)
    expect(eventsOf({ events }, 'convergence-changed').at(-1)).toMatchObject({ converged: true })
  })

  test('is told last of all that the node shuts down', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster, events } = world.node('b')
    await cluster.shutdown()
    await world.advance(10_000)
    expect(events.at(-1)).toEqual({ type: 'cluster-shutting-down', reason: 'left' })
    expect(eventsOf({ events }, 'cluster-shutting-down')).toHaveLength(1)
  })
})

describe('A subscriber to the topology', () => {
  test('gets a snapshot at once, and another when members change', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const snapshots: TopologySnapshot[] = []
    cluster.subscribeTopology((snapshot) => void snapshots.push(snapshot))
    expect(snapshots.map(({ members }) => members.length)).toEqual([1])
    await world.startAll('b')
    expect(snapshots.at(-1)?.members.map(({ status }) => status)).toEqual(['up', 'up'])
    expect(snapshots.at(-1)?.leader?.address.host).toBe('a')
  })

  test('gets nothing while nothing changes', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.advance(5_000)
    let told = 0
    world.cluster('a').subscribeTopology(() => void told++)
    await world.advance(60_000)
    expect(told).toBe(1)
  })

  test('gets services, shards and who is unreachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const snapshots: TopologySnapshot[] = []
    world.cluster('a').subscribeTopology((snapshot) => void snapshots.push(snapshot))
    const { self } = world.cluster('b')
    world.cluster('b').registerService('printer', '/p')
    world.cluster('b').publishAllocations('t', new Map([[1, { primary: self, replicas: [] }]]), 7)
    await world.until(() => snapshots.at(-1)?.allocationEpoch === 7, 3_000)
    await world.until(() => snapshots.at(-1)?.registry.length === 1, 3_000)
    await world.kill('c')
    await world.until(() => snapshots.at(-1)?.unreachable.size === 1, 3_000)
    expect(snapshots.at(-1)?.shardAllocations.get('t')?.get(1)?.primary.key).toBe(self.key)
  })

  test('that unsubscribed, or throws, disturbs nobody', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    let told = 0
    cluster.subscribeTopology(() => void told++)[Symbol.dispose]()
    cluster.subscribeTopology(() => {
      throw new Error('listener gone wrong')
    })
    await world.startAll('b')
    expect(told).toBe(1)
    expect(cluster.metrics().listenerErrors).toBeGreaterThan(1)
  })
})
