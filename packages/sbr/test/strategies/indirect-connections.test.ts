import { keepMajority, rule, trustedView, type SbrView } from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { downed, downedBy, view, type Scene } from './views.ts'

const strategy = keepMajority()

function ruled(members: string, scene: Scene): string {
  return downed(rule(strategy, view(members, scene)))
}

describe('members that some reach and others do not', () => {
  test.each<[string, string, Scene, string]>([
    ['both ends of a broken link go', 'a b c d e', { observations: 'b✗c c✗b' }, 'b c'],
    [
      'both ends go where one of them does not know of it',
      'a b c d e',
      { observations: 'b✗c', seen: 'a b c d e' },
      'b c',
    ],
    [
      'with them goes who is lost to all',
      'a b c d e f g',
      { observations: 'b✗c c✗b a✗d e✗d', seen: 'a b c e f g' },
      'b c d',
    ],
    [
      'who does not reach several goes alone',
      'a b c d e',
      { observations: 'a✗b c✗b', seen: 'a b c d e' },
      'b',
    ],
    [
      'who does not reach several goes alone, whatever it says of them',
      'a b c d e',
      { observations: 'a✗b c✗b b✗a b✗c', seen: 'a b c d e' },
      'b',
    ],
  ])('%s', (_, members, scene, expected) => {
    expect(ruled(members, scene)).toBe(expected)
  })

  test('cost the whole cluster from half of it on', () => {
    const scene: Scene = { observations: 'a✗b b✗a' }
    expect(rule(strategy, view('a b c d', scene)).reason).toBe(
      'keep-majority: all members go down, because a:1 and b:1 can be reached by some members and ' +
        'not by others, and that would down 2 of 4 members.',
    )
    expect(ruled('a b c d e', scene)).toBe('b a')
  })

  test('may be given up at any share, where that is wanted', () => {
    const split = view('a b c d', { observations: 'a✗b b✗a' })
    const at = (downAllWhenIndirectlyConnected: number | 'off'): string =>
      downed(rule(strategy, split, { downAllWhenIndirectlyConnected }))
    expect(at('off')).toBe('b a')
    expect(at(0.51)).toBe('b a')
    expect(at(0.1)).toBe('b c d a')
  })

  test('are not told apart twice: all go down', () => {
    const scene: Scene = { observations: 'd✗e g✗f a✗d a✗e a✗f a✗g', seen: '' }
    const decision = strategy.decide(view('a b c d e f g', scene))
    expect(decision).toEqual({ type: 'down-all' })
  })
})

describe('a crash more does not make members indirectly connected', () => {
  test('where the observer crashed itself', () => {
    expect(ruled('a b d', { observations: 'e✗c a✗e b✗e', seen: 'a b d' })).toBe('')
    const scene: Scene = { observations: 'e✗c a✗e b✗e', seen: 'a b d', self: 'a' }
    expect(downed(rule(strategy, view('a b d c e', scene)))).toBe('c e')
  })

  test('where the observer is cut off with others', () => {
    expect(ruled('a b c d e', { observations: 'd✗e e✗d a✗d b✗e c✗d', seen: 'a b c' })).toBe('d e')
  })

  test.each(['down', 'exiting'])('where the observed one is %s', (status) => {
    const members = `a b c d e.${status}`
    expect(ruled(members, { observations: 'a✗e b✗e', seen: 'a b c d e' })).toBe('')
  })
})

describe('what can be trusted of a view', () => {
  const observed = (trusted: SbrView): string =>
    trusted.observations.map(({ observer, subject }) => `${observer[0]}✗${subject[0]}`).join(' ')

  test.each<[string, string, Scene, string]>([
    ['all of a clean cut', 'a b c d', { observations: 'a✗c a✗d b✗c', seen: 'a b' }, 'a✗c a✗d b✗c'],
    [
      'nothing that one observed who is lost to somebody, and has not seen the state',
      'a b c d',
      { observations: 'a✗c c✗d', seen: 'a b' },
      'a✗c',
    ],
    [
      'what one observed who has seen it, though somebody does not reach it',
      'a b c d',
      { observations: 'a✗c c✗d', seen: 'a b c' },
      'a✗c c✗d',
    ],
    [
      'nothing that one observed whom several do not reach',
      'a b c d',
      { observations: 'a✗c b✗c c✗a c✗b', seen: 'a b c d' },
      'a✗c b✗c',
    ],
    [
      'nothing of a member that is down',
      'a b c.down d',
      { observations: 'a✗c c✗b', seen: 'a b c d' },
      '',
    ],
    [
      'nothing across data centers',
      'a b c@east d',
      { observations: 'a✗c c✗b a✗d', seen: 'a b' },
      'a✗d',
    ],
  ])('%s', (_, members, scene, expected) => {
    expect(observed(trustedView(view(members, scene)))).toBe(expected)
  })

  test('makes nobody reachable who has not seen the state', () => {
    const trusted = trustedView(view('a b c d', { observations: 'a✗c c✗d', seen: 'a b' }))
    expect(downedBy(trusted, { type: 'down-unreachable' })).toBe('c d')
  })

  test('makes those reachable who have, and whom nobody else accuses', () => {
    const trusted = trustedView(view('a b c d', { observations: 'a✗c c✗d', seen: 'a b d' }))
    expect(downedBy(trusted, { type: 'down-unreachable' })).toBe('c')
  })
})
