// When copies in memory may be lost, and when not.
import { expect, test } from 'vitest'
import { NodeClock } from '../../src/index.ts'
import { ManualClock } from '@casty/clock'
import type { ShardingProcess } from '../../src/sharding/sharding-run.ts'
import { LostWrites, type Confirmed } from '../../src/sharding/lost-writes.ts'
import { Survival } from '../../src/sharding/survival.ts'

/** As much of a process as is asked for. */
function processOf(host: string, leftNothing = false): ShardingProcess {
  const clock = new NodeClock(new ManualClock())
  const program = { cluster: { self: { key: host } }, leftNothing }
  return { host, clock, program } as unknown as ShardingProcess
}

const [a, b, c] = [processOf('a'), processOf('b'), processOf('c')]
const first: Confirmed = { askedAt: 10, answeredAt: 12 }
const second: Confirmed = { askedAt: 50, answeredAt: 52 }
const third: Confirmed = { askedAt: 70, answeredAt: 72 }

/** One write at 10, and one at 50: whether the first may be lost, where these are there in the end. */
function isFirstLost(
  survival: Survival,
  key: string,
  minAcks: number,
  there: readonly Confirmed[] = [],
): boolean {
  const mayLose = (from: number, to: number): boolean => survival.mayLose(key, minAcks, from, to)
  const writes = [first, second, third]
  return new LostWrites(writes, (write) => there.includes(write), mayLose).mayBeLost(first)
}

/** Whether the first write may be lost, where these end at those times. */
function mayBeLost(
  ends: readonly (readonly [ShardingProcess, number])[],
  minAcks: number,
  survival: Survival = new Survival(),
): boolean {
  for (const [process, at] of ends) survival.ended(process, at)
  return isFirstLost(survival, 'x', minAcks)
}

test('what is confirmed outlives as many nodes as had to confirm it', () => {
  expect(mayBeLost([[a, 20]], 1)).toBe(false)
  expect(
    mayBeLost(
      [
        [a, 20],
        [b, 30],
      ],
      2,
    ),
  ).toBe(false)
})

test('what is confirmed need not outlive more of them at once', () => {
  const both = [
    [a, 20],
    [b, 30],
  ] as const
  expect(mayBeLost(both, 1)).toBe(true)
})

test('nodes that are lost one after the other, with a confirmed write between them, are not lost at once', () => {
  const both = [
    [a, 20],
    [b, 60],
  ] as const
  expect(mayBeLost(both, 1)).toBe(false)
})

test('nodes that were lost before anything was confirmed do not count', () => {
  const both = [
    [a, 5],
    [b, 60],
  ] as const
  expect(mayBeLost(both, 1)).toBe(false)
})

test('whoever the next owner does not reach counts as lost', () => {
  const survival = new Survival()
  survival.seen(c, stateOf([{ key: 'b' }, { key: 'c' }], ['b']), undefined, 15)
  expect(mayBeLost([[a, 20]], 1, survival)).toBe(false)
  survival.claims('x', c, 25)
  expect(isFirstLost(survival, 'x', 1)).toBe(true)
  expect(isFirstLost(survival, 'y', 1)).toBe(false)
})

/** All that is asked of the view of a cluster. */
type State = Parameters<Survival['seen']>[1]

function stateOf(members: readonly object[], unreachable: readonly string[] = []): State {
  const observed = new Map(unreachable.map((key) => [key, new Set<string>()]))
  return { members, unreachable: observed } as unknown as State
}

test('who leaves, and has handed over what it had, is not lost', () => {
  const survival = new Survival()
  const before = stateOf([{ key: 'b', status: 'exiting' }, { key: 'c' }])
  survival.seen(c, stateOf([{ key: 'c' }]), before, 15)
  survival.claims('x', c, 25)
  expect(
    mayBeLost(
      [
        [a, 20],
        [processOf('b', true), 21],
      ],
      1,
      survival,
    ),
  ).toBe(false)
})

test('who leaves before it has handed over what it had is lost', () => {
  expect(
    mayBeLost(
      [
        [a, 20],
        [b, 21],
      ],
      1,
    ),
  ).toBe(true)
})

test.each([
  ['was out of reach before', 'exiting', ['b']],
  ['was not about to leave', 'up', []],
])('who is removed counts as lost where it %s', (_how, status, unreachable) => {
  const survival = new Survival()
  const before = stateOf([{ key: 'b', status }, { key: 'c' }], unreachable)
  survival.seen(c, stateOf([{ key: 'c' }]), before, 15)
  survival.claims('x', c, 25)
  expect(mayBeLost([[a, 20]], 1, survival)).toBe(true)
})

test('who wrote last is known', () => {
  const survival = new Survival()
  survival.claims('x', a, 1)
  survival.claims('x', b, 2)
  expect(survival.lastWriter('x')).toBe(b)
})

test('what came after is no excuse for a write that was gone before', () => {
  const survival = new Survival()
  survival.ended(a, 55)
  survival.ended(b, 60)
  // The second was made without the first, when nobody had been lost.
  expect(isFirstLost(survival, 'x', 1, [second])).toBe(false)
  expect(isFirstLost(survival, 'x', 1, [third])).toBe(true)
  expect(isFirstLost(survival, 'x', 1)).toBe(true)
})

/** When reads are of what is there in the end, where both nodes end at that time. */
function keptFrom(at: number): number {
  const isWithin = (from: number, to: number): boolean => from <= at && at <= to
  return new LostWrites([first, second], () => true, isWithin).keptFrom
}

test('reads count from the first write that was confirmed after copies may have been lost', () => {
  expect(keptFrom(5)).toBe(first.answeredAt)
  expect(keptFrom(30)).toBe(second.answeredAt)
  expect(keptFrom(60)).toBe(Infinity)
  expect(
    new LostWrites(
      [first],
      () => true,
      () => false,
    ).keptFrom,
  ).toBe(0)
})
