import { expect, test } from 'vitest'
import { Presences } from '../src/kinds/lease/presences.ts'

test('a session is away until it is heard of again', () => {
  const presences = new Presences()
  presences.joined('a')
  presences.wentAway('a')
  expect([presences.isAway('a'), presences.away]).toEqual([true, ['a']])
  expect(presences.cameBack('a')).toBe(true)
  expect(presences.cameBack('a')).toBe(false)
  expect(presences.isAway('a')).toBe(false)
})

test('who waits for nothing is not away', () => {
  const presences = new Presences()
  presences.wentAway('a')
  expect(presences.isAway('a')).toBe(false)
  presences.joined('a')
  presences.joined('a')
  presences.wentAway('a')
  presences.left('a')
  expect(presences.isAway('a')).toBe(true)
  presences.left('a')
  expect(presences.isAway('a')).toBe(false)
})

test('those that are away are told in order', () => {
  const presences = new Presences()
  for (const session of ['b', 'c', 'a']) presences.joined(session)
  for (const session of ['c', 'a']) presences.wentAway(session)
  expect(presences.away).toEqual(['a', 'c'])
})
