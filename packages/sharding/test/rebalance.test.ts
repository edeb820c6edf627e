import { expect, test } from 'vitest'
import { HostLoads } from '../src/coordinator/host-loads.ts'
import { rebalance } from '../src/coordinator/rebalance.ts'
import type { Situation } from '../src/coordinator/situation.ts'
import { nodeOf, situationOf, typeOf, viewOf } from './situation.ts'

const view = viewOf('a', 'b')

/** Which shards move, with none or some that something else becomes of. */
function movesOf(
  owners: string,
  known: Partial<Situation> = {},
  ...changing: readonly number[]
): readonly string[] {
  const [type, situation] = [typeOf(owners), situationOf({ view, ...known })]
  const loads = new HostLoads(type, situation, new Map())
  const moves = rebalance(type, loads, situation, (shard) => changing.includes(shard))
  return Array.from(moves, ([shard, to]) => `${shard}>${to.key}`)
}

test('shards move from who has most to who has fewest', () => {
  expect(movesOf('a a a a')).toEqual([`3>${nodeOf('b').key}`, `2>${nodeOf('b').key}`])
})

test('no more move at once than may, with those that do already', () => {
  expect(movesOf('a a a a a a', { maxMoving: 2 })).toHaveLength(2)
  expect(movesOf('a a a a a a>b', { maxMoving: 2 })).toHaveLength(1)
  expect(movesOf('a a a a', { maxMovingShare: 0 })).toHaveLength(1)
})

test.each([
  { what: 'joining', member: { status: 'joining' } },
  { what: 'weakly up', member: { status: 'weakly-up' } },
  { what: 'out of reach', member: { isReachable: false } },
] as const)('none moves while somebody is $what: it would be moved twice', ({ member }) => {
  const third = { ...viewOf('c')[0], ...member } as Situation['view'][number]
  expect(movesOf('a a a a', { view: [...view, third] })).toEqual([])
})

test('none moves before all had the time to tell which types they run', () => {
  expect(movesOf('a a a a', { isGathered: () => false })).toEqual([])
})

test('what something else becomes of stays, and those at rest move in its place', () => {
  expect(movesOf('a a a a', {}, 3, 2)).toEqual([`1>${nodeOf('b').key}`, `0>${nodeOf('b').key}`])
})

test('moves that a strategy may not ask for are passed over', () => {
  const [b, x] = [nodeOf('b'), nodeOf('x')]
  const wanted = [
    { shard: 0, to: x }, // No host.
    { shard: 1, to: b }, // Has it already.
    { shard: 2, to: b }, // Nobody has it.
    { shard: 9, to: b }, // There is no such shard.
    { shard: 3, to: b },
    { shard: 3, to: nodeOf('a') }, // Moves already.
  ]
  const strategy = { allocate: () => b, rebalance: () => wanted }
  expect(movesOf('a b - a', { strategy })).toEqual([`3>${b.key}`])
})

test('a strategy that asks for more than may move has the first of them moved', () => {
  const b = nodeOf('b')
  const strategy = {
    allocate: () => b,
    rebalance: () => [0, 1, 2, 3].map((shard) => ({ shard, to: b })),
  }
  expect(movesOf('a a a a', { strategy, maxMoving: 2 })).toEqual([`0>${b.key}`, `1>${b.key}`])
})
