import {
  afterLease,
  downAll,
  keepOldest,
  keepReferee,
  leaseMajority,
  noDowning,
  roleWeightedQuorum,
  rule,
  staticQuorum,
} from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { downed, uncalledLease, view } from './views.ts'

describe('keep-oldest', () => {
  test.each([
    ['the side of the oldest survives, however small', 'c#1 d#5 / a#2 b#3 e#4', 'a b e'],
    ['the other side goes down', 'a#2 b#3 e#4 / c#1 d#5', 'b e a'],
    ['an oldest alone against two goes down', 'c#1 / a#2 b#3', 'c'],
    ['two know that the oldest, alone, goes down', 'a#2 b#3 / c#1', 'c'],
    ['of two members the oldest survives', 'b#1 / a#2', 'a'],
    ['of two members the younger goes down', 'a#2 / b#1', 'a'],
    ['an oldest alone, and a split into three, leave nobody', 'a#2 b#3 / c#1 d#4 e#5', 'b a'],
    ['of two of one age the lower address is the oldest', 'a#1 d#5 / b#1 c#5', 'b c'],
    [
      'company that is only joining may be unknown there',
      'c#1 d.joining / a#2 b.joining',
      'a b d c',
    ],
  ])('%s: %s', (_, partition, expected) => {
    expect(downed(rule(keepOldest(), view(partition)))).toBe(expected)
  })

  test('an oldest that leaves decides nothing the second time', () => {
    expect(downed(rule(keepOldest(), view('d.leaving#1 e#4 / a#2 b#3')))).toBe('a b e d')
  })

  test('lets an oldest survive alone where it shall', () => {
    const strategy = keepOldest({ downIfAlone: false })
    expect(downed(rule(strategy, view('c#1 / a#2 b#3')))).toBe('a b')
    expect(downed(rule(strategy, view('a#2 b#3 / c#1')))).toBe('b a')
  })

  test('takes the oldest of a role', () => {
    expect(downed(rule(keepOldest({ role: 'db' }), view('b#2[db] c#3[db] / a#1 d#4')))).toBe('a d')
  })

  test('says who is the oldest, and alone', () => {
    expect(rule(keepOldest(), view('c#1 / a#2 b#3')).reason).toBe(
      'keep-oldest: this side goes down, because the oldest member c:1 is on this side, alone against 2.',
    )
  })
})

describe('keep-referee', () => {
  test.each([
    ['its side survives', 'b c / a d e', 'a d e'],
    ['the other side goes down', 'a d e / b c', 'd e a'],
    ['without it everybody does', 'a c / d', 'c a'],
    ['joining it does not count yet', 'a b.joining / c', 'b a'],
  ])('%s: %s', (_, partition, expected) => {
    expect(downed(rule(keepReferee({ referee: 'b:1' }), view(partition)))).toBe(expected)
  })

  test('downs all where too few are left on its side', () => {
    const strategy = keepReferee({ referee: 'b:1', downAllIfLessThan: 2 })
    expect(rule(strategy, view('b c.joining / a')).reason).toBe(
      'keep-referee: all members go down, because the referee b:1 is on this side, ' +
        'but with 1 member of the 2 it needs.',
    )
  })
})

describe('static-quorum', () => {
  const strategy = staticQuorum({ quorumSize: 3 })

  test.each([
    ['the side with a quorum survives', 'a b c / d e', 'd e'],
    ['the side without goes down', 'd e / a b c', 'e d'],
    ['nobody survives where no side has one', 'a b / c d e.joining', 'b a'],
    ['all go down where two sides could have one', 'a b c / d e f', 'b c d e f a'],
    ['all go down where leaving members make it', 'a b c.leaving / d', 'b c d a'],
    ['all go down where joining members may make it there', 'a b c / d e f.joining', 'b c d e f a'],
  ])('%s: %s', (_, partition, expected) => {
    expect(downed(rule(strategy, view(partition)))).toBe(expected)
  })

  test('counts members of a role only', () => {
    const ofRole = staticQuorum({ quorumSize: 1, role: 'db' })
    expect(downed(rule(ofRole, view('a[db] / b c d')))).toBe('b c d')
  })

  test('says that a cluster is too large for its quorum', () => {
    expect(rule(strategy, view('a b c / d e f')).reason).toBe(
      'static-quorum: all members go down, because the cluster counts 6 members, ' +
        'and from more than 5 two sides could both have the quorum of 3.',
    )
  })
})

describe('role-weighted-quorum', () => {
  const strategy = roleWeightedQuorum({ weights: { core: 3, edge: 1 }, quorumWeight: 4 })

  test.each([
    ['the heavier side survives', 'a[core] b[edge] / c[edge] d e', 'c d e'],
    ['the lighter side goes down', 'c[edge] d[edge] e[edge] / a[core] b[edge]', 'd e c'],
    ['of several roles the heaviest counts', 'a[core,edge] / b[edge] c[edge]', 'a'],
    ['all go down where two sides could weigh enough', 'a[core] b[core] / c[core]', 'b c a'],
  ])('%s: %s', (_, partition, expected) => {
    expect(downed(rule(strategy, view(partition)))).toBe(expected)
  })

  test('says what both sides weigh', () => {
    expect(rule(strategy, view('a[core] b[edge] / c[edge]')).reason).toBe(
      'role-weighted-quorum: this side survives and downs the other, because this side counts ' +
        'a weight of 4 and the other side 1, with a quorum of 4.',
    )
  })
})

describe('lease-majority', () => {
  const strategy = leaseMajority({ lease: uncalledLease })

  test.each([
    ['a majority asks at once', 'a b c / d e', 0],
    ['a minority asks later', 'd e / a b c', 2_000],
    ['half with the lowest address asks at once', 'a d / b c', 0],
    ['half without it asks later', 'b c / a d', 2_000],
    ['nobody that counts makes no minority', 'a.joining / b.joining', 0],
  ])('%s: %s', (_, partition, delayMs) => {
    expect(rule(strategy, view(partition))).toMatchObject({
      decision: { type: 'acquire-lease', delayMs },
      down: [],
    })
  })

  test('lets no side go on where nobody is up: it was let in by one that has gone down', () => {
    const ruling = rule(strategy, view('a.joining b.weakly-up / c d'))
    expect(downed(ruling)).toBe('b a')
    expect(ruling.reason).toBe(
      'lease-majority: this side goes down, because nobody on this side is up, and 2 members on the other side.',
    )
  })

  test('lets such a side not go on either where those who were let in do not all reach each other', () => {
    const observations = 'a✗c b✗c e✗c a✗d b✗d e✗d a✗b b✗a'
    const ruling = rule(strategy, view('a.joining b.joining e.joining / c d', { observations }))
    expect(ruling.decision).toEqual({ type: 'reverse-down-indirectly-connected' })
    expect(downed(ruling)).toBe('b e a')
  })

  test('has a side ask on which somebody is up or leaving, though some reach it and others do not', () => {
    const observations = 'a✗c b✗c e✗c a✗d b✗d e✗d a✗b b✗a'
    for (const here of ['a b.joining e.joining', 'a.leaving b.joining e.joining']) {
      const ruling = rule(strategy, view(`${here} / c d`, { observations }))
      expect(ruling.decision).toMatchObject({ type: 'acquire-lease', delayMs: 0 })
      expect(downed(afterLease(ruling, false))).toBe('b e a')
    }
  })

  test('has those ask who are up, though none of them has the role that is counted', () => {
    const ofCores = leaseMajority({ lease: uncalledLease, role: 'core' })
    expect(rule(ofCores, view('a / b[core]'))).toMatchObject({
      decision: { type: 'acquire-lease', delayMs: 2_000 },
    })
  })

  test('downs the other side once granted, its own once denied', () => {
    const ruling = rule(strategy, view('d e / a b c'))
    expect(downed(afterLease(ruling, true))).toBe('a b c')
    expect(downed(afterLease(ruling, false))).toBe('e d')
    expect(afterLease(ruling, false).reason).toBe(
      'lease-majority: this side goes down, because the lease was denied.',
    )
  })

  test('gives up the indirectly connected in any case', () => {
    const ruling = rule(strategy, view('a b c d', { observations: 'a✗b b✗a' }))
    expect(ruling.decision).toMatchObject({ type: 'acquire-lease', delayMs: 0 })
    expect(downed(afterLease(ruling, true))).toBe('b a')
    expect(downed(afterLease(ruling, false))).toBe('b c d a')
  })

  test('carries its lease, and when to give it back', () => {
    expect(strategy.lease).toEqual({ lease: uncalledLease, releaseAfterMs: 40_000 })
  })
})

test('down-all lets nobody survive', () => {
  expect(downed(rule(downAll(), view('a b / c')))).toBe('b c a')
})

test('no-downing downs nobody', () => {
  expect(rule(noDowning(), view('a / b c'))).toMatchObject({ decision: { type: 'stay' }, down: [] })
})
