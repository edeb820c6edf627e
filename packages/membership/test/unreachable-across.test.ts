import { describe, expect, test } from 'vitest'
import { electLeader, envoysOf, isConverged } from '../src/index.ts'
import { cluster, nameOfKey, node } from './states.ts'

const three = 'a.up^1:dc-x b.up^2:dc-x c.up^3:dc-x'
const six = `${three} e.up^1:dc-y f.up^2:dc-y g.up^3:dc-y`

function unreachable(text: string, viewer: string, crossDcConnections = 5): string {
  const state = cluster(text).with({ viewer: node(viewer).key, crossDcConnections })
  return [...state.unreachable].map(nameOfKey).toSorted().join(' ')
}

describe('a member of another data center is unreachable', () => {
  test.each([
    ['a✗e', ''], // One envoy of three is not enough.
    ['a✗e b✗e', 'e'],
    ['a✗e f✗e', ''], // Votes of two data centers are not added up.
    ['f✗e g✗e', 'e'], // What it finds of itself holds for all.
    ['f✗e', ''],
    ['a✗e b✗e b?', ''], // Who doubts itself accuses nobody.
    ['a!e b!e a? b?', 'e'], // But that a connection is refused it does not hear of itself.
    ['a✗e b✗e c✗e b? c?', 'e'], // Whoever is left to vote is enough.
    ['a✗e b✗e a✗f b✗f a✗g b✗g e✗a e✗b e✗c f✗a f✗b f✗c', 'e f g'], // As in a cut.
  ])('with [%s], as [%s]', (observations, expected) => {
    expect(unreachable(`${six} | ${observations}`, 'c')).toBe(expected)
  })

  test('only by the word of envoys, from where the viewer stands', () => {
    const text = `${six} | b✗e c✗e`
    expect(unreachable(text, 'c')).toBe('e')
    expect(unreachable(text, 'c', 1)).toBe('') // Of one envoy, that is a.
    expect(unreachable(`${text} a✗e`, 'c', 1)).toBe('e')
    expect(unreachable(text, 'f')).toBe('')
  })

  test('by one, where there are no more than two envoys', () => {
    expect(unreachable('a.up^1:dc-x b.up^2:dc-x e.up^1:dc-y | a✗e', 'b')).toBe('e')
  })

  test('by envoys that their own data center reaches', () => {
    expect(unreachable(`${six} | a✗e b✗e c✗e b✗a c✗a`, 'b')).toBe('a e')
    expect(unreachable(`${three} d.up^4:dc-x e.up^1:dc-y | a✗e b✗a c✗a`, 'b', 1)).toBe('a')
  })
})

describe('where the last of a data center accuse each other', () => {
  const last = `${three} e.up^1:dc-y f.up^2:dc-y g.up^3:dc-y | e✗f e✗g f✗e f✗g`

  test('each of them is there for itself, and nobody but the other is gone', () => {
    expect(unreachable(last, 'e')).toBe('f g')
    expect(unreachable(last, 'f')).toBe('e g')
  })

  test.each([
    ['', 'g'], // Of e and f nobody knows which one it is.
    ['a✗e', 'e g'],
    ['a✗e b✗f', 'e f g'],
  ])('others find out by themselves who lives: with [%s] it is [%s]', (observations, expected) => {
    expect(unreachable(`${last} ${observations}`, 'c', 2)).toBe(expected)
  })

  test('those whom the fewest accuse are its envoys', () => {
    const state = cluster(last)
    const envoys = (count: number): readonly string[] =>
      envoysOf(state.with({ crossDcConnections: count }), 'y').map(({ key }) => nameOfKey(key))
    expect(envoys(5)).toEqual(['e', 'f', 'g'])
    expect(envoys(1)).toEqual(['e', 'f']) // Both that it may be.
  })
})

describe('what other data centers say', () => {
  const cut = `${six} | a✗e a✗f a✗g b✗e b✗f b✗g c✗e c✗f c✗g e✗a e✗b e✗c f✗a f✗b f✗c g✗a g✗b g✗c`

  test('makes nobody unreachable to its own', () => {
    expect(unreachable(cut, 'a')).toBe('e f g')
    expect(unreachable(cut, 'e')).toBe('a b c')
  })

  test.each(['x', 'y'])('keeps %s from nothing', (dataCenter) => {
    const state = cluster(cut)
    expect(isConverged(state, { dataCenter })).toBe(true)
    expect(electLeader(state, { dataCenter })?.address.host).toBe(dataCenter === 'x' ? 'a' : 'e')
  })

  test('counts for nothing where nobody looks', () => {
    expect([...cluster(cut).unreachable]).toEqual([])
  })
})

test('the leader and the convergence of a state are those of its viewer’s data center', () => {
  const state = cluster(`${six} | f✗e g✗e`)
  const seenFrom = (viewer: string): readonly unknown[] => {
    const { leader, isConverged: converged } = state.with({ viewer: node(viewer).key })
    return [leader?.address.host, converged]
  }
  expect(seenFrom('c')).toEqual(['a', true])
  expect(seenFrom('g')).toEqual(['f', false])
})
