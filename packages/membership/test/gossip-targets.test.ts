import { describe, expect, test } from 'vitest'
import {
  exitingTargets,
  gossipCandidates,
  isReachableFromDc,
  oldestPerDc,
  type GossipChoices,
  type Member,
} from '../src/index.ts'
import { cluster, member, node, seenByAll } from './states.ts'

const local: GossipChoices = { preferUnseen: false, crossDc: false }
const across: GossipChoices = { preferUnseen: false, crossDc: true }

function names(members: Iterable<Member>): string {
  return [...members].map(({ address }) => address.host).join(' ')
}

describe('whom to gossip with', () => {
  test('is everybody in the data center but oneself and whom one cannot reach oneself', () => {
    const state = cluster('a.up b.up c.up d.up | a✗b c✗d')
    expect(names(gossipCandidates(state, node('a').key, local))).toBe('c d')
  })

  test('is rather somebody who has not seen the view, where there is one', () => {
    const state = seenByAll(cluster('a.up b.up c.up'), 'c')
    const choices = { ...local, preferUnseen: true }
    expect(names(gossipCandidates(state, node('a').key, choices))).toBe('c')
    expect(names(gossipCandidates(seenByAll(state), node('a').key, choices))).toBe('b c')
  })

  test('is first somebody in reach who has not seen the view, and not who is lost', () => {
    const choices = { ...local, preferUnseen: true }
    const split = cluster('a.up b.up c.up d.up e.up | b✗d b✗e c✗d c✗e')
    expect(names(gossipCandidates(seenByAll(split, 'c', 'd', 'e'), node('a').key, choices))).toBe(
      'c',
    )
    // A link that only others find broken is tried again, when there is nobody better to tell.
    expect(names(gossipCandidates(seenByAll(split, 'd', 'e'), node('a').key, choices))).toBe(
      'b c d e',
    )
  })

  const centers = 'a.up^1:dc-x b.up^2:dc-x e.up^1:dc-y f.up^2:dc-y g.up^1:dc-z'

  test('is, across, the oldest of the first other data center that can be reached', () => {
    const self = node('a').key
    expect(names(gossipCandidates(cluster(centers), self, across))).toBe('e f')
    expect(names(gossipCandidates(cluster(`${centers} | a✗e a✗f`), self, across))).toBe('g')
    expect(
      names(gossipCandidates(cluster(centers), self, { ...across, crossDcConnections: 1 })),
    ).toBe('e')
    const order = (dataCenters: readonly string[]): readonly string[] => dataCenters.toReversed()
    expect(names(gossipCandidates(cluster(centers), self, { ...across, order }))).toBe('g')
  })

  test('stays inside for those who are not among the oldest, and where nobody outside is reached', () => {
    const choices = { ...across, crossDcConnections: 1 }
    expect(names(gossipCandidates(cluster(centers), node('b').key, choices))).toBe('a')
    expect(names(gossipCandidates(cluster('a.up:dc-x b.up:dc-x'), node('a').key, across))).toBe('b')
  })
})

test('the oldest of each data center come in order of age', () => {
  const members = ['a.up^3:dc-x', 'b.up^1:dc-x', 'c.up^2:dc-x', 'd.joining'].map(member)
  const oldest = oldestPerDc(members, 2)
  expect([...oldest].map(([dataCenter, found]) => `${dataCenter}: ${names(found)}`)).toEqual([
    'x: b c',
    'default: d',
  ])
})

describe('who is told at once of exiting members', () => {
  const members = ['a.up^1', 'b.up^2', 'c.up^3:x', 'd.exiting^4:x', 'e.up^5:x', 'f.up^6:y'].map(
    member,
  )

  test('are the two oldest, and the two oldest of each of their roles', () => {
    const exiting = members.filter(({ status }) => status === 'exiting')
    expect(names(exitingTargets(members, exiting, 'default'))).toBe('a b c d')
  })

  test('is nobody where nobody is exiting, and nobody of another data center', () => {
    expect(exitingTargets(members, [], 'default')).toEqual([])
    expect(exitingTargets(members, members, 'other')).toEqual([])
  })
})

test('a data center asks itself about its own members, and everybody about others', () => {
  const state = cluster('a.up:dc-x b.up:dc-x c.up:dc-y d.up:dc-y | c✗a a✗d')
  const reaches = (dataCenter: string, name: string): boolean =>
    isReachableFromDc(state, dataCenter, node(name).key, () => 1)
  expect(reaches('x', 'a')).toBe(true)
  expect(reaches('y', 'a')).toBe(false)
  expect(reaches('x', 'd')).toBe(false)
  expect(reaches('y', 'd')).toBe(true)
  expect(reaches('x', 'nobody')).toBe(false)
  const votes = cluster('a.up:dc-x b.up:dc-x c.up:dc-x d.up:dc-y | a✗d')
  expect(isReachableFromDc(votes, 'x', node('d').key)).toBe(true)
  expect(isReachableFromDc(votes, 'x', node('d').key, () => 1)).toBe(false)
})
