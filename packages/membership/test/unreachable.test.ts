import { describe, expect, test } from 'vitest'
import { countVotes, isConverged, observersNeeded, unreachableMembers } from '../src/index.ts'
import { cluster, nameOfKey } from './states.ts'

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [5, 2],
  [6, 3],
  [100, 3],
])('in a cluster of %i it takes %i to make a member unreachable', (size, needed) => {
  expect(observersNeeded(size)).toBe(needed)
})

test.each([
  [2, 1, 1],
  [5, 1, 1],
  [6, 1, 1],
  [6, 2, 2],
  [6, 3, 3],
  [100, 1_000, 3],
])('in a cluster of %i watched by %i each it takes %i', (size, monitoredBy, needed) => {
  expect(observersNeeded(size, monitoredBy)).toBe(needed)
})

describe('a member that dies alone among six', () => {
  const six = 'a.up b.up c.up d.up e.up f.up'
  test.each([
    [1, 'a✗f', 'f'],
    [2, 'a✗f', ''],
    [2, 'a✗f b✗f', 'f'],
    [3, 'a✗f b✗f', ''],
  ])('watched by %i each, with [%s], is found [%s]', (monitoredBy, observations, expected) => {
    const state = cluster(`${six} | ${observations}`).with({ monitoredBy })
    expect([...state.unreachable].map(nameOfKey).join(' ')).toBe(expected)
    expect(isConverged(state)).toBe(expected === '')
  })
})

describe('who is unreachable', () => {
  test.each([
    ['a.up b.up', '', ''],
    ['a.up b.up', 'a✗b', 'b'], // With two there is nobody else to ask.
    ['a.up b.up c.up', 'a✗b', ''], // One bad link downs nobody.
    ['a.up b.up c.up', 'a✗b c✗b', 'b'],
    ['a.up b.up c.up', 'a✗b b✗a', ''], // A pair whose link broke is outvoted by the third.
    ['a.up b.up c.up', 'a✗b a✗c', 'b c'], // Left alone, it sees the others gone.
    ['a.up b.up c.up d.up e.up', 'a✗b a✗c a✗d a✗e', 'b c d e'],
    ['a.up b.up c.up d.up e.up', 'a✗c b✗c', 'c'],
    ['a.up b.up c.up d.up e.up f.up', 'a✗f b✗f', ''],
    ['a.up b.up c.up d.up e.up f.up', 'a✗f b✗f c✗f', 'f'],
    ['a.up b.up c.down', 'c✗a c✗b', ''], // A downed one has no vote.
    ['a.up b.up c.up', 'a✗b a?', ''], // Nor has one that doubts itself.
    ['a.up b.up c.up', 'a✗b c?', ''], // But it vouches for whom it does not accuse.
    ['a.up b.up c.up', 'a✗b c✗b c?', 'b'], // Whoever is left to vote is enough.
    ['a.up b.up c.up', 'a!b a? c!b c?', 'b'], // Doubts of oneself do not matter where a host refuses.
    ['a.up b.up c.up', 'a!b a?', ''], // But by one who is refused alone it is a bad link as well.
    ['a.up b.up c.up', 'a!b a? c✗b c?', 'b'], // Who doubts what it does not hear is not left to vote.
    ['a.up b.up c.up', 'a†b a? c†b c?', 'b'], // Nor where somebody else lives at its address.
    ['a.up b.up c.up', 'a†b c✗b', 'b'], // Terminated counts like unreachable.
    ['a.up b.up c.down', 'a✗b', 'b'], // Downed ones do not make the cluster larger.
  ])('in %s with [%s] it is [%s]', (members, observations, expected) => {
    const found = cluster(`${members} | ${observations}`).unreachable
    expect([...found].map(nameOfKey).toSorted().join(' ')).toBe(expected)
  })

  const six = 'a.up b.up c.up d.up e.up f.up'

  test.each([
    // Cut off, f finds everybody else unreachable, whatever they say of it.
    ['f✗a f✗b f✗c f✗d f✗e', 'f', 'a b c d e'],
    ['f✗a f✗b f✗c f✗d f✗e a✗f b✗f c✗f', 'f', 'a b c d e'],
    // What those who are gone now said of each other before still holds: none of them can vouch.
    ['a✗c a✗d a✗e b✗c b✗d b✗e f✗c f✗d f✗e f✗a f✗b', 'f', 'a b c d e'],
    // To the others its votes are void, whether they have noticed it or not.
    ['f✗a f✗b f✗c f✗d f✗e a✗f b✗f c✗f', 'a', 'f'],
    ['f✗a f✗b f✗c f✗d f✗e', 'a', ''],
    // The dead take back nothing: e was cut off, and those who found it so have died since.
    ['a✗e b✗e c✗e d✗a d✗b d✗c e✗a e✗b e✗c f✗a f✗b f✗c', 'd', 'a b c'],
    // But whoever is dead as well is found so by one of those who live.
    ['a✗e b✗e c✗e d✗a d✗b d✗c d✗e f✗a f✗b f✗c f✗e', 'd', 'a b c e'],
    // Where all are accused, nobody is believed more than others.
    ['a✗d a✗e a✗f b✗d b✗e b✗f c✗d c✗e c✗f d✗a d✗b d✗c e✗a e✗b e✗c f✗a f✗b f✗c', 'a', 'b c d e f'],
    // Nor do two against four make the four unreachable to themselves.
    ['e✗a e✗b e✗c e✗d f✗a f✗b f✗c f✗d a✗e b✗e c✗e a✗f b✗f c✗f', 'a', 'e f'],
  ])('of six with [%s], seen from %s, it is [%s]', (observations, viewer, expected) => {
    const state = cluster(`${six} | ${observations}`)
    const self = state.members.find(({ address }) => address.host === viewer)?.key
    const found = unreachableMembers(state.membersByKey, state.reachability, observersNeeded, self)
    expect([...found].map(nameOfKey).toSorted().join(' ')).toBe(expected)
  })

  test('is told with the votes: who accuses, and how many are needed', () => {
    const { membersByKey, reachability } = cluster('a.up b.up c.up d.up | a✗b')
    expect(countVotes(membersByKey, reachability)).toEqual([
      { subject: 'b:1#1', observers: ['a:1#1'], needed: 2, unreachable: false },
    ])
  })

  test('follows the number of observers that is asked for', () => {
    const { membersByKey, reachability } = cluster('a.up b.up c.up d.up | a✗b')
    expect([...unreachableMembers(membersByKey, reachability, () => 1)]).toEqual(['b:1#1'])
    expect([...unreachableMembers(membersByKey, reachability, () => 2)]).toEqual([])
  })

  test('is never somebody whom nobody accuses, however many are asked for', () => {
    const { membersByKey, reachability } = cluster('a.up b.up c.up | a✗b')
    expect([...unreachableMembers(membersByKey, reachability, () => 0)]).toEqual(['b:1#1'])
  })
})
