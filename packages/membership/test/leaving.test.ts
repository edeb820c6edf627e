import { describe, expect, test } from 'vitest'
import { ClusterWorld, seeds } from './cluster-world.ts'
import { eventsOf, memberEvents } from './world-events.ts'

const life = ['joined', 'up', 'left', 'exited', 'removed']

describe('Leaving', () => {
  test.each(seeds(10))('goes forward in order, and ends with removal (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await world.startAll('a b')
    const c = await world.start('c')
    await world.until(() => world.allUp(3), 5_000)
    const left = c.cluster.leave()
    await world.until(() => world.everySees('a.up b.up'), 5_000)
    await world.settled(left)
    for (const node of [world.node('a'), world.node('b'), c]) {
      const seen = memberEvents(node, 'c')
      // A node may take two steps at once, but never one back, nor one twice.
      expect(seen).toEqual(life.map((step) => `c.${step}`).filter((step) => seen.includes(step)))
      expect(seen.at(-1)).toBe('c.removed')
    }
  })

  test('lets the leaving node see its own removal, then that it shuts down, last of all', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster, events } = world.node('c')
    const left = cluster.leave()
    await world.until(() => world.view('a') === 'a.up b.up', 5_000)
    await world.settled(left)
    expect(memberEvents({ events }, 'c').slice(-4)).toEqual(
      life.slice(1).map((step) => `c.${step}`),
    )
    expect(events.at(-1)).toEqual({ type: 'cluster-shutting-down', reason: 'left' })
    expect(eventsOf({ events }, 'self-downed')).toEqual([])
  })

  test('takes less than two seconds', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    const before = world.clock.now()
    await world.settled(world.cluster('e').leave())
    expect(world.clock.now() - before).toBeLessThanOrEqual(2_000)
  })

  test('finds nobody unreachable who is not on its way out', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    const left = world.cluster('e').leave()
    await world.advance(15_000)
    await world.settled(left)
    const found = world.nodes.flatMap((node) => eventsOf(node, 'member-unreachable'))
    expect(found.filter(({ member }) => member.status !== 'exiting')).toEqual([])
    expect(world.everySees('a.up b.up c.up d.up')).toBe(true)
  })

  test('of the leader hands leadership to the next oldest', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    for (const host of ['c', 'b']) {
      await world.start(host)
      await world.until(() => world.view(host).includes(`${host}.up`), 5_000)
    }
    const left = world.cluster('a').leave()
    await world.until(() => world.view('b') === 'b.up c.up', 5_000)
    await world.settled(left)
    expect(world.cluster('b').getState().leader?.address.host).toBe('c')
    const changes = eventsOf(world.node('b'), 'leader-changed')
    expect(changes.at(-1)).toMatchObject({ to: { address: { host: 'c' } } })
  })

  test('of all at once ends for everybody', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.settled(Promise.all(world.nodes.map(({ cluster }) => cluster.leave())), 30_000)
    expect(world.nodes).toEqual([])
  })

  test('one after the other down to the last node works', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    for (const host of ['a', 'b', 'c']) {
      await world.settled(world.cluster(host).leave())
    }
    expect(world.nodes).toEqual([])
  })

  test('of several at once, the oldest and the youngest among them, is seen by the others', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    const leaving = ['a', 'c', 'e'].map((host) => world.cluster(host).leave())
    await world.until(
      () => world.view('b') === 'b.up d.up' && world.view('d') === 'b.up d.up',
      9_000,
    )
    await world.settled(Promise.all(leaving))
    expect(world.cluster('b').getState().leader?.address.host).toBe('b')
  })

  test('while joining just stops, and nobody ever hears of it', async () => {
    await using world = new ClusterWorld()
    const { cluster, events } = await world.start('b')
    await world.advance(500)
    await cluster.leave()
    expect(events.at(-1)).toEqual({ type: 'cluster-shutting-down', reason: 'left' })
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('of a member that is still joining skips being up', async () => {
    await using world = new ClusterWorld()
    for (const host of ['a', 'b']) await world.start(host, { minMembers: 3 })
    await world.until(() => world.everySees('a.joining b.joining'), 2_000)
    const left = world.cluster('b').leave()
    await world.until(() => world.view('a') === 'a.joining', 15_000)
    await world.settled(left)
    const seen = memberEvents(world.node('a'), 'b')
    expect(seen).not.toContain('b.up')
    expect(seen.at(-1)).toBe('b.removed')
  })

  test('twice waits for one end', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster } = world.node('b')
    const both = [cluster.leave(), cluster.leave()]
    await world.until(() => world.view('a') === 'a.up', 5_000)
    await world.settled(Promise.all([...both, cluster.leave()]))
    expect(memberEvents(world.node('a'), 'b').filter((step) => step === 'b.removed')).toHaveLength(
      1,
    )
  })

  test('that nobody can hear is cut short by shutting down', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    world.partition('c', 'a b')
    const { cluster } = world.node('c')
    const left = cluster.leave()
    await world.advance(10_000)
    await cluster.shutdown()
    await expect(left).resolves.toBe('gave-up')
  })

  test('that the others let go says so, and warns of nothing', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster, log } = world.node('c')
    expect(await world.settled(cluster.leave())).toBe('left')
    expect(log.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('that the others let go is known to the node also where their word did not reach it', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster, events, log } = world.node('c')
    cluster.beforeExit(async () => {
      for (const other of ['a', 'b']) world.cut(other, 'c', { oneWay: true })
    })
    const left = cluster.leave()
    await world.until(() => world.view('a') === 'a.up b.up', 5_000)
    world.heal()
    expect(await world.settled(left)).toBe('left')
    expect(memberEvents({ events }, 'c').at(-1)).toBe('c.removed')
    expect(log.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('of the only member is let go by itself', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    expect(await world.settled(world.cluster('a').leave())).toBe('left')
  })

  test('that the others do not let go in time is warned of, naming who blocks it', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.kill('a')
    await world.until(() => world.unreachable('c') === 'a', 10_000)
    const { cluster, log } = world.node('c')
    expect(await world.settled(cluster.leave(), 20_000)).toBe('gave-up')
    const warned = log.filter(({ message }) => message.includes('leaveTimeoutMs'))
    expect(warned.map(({ level }) => level)).toEqual(['warn', 'warn'])
    expect(warned[0]?.message).toContain('runs its exit tasks')
    expect(warned[1]?.message).toContain('stops')
    expect(warned[0]?.details).toMatchObject({
      leaveTimeoutMs: 5_000,
      blockers: expect.arrayContaining([expect.stringMatching(/^a:1#\d+: unreachable$/)]),
    })
  })

  test('rejects when the node is downed meanwhile', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster } = world.node('c')
    cluster.beforeExit(() => new Promise(() => {}))
    const left = expect(cluster.leave()).rejects.toMatchObject({ code: 'CASTY_MEMBERSHIP_DOWNED' })
    await world.until(() => world.view('a') === 'a.up b.up c.exiting', 5_000)
    world.cluster('a').down(cluster.self)
    await world.until(() => world.everySees('a.up b.up'), 10_000)
    await world.settled(left)
    expect(memberEvents(world.node('b'), 'c').slice(-2)).toEqual(['c.downed', 'c.removed'])
  })
})

describe('Exit tasks', () => {
  test('are awaited before the node is removed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster } = world.node('c')
    const done: string[] = []
    let finish = (): void => {}
    cluster.beforeExit(async () => {
      done.push('started')
      await new Promise<void>((resolve) => (finish = resolve))
      done.push('finished')
    })
    const left = cluster.leave()
    await world.until(() => done.length === 1, 5_000)
    await world.advance(2_000)
    expect(world.view('a')).toBe('a.up b.up c.exiting')
    finish()
    await world.until(() => world.view('a') === 'a.up b.up', 3_000)
    await world.settled(left)
    expect(done).toEqual(['started', 'finished'])
  })

  test.each([
    [50, 50, 50],
    [100, 200, 300],
    [300, 300, 100],
  ])('of all at once hold nobody longer than they take (%i, %i, %i ms)', async (...tookMs) => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    for (const [index, { cluster, clock }] of world.nodes.entries()) {
      cluster.beforeExit(
        async () => new Promise((resolve) => clock.schedule(tookMs[index] ?? 0, resolve)),
      )
    }
    const left = Promise.all(world.nodes.map(({ cluster }) => cluster.leave()))
    await world.until(() => world.nodes.length === 0, Math.max(...tookMs) + 1_000)
    await world.settled(left)
    expect(
      world.everStarted.flatMap(({ log }) => log.filter(({ level }) => level === 'warn')),
    ).toEqual([])
  })

  test('that fail are reported, and the node leaves all the same', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster, log } = world.node('b')
    cluster.beforeExit(async () => {
      throw new Error('the disk is full')
    })
    const left = cluster.leave()
    await world.until(() => world.view('a') === 'a.up', 5_000)
    await world.settled(left)
    expect(log.filter(({ level }) => level === 'error')).toMatchObject([
      { details: { error: { message: 'the disk is full' } } },
    ])
  })

  test('that throw before they return a promise are reported too', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster, log } = world.node('b')
    cluster.beforeExit(() => {
      throw new Error('not ready')
    })
    const left = cluster.leave()
    await world.until(() => world.view('a') === 'a.up', 5_000)
    await world.settled(left)
    expect(log.some(({ level }) => level === 'error')).toBe(true)
  })

  test('that were withdrawn do not run', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster } = world.node('b')
    let ran = false
    cluster.beforeExit(async () => void (ran = true))[Symbol.dispose]()
    const left = cluster.leave()
    await world.until(() => world.view('a') === 'a.up', 5_000)
    await world.settled(left)
    expect(ran).toBe(false)
  })

  test('that never end hold the node no longer than the time for exit tasks', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster } = world.node('b')
    cluster.beforeExit(() => new Promise(() => {}))
    const before = world.clock.now()
    await world.settled(cluster.leave(), 60_000)
    const took = world.clock.now() - before
    expect(took).toBeGreaterThanOrEqual(30_000)
    expect(took).toBeLessThanOrEqual(32_000)
    await world.until(() => world.view('a') === 'a.up', 10_000)
  })
})
