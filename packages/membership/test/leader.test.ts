import { describe, expect, test } from 'vitest'
import {
  blockersOfConvergence,
  electLeader,
  electRoleLeader,
  isConverged,
  LeaderHandover,
  memberStatuses,
  nextStatus,
  statusAfterDown,
  statusAfterLeave,
  withUpNumbers,
} from '../src/index.ts'
import { cluster, member, nameOf, node, seenByAll } from './states.ts'

describe('the leader', () => {
  test.each([
    ['a.up^2 b.up^1', 'b'], // The oldest.
    ['a.up^2 b.leaving^1', 'b'], // Leaving members still lead.
    ['a.exiting^1 b.up^2', 'b'],
    ['a.joining b.up^1', 'b'],
    ['a.joining b.joining', 'a'], // Nobody is up: the first by fitness, then address.
    ['a.joining b.weakly-up', 'b'],
    ['a.exiting^1 b.joining', 'b'],
    ['a.exiting^1 b.down^2', 'a'],
    ['a.down^1', ''],
    ['', ''],
    ['a.up^1 b.up^2 c.up^3 | b✗a c✗a', 'b'], // Whoever is unreachable does not lead.
    ['a.up^1 b.up^2 c.up^3 | b✗a', 'a'], // One bad link does not make one so.
  ])('of [%s] is [%s]', (text, expected) => {
    const leader = electLeader(cluster(text))
    expect(leader ? nameOf(leader.node) : '').toBe(expected)
  })

  test('is the first by address where that is asked for', () => {
    const state = cluster('a.up^2 b.up^1')
    expect(electLeader(state, { leaderOrder: 'address' })?.address.host).toBe('a')
  })

  test('is reachable for itself, whatever others say', () => {
    const state = cluster('a.up^1 b.up^2 | b✗a')
    expect(electLeader(state)?.address.host).toBe('b')
    expect(electLeader(state, { self: node('a').key })?.address.host).toBe('a')
  })

  test('of a data center is chosen by it alone', () => {
    const state = cluster('a.up^1:dc-x b.up^2:dc-y c.up^3:dc-y | a✗b')
    expect(electLeader(state, { dataCenter: 'y' })?.address.host).toBe('b')
  })

  test('of a role is the oldest member up that has it', () => {
    const state = cluster('a.up^1 b.up^3:x c.up^2:x d.joining:x')
    expect(electRoleLeader(state, 'x')?.address.host).toBe('c')
    expect(electRoleLeader(state, 'x', { leaderOrder: 'address' })?.address.host).toBe('b')
    expect(electRoleLeader(state, 'none')).toBeUndefined()
  })

  test('does not change while members join, become up and leave behind it', () => {
    const handover = new LeaderHandover()
    const names = [
      'b.up^1',
      'a.joining b.up^1',
      'a.up^2 b.up^1',
      'a.up^2 b.leaving^1',
      'a.up^2 b.exiting^1',
    ]
    const events = names.map((text) => handover.observe(cluster(text)))
    expect(
      events.map((event) => event && [event.from?.address.host, event.to?.address.host]),
    ).toEqual([[undefined, 'b'], undefined, undefined, undefined, ['b', 'a']])
    expect(handover.current?.address.host).toBe('a')
  })
})

describe('convergence', () => {
  test.each([
    ['a.up b.up', [], true],
    ['a.up b.up', ['b'], false],
    ['a.up b.leaving', ['b'], false],
    ['a.up b.joining', ['b'], true], // Who only joins need not have seen it.
    ['a.up b.exiting c.down', ['b', 'c'], true],
    ['a.joining b.joining', ['b'], false], // Unless nobody is up yet.
    ['a.up b.up | a✗b', [], false],
    ['a.up b.up c.up | a✗b', [], true], // A link fault blocks nothing.
    ['a.up b.down | a✗b', [], true],
    ['a.up b.exiting | a✗b', ['b'], true],
    ['a.up b.joining | a✗b', [], false],
  ] as const)('of [%s], not seen by %j, is %s', (text, blind, expected) => {
    expect(isConverged(seenByAll(cluster(text), ...blind))).toBe(expected)
  })

  test('tells who blocks it, and why', () => {
    const state = seenByAll(cluster('a.up b.up c.up d.up | a✗b c✗b'), 'd')
    const blockers = blockersOfConvergence(state).map(
      ({ member: { address }, why }) => `${address.host} ${why}`,
    )
    expect(blockers).toEqual(['b unreachable', 'd not-seen'])
  })

  test('does not wait for members that said that they are done', () => {
    const state = seenByAll(cluster('a.up b.leaving'), 'b')
    expect(isConverged(state, { exitingConfirmed: new Set([node('b').key]) })).toBe(true)
  })

  test('of a data center does not wait for another', () => {
    const state = seenByAll(cluster('a.up:dc-x b.up:dc-y'), 'b')
    expect(isConverged(state, { dataCenter: 'x' })).toBe(true)
    expect(isConverged(state, { dataCenter: 'y' })).toBe(false)
  })
})

describe('what the leader does with a member', () => {
  const converged = { converged: true }

  test.each(memberStatuses)('that is %s: nothing before convergence', (status) => {
    const context = { converged: false, unreachable: true, exitingConfirmed: true }
    expect(nextStatus(status, context)).toBeUndefined()
  })

  test.each([
    ['joining', converged, 'up'],
    ['weakly-up', converged, 'up'],
    ['joining', { converged: true, enoughMembers: false }, undefined],
    ['up', converged, undefined],
    ['leaving', converged, 'exiting'],
    ['exiting', converged, undefined],
    ['exiting', { converged: true, exitingConfirmed: true }, 'removed'],
    ['exiting', { converged: true, unreachable: true }, 'removed'],
    ['down', converged, undefined],
    ['down', { converged: true, unreachable: true }, 'removed'],
    ['removed', converged, undefined],
  ] as const)('that is %s with %j makes it %s', (status, context, expected) => {
    expect(nextStatus(status, context)).toBe(expected)
  })

  test('members made up are numbered on from the youngest, by address', () => {
    const members = ['a.up^4', 'c.joining', 'b.weakly-up', 'd.down^9'].map(member)
    const [, c, b] = members
    const numbered = withUpNumbers(members, c && b ? [c, b] : [])
    expect(
      numbered.map(({ address, status, upNumber }) => [address.host, status, upNumber]),
    ).toEqual([
      ['b', 'up', 10],
      ['c', 'up', 11],
    ])
  })
})

test.each([
  ['joining', 'leaving', 'down'],
  ['weakly-up', 'leaving', 'down'],
  ['up', 'leaving', 'down'],
  ['leaving', undefined, 'down'],
  ['exiting', undefined, 'down'],
  ['down', undefined, undefined],
  ['removed', undefined, undefined],
] as const)('a member that is %s is made %s by leave and %s by down', (status, left, downed) => {
  expect(statusAfterLeave(status)).toBe(left)
  expect(statusAfterDown(status)).toBe(downed)
})
