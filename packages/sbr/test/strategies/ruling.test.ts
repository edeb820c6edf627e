import {
  afterLease,
  keepMajority,
  leaseMajority,
  nodesToDown,
  rule,
  type DowningDecision,
  type DowningStrategy,
} from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { downed, downedBy, node, uncalledLease, view } from './views.ts'

function answering(decide: () => DowningDecision): DowningStrategy {
  return { name: 'own', agreement: 'own', decide }
}

describe('whatever goes wrong downs all', () => {
  // Strategies come from users, who may have no types.
  const unknown = (decision: unknown): DowningDecision => decision as DowningDecision
  const stay: DowningDecision = { type: 'stay' }

  test.each<[string, DowningStrategy, string]>([
    [
      'a strategy that throws',
      answering(() => {
        throw new Error('no such thing')
      }),
      'the strategy failed (no such thing)',
    ],
    [
      'a decision that nobody knows',
      answering(() => unknown({ type: 'down-some' })),
      'the strategy answered no decision',
    ],
    [
      'a strategy that forgets to answer',
      answering(() => unknown(undefined)),
      'the strategy answered undefined, which is no decision',
    ],
    [
      'a word for an answer',
      answering(() => unknown('down-all')),
      'the strategy answered "down-all", which is no decision',
    ],
    [
      'a strategy that is async',
      answering(() => unknown(Promise.resolve({ type: 'stay' }))),
      'the strategy answered a promise, which is no decision',
    ],
    ['a decision of no type', answering(() => unknown({})), 'the strategy answered no decision'],
    [
      'a lease to be asked for twice',
      answering(() => {
        const ask = { type: 'acquire-lease', delayMs: 0, granted: stay, denied: stay } as const
        return { ...ask, granted: ask }
      }),
      'the strategy answered no decision',
    ],
    [
      'a lease that there is not',
      answering(() => ({ type: 'acquire-lease', delayMs: 0, granted: stay, denied: stay })),
      'the strategy asks for a lease and has none',
    ],
  ])('%s', (_, strategy, reason) => {
    const ruling = rule(strategy, view('a b / c'))
    expect(downed(ruling)).toBe('b c a')
    expect(ruling.reason).toBe(`own: all members go down, because ${reason}.`)
  })

  test('a view without the node that decides', () => {
    const split = { ...view('a b / c'), self: node('z').key }
    expect(rule(keepMajority(), split).reason).toBe(
      'keep-majority: all members go down, because this node is no member of data center default.',
    )
  })

  test('a view with a member that is in it twice', () => {
    const split = view('a b / c')
    const doubled = { ...split, members: [...split.members, ...split.members.slice(1, 2)] }
    expect(rule(keepMajority(), doubled)).toMatchObject({ decision: { type: 'down-all' } })
  })
})

test('a side that asks later for the lease says so in words that hold before and after', () => {
  const { reason } = rule(leaseMajority({ lease: uncalledLease }), view('a / b c'))
  expect(reason).toMatch(
    /^lease-majority: the lease decides, for which this side asks 2000 ms later than a majority, because/,
  )
})

test('a side that has lost nobody does not boast of having survived', () => {
  expect(rule(keepMajority(), view('a b'))).toMatchObject({
    down: [],
    reason: 'keep-majority: nobody is downed, because nobody is unreachable.',
  })
})

test('nobody goes down where nobody is unreachable', () => {
  const ruling = rule(
    answering(() => ({ type: 'down-all' })),
    view('a b.leaving'),
  )
  expect(ruling).toMatchObject({
    decision: { type: 'stay' },
    down: [],
    reason: 'own: nobody is downed, because nobody is unreachable.',
  })
})

test('nobody else goes down where only members are unreachable that are down already', () => {
  expect(downed(rule(keepMajority(), view('b.leaving / a.down')))).toBe('')
})

test('an unreachable member that is exiting is decided on, for elsewhere it may be leaving still', () => {
  const split = view('b / a.exiting')
  expect(rule(keepMajority(), split).decision).toEqual({ type: 'down-unreachable' })
})

test('a strategy without reasons is believed', () => {
  const ruling = rule(
    answering(() => ({ type: 'down-unreachable' })),
    view('a / b'),
  )
  expect(ruling.reason).toBe(
    'own: this side survives and downs the other, because the strategy says so.',
  )
})

test('a ruling that asks for no lease is not changed by one', () => {
  const ruling = rule(keepMajority(), view('a b / c'))
  expect(afterLease(ruling, false)).toBe(ruling)
})

describe('whom a decision downs', () => {
  const split = view('c a.leaving e.joining f@east / b d.weakly-up g.exiting h.down i@east')

  test.each<[DowningDecision, string]>([
    [{ type: 'stay' }, ''],
    [{ type: 'down-unreachable' }, 'b d'],
    [{ type: 'down-reachable' }, 'a e c'],
    [{ type: 'down-all' }, 'a b d e c'],
    [
      {
        type: 'acquire-lease',
        delayMs: 0,
        granted: { type: 'down-all' },
        denied: { type: 'down-all' },
      },
      '',
    ],
  ])('$type', (decision, expected) => {
    expect(downedBy(split, decision)).toBe(expected)
  })

  const crossed = view('a b c', { observations: 'a✗b b✗a a✗d' })
  const scene = { ...crossed, members: view('a b c d').members }

  test.each<[DowningDecision, string]>([
    [{ type: 'down-indirectly-connected' }, 'b a'],
    [{ type: 'down-indirectly-connected', also: { type: 'down-unreachable' } }, 'b d a'],
    [{ type: 'reverse-down-indirectly-connected' }, 'b c a'],
  ])('$type', (decision, expected) => {
    expect(downedBy(scene, decision)).toBe(expected)
  })

  test('comes with its incarnation, by address with ports as numbers, and itself last', () => {
    const ports = view('a:3 b:10 b:9 a:10 a:9')
    expect(nodesToDown(ports, { type: 'down-all' }).map(String)).toEqual([
      'a:9#1',
      'a:10#1',
      'b:9#1',
      'b:10#1',
      'a:3#1',
    ])
  })
})
