import { expect, test } from 'vitest'
import { grown, scenarios } from './scenarios.ts'
import { World, type WorldNode } from './world.ts'

const quiet = { lossShare: 0, slowShare: 0 }

function counts(world: World, nodes: readonly WorldNode[]): readonly number[] {
  return nodes.map((node) => world.shardsOf(node).length)
}

/** How long some shard runs nowhere, at most, from now on. */
function longestPause(world: World, forMs: number): number {
  const since = new Map<number, number>()
  let longest = 0
  for (const end = world.now + forMs; world.now < end; world.run(10)) {
    const homeless = new Set(world.homeless)
    for (const shard of since.keys()) if (!homeless.has(shard)) since.delete(shard)
    for (const shard of homeless) {
      since.set(shard, since.get(shard) ?? world.now)
      longest = Math.max(longest, world.now - (since.get(shard) ?? 0))
    }
  }
  return longest
}

test('a node alone has all shards at once', () => {
  const world = new World({ seed: 1, ...quiet })
  const node = world.start('a')
  world.run(600)
  expect(world.shardsOf(node)).toHaveLength(12)
})

test('three nodes that start together share the shards', () => {
  const world = new World({ seed: 1, ...quiet })
  const nodes = ['a', 'b', 'c'].map((name) => world.start(name))
  world.run(5_000)
  expect(counts(world, nodes)).toEqual([4, 4, 4])
})

test('a node that comes later gets its share, some shards at a time', () => {
  const world = new World({ seed: 1, ...quiet, numShards: 40 })
  const nodes = grown(world, ['a', 'b'])
  const newcomer = world.start('c')
  let mostMoving = 0
  world.runUntil(() => {
    const rows = nodes[0]?.core.committed.types.get('t')?.rows ?? []
    mostMoving = Math.max(mostMoving, rows.filter(({ movingTo }) => movingTo).length)
    return world.shardsOf(newcomer).length === 13
  })
  const shares = counts(world, [...nodes, newcomer])
  expect(shares.toSorted((left, right) => left - right)).toEqual([13, 13, 14])
  expect(mostMoving).toBe(4)
})

test.each(Object.entries(scenarios))(
  '%s: nothing runs twice, and all runs in the end',
  (_name, play) => {
    const world = play((options) => new World(options))
    expect(world.invariants.violations).toEqual([])
    world.heal()
    world.run(20_000)
    expect(world.invariants.violations).toEqual([])
    expect(world.homeless).toEqual([])
  },
)

test('when the coordinator dies, its shards run elsewhere within two leases', () => {
  const world = new World({ seed: 7, ...quiet })
  const [a] = grown(world, ['a', 'b', 'c', 'd', 'e'])
  expect(world.leading).toEqual([a])
  if (a) world.kill(a)
  expect(longestPause(world, 8_000)).toBeLessThan(4_000)
})

test('when the coordinator leaves, no shard pauses for longer than its handoff takes', () => {
  const world = new World({ seed: 8, ...quiet })
  const [a, ...others] = grown(world, ['a', 'b', 'c'])
  if (a) world.leave(a)
  expect(longestPause(world, 10_000)).toBeLessThan(700)
  expect(a && world.status(a)).toBe('removed')
  expect(counts(world, others)).toEqual([6, 6])
  expect(others).toEqual(expect.arrayContaining([...world.leading]))
})

test('the last ones to leave do not wait for anybody', () => {
  const world = new World({ seed: 9, ...quiet })
  const nodes = grown(world, ['a', 'b', 'c'])
  for (const node of nodes) world.leave(node)
  world.run(5_000)
  expect(nodes.map(({ core }) => core.mayExit)).toEqual([true, true, true])
})

test('epochs of shards that were never owned begin with the wall clock', () => {
  const world = new World({ seed: 10, ...quiet })
  const node = world.start('a')
  world.run(1_000)
  expect(node.core.committed.row('t', 3).epoch).toBeGreaterThanOrEqual(1_000_000)
})

/** Nodes that come one after the other, with wall clocks that are behind by so many milliseconds. */
function comeWithClocks(world: World, behind: Readonly<Record<string, number>>): void {
  for (const [name, behindMs] of Object.entries(behind)) {
    world.start(name, behindMs)
    world.run(3_000)
  }
  world.run(10_000)
}

function lowestEpoch(world: World): number {
  const [{ core } = world.start('nobody')] = world.leading
  return Math.min(...(core.committed.types.get('t')?.rows ?? []).map(({ epoch }) => epoch))
}

test('where the first node has a clock that is behind, epochs go up once most others are there', () => {
  const world = new World({ seed: 13, ...quiet, replicas: 2 })
  world.run(20_000)
  comeWithClocks(world, { a: 600_000, b: 0 })
  expect(lowestEpoch(world)).toBeLessThan(500_000)
  const before = 1_000_000 + world.now
  comeWithClocks(world, { c: 0 })
  expect(lowestEpoch(world)).toBeGreaterThan(1_020_000)
  expect(lowestEpoch(world)).toBeLessThan(before)
})

test.for([
  ['all clocks are right', 2, { a: 0, b: 0, c: 0 }, 1_000_000],
  ['one of three is ahead', 2, { a: 0, b: -600_000, c: 0 }, 1_000_000],
  ['nothing is kept in copies', 0, { a: 600_000, b: 0, c: 0 }, 400_000],
] as const)(
  'epochs begin at the clock of the first node and stay there: %s',
  ([, replicas, behind, beginsAt]) => {
    const world = new World({ seed: 14, ...quiet, replicas })
    comeWithClocks(world, behind)
    expect(lowestEpoch(world)).toBeGreaterThanOrEqual(beginsAt)
    expect(lowestEpoch(world)).toBeLessThan(beginsAt + 3_000)
  },
)

test('an owner whose epoch a journal refuses gets one above that which has written', () => {
  const world = new World({ seed: 11, ...quiet })
  const [, b] = grown(world, ['a', 'b'])
  const [shard = 0] = b ? world.shardsOf(b) : []
  const epoch = b?.core.committed.row('t', shard).epoch ?? 0
  if (b) {
    const behind = { typeName: 't', shard, epoch }
    world.step(b, { type: 'epoch-refused', shard: behind, written: epoch + 100 })
  }
  world.run(1_000)
  const row = b?.core.committed.row('t', shard)
  expect(row?.owner?.key).toBe(b?.key)
  expect(row?.epoch).toBe(epoch + 101)
})

test('where nothing changes, rounds are all that is said', () => {
  const world = new World({ seed: 12, ...quiet })
  grown(world, ['a', 'b', 'c', 'd', 'e'])
  world.run(10_000)
  const before = new Map(world.sent)
  world.run(10_000)
  const sent = [...world.sent].map(
    ([type, count]) => [type, count - (before.get(type) ?? 0)] as const,
  )
  // Four rounds in each lease of 2 s, to four others.
  const [, rounds = 0] = sent.find(([type]) => type === 'round') ?? []
  expect(rounds).toBeGreaterThanOrEqual(4 * 19)
  expect(rounds).toBeLessThanOrEqual(4 * 22)
  const others = sent.filter(([type]) => type !== 'round' && type !== 'answer')
  expect(others.filter(([, count]) => count > 0)).toEqual([])
})

test('a handoff that is called off gives its owner another epoch: what it said of it counts no more', () => {
  const world = new World({ seed: 13, ...quiet, routers: ['r'], releaseMs: 5_000, numShards: 4 })
  const [router, a] = grown(world, ['r', 'a'])
  const b = world.start('b')
  const moving = () =>
    router?.core.committed.types.get('t')?.rows.findIndex(({ movingTo }) => movingTo)
  world.runUntil(() => (moving() ?? -1) >= 0)
  const shard = moving() ?? -1
  const before = router?.core.committed.row('t', shard)
  world.kill(b)
  world.run(1_000)
  const after = router?.core.committed.row('t', shard)
  expect(after).toEqual({ ...before, epoch: (before?.epoch ?? 0) + 1, movingTo: undefined })
  expect(after?.owner?.key).toBe(a?.key)
})

test('each shard has as many replicas as its type wants, on other nodes than its owner', () => {
  const world = new World({ seed: 14, ...quiet, replicas: 2 })
  const [a] = grown(world, ['a', 'b', 'c', 'd'])
  world.run(3_000)
  for (const { owner, replicas } of a?.core.committed.types.get('t')?.rows ?? []) {
    expect(new Set([owner?.key, ...replicas.map(({ key }) => key)]).size).toBe(3)
  }
})

test('of the replicas of a shard whose owner is gone, the one that is furthest becomes its owner', () => {
  const world = new World({ seed: 15, ...quiet, replicas: 2 })
  const nodes = grown(world, ['a', 'b', 'c', 'd'])
  world.run(3_000)
  const [a, , , d] = nodes
  const lost = d ? world.shardsOf(d) : []
  expect(lost.length).toBeGreaterThan(0)
  const rows = new Map(lost.map((shard) => [shard, a?.core.committed.row('t', shard)]))
  // The second replica of each has seen a later epoch, or more of the same.
  world.copiesAt = (node, { shard }) => {
    const place = rows.get(shard)?.replicas.findIndex(({ key }) => key === node.key)
    const copies = [
      { epoch: 7, position: 900 },
      { epoch: 7 + (shard % 2), position: 901 - (shard % 2) * 900 },
    ]
    return copies[place ?? -1]
  }
  if (d) world.kill(d)
  world.runUntil(() => world.homeless.length > 0)
  world.runUntil(() => world.homeless.length === 0)
  for (const [shard, row] of rows) {
    expect(a?.core.committed.row('t', shard).owner?.key).toBe(row?.replicas[1]?.key)
  }
})

test('a node says why there is no coordinator', () => {
  const world = new World({ seed: 16, ...quiet })
  const [a, b, c] = grown(world, ['a', 'b', 'c'])
  if (!a || !b || !c) return expect.unreachable()
  const summary = () => c.core.explain(c.clock(world.now)).summary
  expect(summary()).toMatch(/^a:1#1 is the coordinator, in term \d+, or wants to be\.$/)
  expect(a.core.explain(a.clock(world.now)).summary).toMatch(
    /^This node is the coordinator, in term/,
  )
  world.kill(a)
  world.kill(b)
  world.run(4_000)
  expect(summary()).toMatch(
    /This node asks for promises of term \d+; no answer came from a:1#1, b:1#2/,
  )
  expect(c.core.explain(c.clock(world.now))).toMatchObject({
    leaseForMs: 0,
    voters: [a.key, b.key, c.key],
  })
})
