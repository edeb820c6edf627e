import { describe, expect, test } from 'vitest'
import type {
  DowningContext,
  DowningProvider,
  DowningRuntime,
  DowningView,
} from '@casty/membership'
import { ClusterWorld } from './cluster-world.ts'
import { eventsOf } from './world-events.ts'

/** Downs whoever has been unreachable for `afterMs`, and keeps what its runtimes were asked. */
function downAfter(afterMs: number): DowningProvider & { readonly asked: DowningView[] } {
  const asked: DowningView[] = []
  return { agreement: `down-after=${afterMs}`, asked, start: () => downer(afterMs, asked) }
}

function downer(afterMs: number, asked: DowningView[]): DowningRuntime {
  let since: number | undefined
  return {
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

/** A provider all of whose runtimes decide alike. */
function deciding(decide: DowningRuntime['decide']): DowningProvider {
  return { agreement: 'for-tests', start: () => ({ decide }) }
}

describe('A downing provider', () => {
  test('is asked after a change of the view, and again at the time it asked for', async () => {
    await using world = new ClusterWorld()
    const downing = downAfter(3_000)
    await world.start('a', { downing })
    await world.startAll('b c', { downing: downAfter(3_000) })
    await world.kill('c')
    await world.until(() => world.view('a') === 'a.up b.up', 10_000)
    const changedAt = downing.asked.find(({ state }) => state.unreachable.size > 0)?.now ?? 0
    expect(downing.asked.map(({ now }) => now)).toContain(changedAt + 3_000)
  })

  test('is asked when others have seen what changed', async () => {
    await using world = new ClusterWorld()
    const downing = downAfter(60_000)
    await world.start('a', { downing })
    await world.startAll('b c', { downing: downAfter(60_000) })
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 5_000)
    await world.advance(1_000)
    const seen = downing.asked
      .filter(({ state }) => state.unreachable.size > 0)
      .map(({ state }) =>
        [...state.seen]
          .map((key) => key.slice(0, 1))
          .toSorted()
          .join(' '),
      )
    expect(seen.at(-1)).toBe('a b')
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
    const downing = deciding(({ self }) => ({ down: isOver ? [self] : [] }))
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
    const downing = deciding(({ now }) => {
      asked++
      return { down: [], wakeAt: now }
    })
    await world.start('a', { downing })
    await world.advance(1_000)
    expect(asked).toBeLessThanOrEqual(15)
  })

  test('that throws is reported, and the cluster goes on', async () => {
    await using world = new ClusterWorld()
    const downing = deciding(({ state }) => {
      if (state.members.length > 1) throw new Error('strategy gone wrong')
      return { down: [] }
    })
    await world.startAll('a b', { downing })
    expect(world.node('a').log).toContainEqual(expect.objectContaining({ level: 'error' }))
  })

  test('that throws is asked again after a second, and not before', async () => {
    await using world = new ClusterWorld()
    const askedAt: number[] = []
    const downing = deciding(({ now }) => {
      askedAt.push(now)
      throw new Error('strategy gone wrong')
    })
    await world.start('a', { downing })
    await world.advance(10_000)
    const last = askedAt.slice(-5)
    expect(last.map((at, index) => at - (last[index - 1] ?? at - 1_000))).toEqual(
      Array.from({ length: 5 }, () => 1_000),
    )
  })

  test('that cannot start keeps its node from starting', async () => {
    await using world = new ClusterWorld()
    const downing: DowningProvider = {
      agreement: 'broken',
      start() {
        throw new Error('no lease to be had')
      },
    }
    await expect(world.start('a', { downing })).rejects.toThrow('no lease to be had')
    await world.start('a')
    await world.until(() => world.allUp(1), 1_000)
  })
})

describe('A downing runtime', () => {
  /** Keeps what each node handed in, and what became of its runtime. */
  function recording(): DowningProvider & {
    readonly contexts: DowningContext[]
    readonly askedAt: Map<string, number[]>
    readonly ended: string[]
  } {
    const contexts: DowningContext[] = []
    const askedAt = new Map<string, number[]>()
    const ended: string[] = []
    return {
      agreement: 'recording',
      contexts,
      askedAt,
      ended,
      start(context) {
        const own: number[] = []
        contexts.push(context)
        askedAt.set(context.self.key, own)
        return {
          decide({ now }) {
            own.push(now)
            return { down: [] }
          },
          explain: () => ({ asked: own.length > 0 }),
          [Symbol.asyncDispose]: async () => void ended.push(context.self.key),
        }
      },
    }
  }

  test('belongs to one node, though the nodes share their provider', async () => {
    await using world = new ClusterWorld()
    const downing = recording()
    await world.startAll('a b', { downing })
    expect(downing.contexts.map(({ self }) => self.key)).toEqual([
      world.cluster('a').self.key,
      world.cluster('b').self.key,
    ])
  })

  test('is asked soon when what it waited for has come', async () => {
    await using world = new ClusterWorld()
    const downing = recording()
    const { cluster } = await world.start('a', { downing })
    await world.advance(60_000)
    const asked = downing.askedAt.get(cluster.self.key) ?? []
    const before = asked.length
    downing.contexts[0]?.askAgain()
    expect(asked.length).toBe(before) // Never before the call returns.
    await world.advance(100)
    expect(asked.length).toBe(before + 1)
  })

  test('begins anew with each incarnation of its node', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b', { downing: recording() })
    await world.kill('b')
    const downing = recording()
    // The wall clock went back: the members know this incarnation to be over.
    const { cluster } = await world.start('b', { downing, wallOffsetMs: -60_000 })
    const first = downing.contexts[0]
    await world.until(() => world.allUp(2), 10_000)
    expect(downing.contexts.map(({ self }) => self.key)).toEqual([
      first?.self.key,
      cluster.self.key,
    ])
    expect(downing.ended).toEqual([first?.self.key])
    expect(downing.askedAt.get(first?.self.key ?? '')).toEqual([])
    first?.askAgain()
    await world.advance(1_000)
    expect(downing.askedAt.get(first?.self.key ?? '')).toEqual([])
  })

  test('is disposed of when its node stops', async () => {
    await using world = new ClusterWorld()
    const downing = recording()
    const { cluster } = await world.start('a', { downing })
    await world.advance(1_000)
    await cluster.shutdown()
    expect(downing.ended).toEqual([cluster.self.key])
  })

  test('is asked to explain itself a last time when it knows that its node stops', async () => {
    await using world = new ClusterWorld()
    let isDisposed = false
    const runtime = {
      decide: () => ({ down: [] }),
      explain: () => ({ isDisposed }),
      [Symbol.asyncDispose]: async () => void (isDisposed = true),
    }
    const downing = { agreement: 'own', start: () => runtime }
    const { cluster } = await world.start('a', { downing })
    expect(cluster.explain().downing).toEqual({ isDisposed: false })
    await cluster.shutdown()
    expect(cluster.explain().downing).toEqual({ isDisposed: true })
  })

  test('shows in the explanation of its node, also when that has stopped', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a', { downing: recording() })
    await world.advance(1_000)
    expect(cluster.explain().downing).toEqual({ asked: true })
    await cluster.shutdown()
    expect(cluster.explain().downing).toEqual({ asked: true })
  })
})
