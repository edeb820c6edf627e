// What a refused connection says: section 13 of the protocol is on which of these words are believed.
import type { Refusal } from '@casty/transport'
import { expect, test } from 'vitest'
import { initialState, type MembershipInput } from '../src/membership-state.ts'
import { wordsOfRefusal } from '../src/words-of-refusal.ts'
import { testSettings } from './core-world.ts'
import { cluster, node } from './states.ts'

const self = node('a')

/** Of a node of a cluster in which `d` was downed. */
function wordsOf(refusal: Omit<Refusal, 'detail'>): readonly MembershipInput[] {
  const state = { ...initialState(self, testSettings), cluster: cluster('a.up b.up d.down') }
  const event = { type: 'dial-refused', address: node('b').address, lane: 'control' } as const
  const refused = { ...event, refusal: { detail: '', ...refusal }, lostFrames: 0 }
  return [...wordsOfRefusal({ state, endpoint: { self } }, refused)]
}

test('a member says that this life is over', () => {
  const knownIncarnation = node('a#7').incarnation
  expect(wordsOf({ reason: 'removed', actual: node('b') })).toEqual([
    { type: 'outlived', knownIncarnation: self.incarnation },
  ])
  expect(wordsOf({ reason: 'stale-incarnation', knownIncarnation, actual: node('b') })).toEqual([
    { type: 'outlived', knownIncarnation },
  ])
})

test('who was given up and says so is a rival', () => {
  expect(wordsOf({ reason: 'removed', actual: node('d') })).toEqual([
    { type: 'rival-met', node: node('d') },
  ])
})

test('who is met in place of another is told of, unless nothing can be said to it', () => {
  const words = wordsOf({ reason: 'wrong-incarnation', actual: node('b#2') })
  expect(words).toEqual([{ type: 'successor-met', node: node('b#2') }])
  expect(wordsOf({ reason: 'wrong-incarnation' })).toEqual([])
})

test('who forbids this node is told of, but not this node itself', () => {
  expect(wordsOf({ reason: 'forbidden', actual: node('b') })[0]).toEqual({
    type: 'forbidden-by',
    node: node('b'),
  })
  expect(wordsOf({ reason: 'forbidden', actual: self }).map(({ type }) => type)).not.toContain(
    'forbidden-by',
  )
})
