import { ringOrder } from '@casty/failure-detector'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byAddress, Member } from '../src/member.ts'
import { memberChanges } from '../src/member-changes.ts'
import { ringOf, shortcutPosition, watchPosition } from '../src/rings.ts'
import { node } from './states.ts'

const names = Array.from({ length: 120 }, (_, index) => `n${index}`)
const members = (): fc.Arbitrary<readonly Member[]> =>
  fc
    .array(
      fc.record({ name: fc.constantFrom(...names), status: fc.constantFrom('up', 'leaving') }),
      {
        maxLength: 120,
      },
    )
    .map((found) => {
      const byName = new Map(found.map(({ name, status }) => [name, status as Member['status']]))
      return [...byName]
        .map(([name, status]) => Member.of({ node: node(name), status }))
        .toSorted(byAddress)
    })

test('a ring that follows from another is the one that is made anew', () => {
  fc.assert(
    fc.property(members(), members(), (before, after) => {
      for (const position of [watchPosition, shortcutPosition]) {
        const former = { ring: ringOf(before, position), members: before }
        expect(ringOf(after, position, former)).toEqual(ringOf(after, position))
      }
      expect(ringOf(after, watchPosition)).toEqual(ringOrder(after.map(({ key }) => key)))
    }),
  )
})

test('a ring of the same nodes is the same instance', () => {
  const before = [Member.of({ node: node('a'), status: 'up' })]
  const after = [Member.of({ node: node('a'), status: 'leaving' })]
  const ring = ringOf(before, watchPosition)
  expect(ringOf(after, watchPosition, { ring, members: before })).toBe(ring)
})

test('what changed among members turns the ones before into those after', () => {
  fc.assert(
    fc.property(members(), members(), (before, after) => {
      const held = new Map(before.map((member) => [member.key, member]))
      for (const [was, is] of memberChanges(before, after)) {
        if (was) held.delete(was.key)
        if (is) held.set(is.key, is)
      }
      expect([...held.values()].toSorted(byAddress)).toEqual(after)
      expect(memberChanges(after, after)).toEqual([])
    }),
  )
})
