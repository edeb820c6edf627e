import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Allocations, type AllocationTable } from '../src/index.ts'
import { runs } from './laws-world.ts'
import { node } from './states.ts'

/** What an author publishes at an epoch is one table: it follows from both. */
function table(epoch: number, author: string): AllocationTable {
  const primary = node(author)
  return { epoch, author: primary.key, shards: new Map([[epoch, { primary, replicas: [] }]]) }
}

const allocations = (): fc.Arbitrary<Allocations> =>
  fc
    .array(fc.tuple(fc.constantFrom('cart', 'user'), fc.nat({ max: 4 }), fc.constantFrom('a', 'b')))
    .map((all) =>
      all.reduce(
        (known, [type, epoch, author]) => known.with(type, table(epoch, author)),
        Allocations.empty,
      ),
    )

test('merging commutes, associates and returns the same instance when nothing is new', () => {
  fc.assert(
    fc.property(allocations(), allocations(), allocations(), (a, b, c) => {
      const join = (left: Allocations, right: Allocations): Allocations => left.merge(right.tables)
      expect(join(a, b).digest).toBe(join(b, a).digest)
      expect(new Map(join(a, b).tables)).toEqual(new Map(join(b, a).tables))
      expect(join(join(a, b), c).digest).toBe(join(a, join(b, c)).digest)
      expect(join(a, a)).toBe(a)
      const merged = join(a, b)
      expect(join(merged, a)).toBe(merged)
    }),
    runs,
  )
})

test('what somebody lacks is exactly what brings it up to date', () => {
  fc.assert(
    fc.property(allocations(), allocations(), (a, b) => {
      expect(b.merge(a.newerThan(b.tables)).digest).toBe(b.merge(a.tables).digest)
      expect(a.newerThan(a.tables)).toEqual([])
    }),
    runs,
  )
})

describe('tables of shards', () => {
  const known = Allocations.empty.with('cart', table(3, 'a'))

  test('an older epoch changes nothing', () => {
    expect(known.with('cart', table(2, 'b'))).toBe(known)
    expect(known.with('cart', table(3, 'a'))).toBe(known)
  })

  test('one epoch used by two authors goes to the greater one, whoever was first', () => {
    const first = known.with('cart', table(3, 'b'))
    const second = Allocations.empty.with('cart', table(3, 'b')).with('cart', table(3, 'a'))
    expect(first.tables.get('cart')?.author).toBe(node('b').key)
    expect(second.digest).toBe(first.digest)
  })

  test('a type has epochs of its own', () => {
    const both = known.with('user', table(1, 'a'))
    expect(both.tables.get('user')?.epoch).toBe(1)
    expect(both.epoch).toBe(3)
    expect(Allocations.empty.epoch).toBe(0)
  })
})
