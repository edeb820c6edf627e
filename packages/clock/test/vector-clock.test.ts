import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VectorClock, type VectorRelation } from '../src/index.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
fc.configureGlobal({
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 100),
})

// Few nodes and low versions, so that equal, ordered and concurrent clocks all come up often.
const clocks = (): fc.Arbitrary<VectorClock> =>
  fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd', '__proto__'), fc.integer({ min: 0, max: 4 }))
    .map((record) => VectorClock.of(Object.entries(record)))
const nodes = (): fc.Arbitrary<string> => fc.constantFrom('a', 'b', 'c', 'd', '__proto__')

const mirrored: Record<VectorRelation, VectorRelation> = {
  before: 'after',
  after: 'before',
  same: 'same',
  concurrent: 'concurrent',
}

describe('merge', () => {
  test('commutes, associates and is idempotent', () => {
    fc.assert(
      fc.property(clocks(), clocks(), clocks(), (a, b, c) => {
        expect(a.merge(b)).toEqual(b.merge(a))
        expect(a.merge(b).merge(c)).toEqual(a.merge(b.merge(c)))
        expect(a.merge(a)).toBe(a)
      }),
    )
  })

  test('is the least clock that covers both', () => {
    fc.assert(
      fc.property(clocks(), clocks(), nodes(), (a, b, node) => {
        const merged = a.merge(b)
        expect(['before', 'same']).toContain(a.compare(merged))
        expect(['before', 'same']).toContain(b.compare(merged))
        expect(merged.versionOf(node)).toBe(Math.max(a.versionOf(node), b.versionOf(node)))
      }),
    )
  })

  test('returns the instance that already covers the other', () => {
    const older = VectorClock.of({ a: 1 })
    const newer = VectorClock.of({ a: 1, b: 1 })
    expect(newer.merge(older)).toBe(newer)
    expect(older.merge(newer)).toBe(newer)
    expect(newer.merge(VectorClock.of({ b: 1, a: 1 }))).toBe(newer)
    expect(newer.merge(VectorClock.empty)).toBe(newer)
  })
})

describe('the order', () => {
  test('is mirrored when the clocks change places', () => {
    fc.assert(
      fc.property(clocks(), clocks(), (a, b) => {
        expect(b.compare(a)).toBe(mirrored[a.compare(b)])
      }),
    )
  })

  test('agrees with a comparison node by node', () => {
    fc.assert(
      fc.property(clocks(), clocks(), (a, b) => {
        const all = [...new Set([...a.entries(), ...b.entries()].map(([node]) => node))]
        const covers = (x: VectorClock, y: VectorClock): boolean =>
          all.every((node) => x.versionOf(node) >= y.versionOf(node))
        const expected = covers(a, b)
          ? covers(b, a)
            ? 'same'
            : 'after'
          : covers(b, a)
            ? 'before'
            : 'concurrent'
        expect(a.compare(b)).toBe(expected)
        expect(a.isBefore(b)).toBe(expected === 'before')
        expect(a.isAfter(b)).toBe(expected === 'after')
        expect(a.isConcurrentWith(b)).toBe(expected === 'concurrent')
        expect(a.equals(b)).toBe(expected === 'same')
      }),
    )
  })

  test('is transitive', () => {
    fc.assert(
      fc.property(clocks(), clocks(), clocks(), (a, b, c) => {
        const [x, y, z] = [a, a.merge(b), a.merge(b).merge(c)]
        if (x.isBefore(y) && y.isBefore(z)) expect(x.compare(z)).toBe('before')
        if (a.isBefore(b) && b.isBefore(c)) expect(a.compare(c)).toBe('before')
        expect(['before', 'same']).toContain(x.compare(z))
      }),
    )
  })

  test('puts a clock after both that it was merged from, once it is incremented', () => {
    fc.assert(
      fc.property(clocks(), clocks(), nodes(), (a, b, node) => {
        const next = a.merge(b).increment(node)
        expect(next.isAfter(a)).toBe(true)
        expect(next.isAfter(b)).toBe(true)
      }),
    )
  })
})

describe('a clock', () => {
  test('counts 0 for a node it has never heard of', () => {
    expect(VectorClock.empty.versionOf('a')).toBe(0)
    expect(VectorClock.of({ a: 1 }).versionOf('b')).toBe(0)
  })

  test('does not store entries of 0', () => {
    const clock = VectorClock.of({ a: 0, b: 1 })
    expect(clock.size).toBe(1)
    expect(clock.equals(VectorClock.of({ b: 1 }))).toBe(true)
    expect(VectorClock.of({ a: 0 })).toBe(VectorClock.empty)
  })

  test('never changes', () => {
    const clock = VectorClock.of({ a: 1 })
    clock
      .increment('a')
      .increment('b')
      .merge(VectorClock.of({ c: 1 }))
      .without('a')
    expect(clock.toJSON()).toEqual({ a: 1 })
  })

  test('lists its entries by node, whatever the order they came in', () => {
    const clock = VectorClock.of([['b', 2]])
      .increment('c')
      .increment('a')
    expect(clock.entries()).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 1],
    ])
  })

  test('reads well', () => {
    expect(String(VectorClock.of({ b: 2, a: 1 }))).toBe('VectorClock(a=1, b=2)')
    expect(String(VectorClock.empty)).toBe('VectorClock()')
  })

  test('refuses to count beyond what a number holds exactly', () => {
    const clock = VectorClock.of({ a: Number.MAX_SAFE_INTEGER })
    expect(() => clock.increment('a')).toThrow(
      expect.objectContaining({ code: 'CASTY_CLOCK_INVALID' }),
    )
  })

  test('refuses a node named twice', () => {
    expect(() =>
      VectorClock.of([
        ['a', 1],
        ['a', 2],
      ]),
    ).toThrow(expect.objectContaining({ code: 'CASTY_CLOCK_INVALID' }))
  })
})

describe('without', () => {
  const clock = VectorClock.of({ a: 1, b: 2, c: 3 })

  test('drops one node, several, or those of a predicate', () => {
    expect(clock.without('a').toJSON()).toEqual({ b: 2, c: 3 })
    expect(clock.without(new Set(['a', 'c', 'x'])).toJSON()).toEqual({ b: 2 })
    expect(clock.without((node) => node > 'a').toJSON()).toEqual({ a: 1 })
  })

  test('takes a string for one node, not for its letters', () => {
    expect(clock.without('abc')).toBe(clock)
  })

  test('returns the same instance when there was nothing to drop', () => {
    expect(clock.without('x')).toBe(clock)
    expect(clock.without([])).toBe(clock)
    expect(clock.without(() => false)).toBe(clock)
  })

  test('of every node is the empty clock', () => {
    expect(clock.without(() => true)).toBe(VectorClock.empty)
  })
})

describe('the JSON form', () => {
  test('round-trips', () => {
    fc.assert(
      fc.property(clocks(), (clock) => {
        expect(VectorClock.fromJSON(JSON.parse(JSON.stringify(clock)))).toEqual(clock)
      }),
    )
  })

  test.each([
    ['null', null],
    ['a string', 'a'],
    ['an array', [['a', 1]]],
    ['a negative version', { a: -1 }],
    ['a fraction', { a: 1.5 }],
    ['a version that is text', { a: '1' }],
    ['a version beyond 2^53', { a: 2 ** 53 }],
    ['NaN', { a: Number.NaN }],
  ])('%s is refused with a code', (_name, value) => {
    expect(() => VectorClock.fromJSON(value)).toThrow(
      expect.objectContaining({ name: 'ClockError', code: 'CASTY_CLOCK_INVALID' }),
    )
  })

  test('any value is either read or refused with a code, and changes no prototype', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        try {
          expect(VectorClock.fromJSON(value)).toBeInstanceOf(VectorClock)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CASTY_CLOCK_INVALID' })
        }
      }),
    )
  })
})

describe('clocks that come of one another', () => {
  type Change = readonly [kind: 'count' | 'forget' | 'merge', of: number, other: number]
  const changes = fc.array(
    fc.tuple(fc.constantFrom('count', 'count', 'forget', 'merge'), fc.nat(7), fc.nat(60)),
    { maxLength: 120 },
  ) as fc.Arbitrary<readonly Change[]> // As the constants say.
  const origin = VectorClock.of(Array.from({ length: 40 }, (_, index) => [`n${index}`, 1] as const))

  /** Eight clocks that grow apart and meet again: of each, what it is by name and what it should say. */
  function grow(
    steps: readonly Change[],
  ): readonly (readonly [VectorClock, Map<string, number>])[] {
    const all = Array.from(
      { length: 8 },
      () => [origin, new Map(origin.entries())] as readonly [VectorClock, Map<string, number>],
    )
    for (const [kind, of, other] of steps) {
      const [clock, model] = all[of] ?? [origin, new Map<string, number>()]
      const next = new Map(model)
      const node = `n${other}`
      if (kind === 'count') {
        all[of] = [clock.increment(node), next.set(node, (model.get(node) ?? 0) + 1)]
      } else if (kind === 'forget') {
        next.delete(node)
        all[of] = [clock.without(node), next]
      } else {
        const [told, toldModel] = all[other % 8] ?? [origin, new Map<string, number>()]
        for (const [key, count] of toldModel) next.set(key, Math.max(count, next.get(key) ?? 0))
        all[of] = [clock.merge(told), next]
      }
    }
    return all
  }

  test('say what clocks say that hold every entry themselves', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const all = grow(steps)
        for (const [clock, model] of all) {
          const plain = VectorClock.of(model)
          expect(clock).toEqual(plain)
          expect(clock.size).toBe(model.size)
          expect(new Map(clock.unordered())).toEqual(model)
          for (const [other, otherModel] of all) {
            expect(clock.compare(other)).toBe(plain.compare(VectorClock.of(otherModel)))
          }
        }
      }),
    )
  })

  test('are made of one another by what changed', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const [clock = origin, since = origin] = grow(steps).map(([grown]) => grown)
        const changed = clock.changesSince(since)
        expect(since.withEntries(changed).equals(clock)).toBe(true)
        expect(new Set(changed.map(([node]) => node)).size).toBe(changed.length)
        expect(changed.every(([node, count]) => since.versionOf(node) !== count)).toBe(true)
        expect(clock.withEntries([])).toBe(clock)
      }),
    )
  })

  test('of nodes of which most are gone compare as if those had never been', () => {
    let clock = VectorClock.of({ stays: 2 ** 40 })
    for (let life = 0; life < 100; life++)
      clock = clock.increment(`life-${life}`).without(`life-${life}`)
    expect(clock.entries()).toEqual([['stays', 2 ** 40]])
    expect(clock.increment('stays').compare(VectorClock.of({ stays: 2 ** 40 + 1 }))).toBe('same')
    expect(clock.compare(VectorClock.of({ stays: 2 ** 40, other: 1 }))).toBe('before')
  })

  test('are no news where no entry differs', () => {
    expect(
      origin.withEntries([
        ['n3', 1],
        ['x', 0],
      ]),
    ).toBe(origin)
    expect(origin.changesSince(origin)).toEqual([])
  })

  test.each([
    [
      'a node named twice',
      [
        ['a', 1],
        ['a', 2],
      ] as const,
    ],
    ['a version below 0', [['a', -1]] as const],
  ])('refuse %s', (_name, entries) => {
    expect(() => origin.withEntries(entries)).toThrow(
      expect.objectContaining({ code: 'CASTY_CLOCK_INVALID' }),
    )
  })

  test('look unlike to a test runner where they say something else', () => {
    expect(origin.increment('n1')).not.toEqual(origin.increment('n2'))
    expect(origin.increment('n1')).not.toEqual(origin)
  })
})

interface Vector {
  readonly id: string
  readonly kind: 'compare' | 'merge' | 'prune'
  readonly left: Record<string, number>
  readonly right: Record<string, number>
  readonly leftIncrements?: readonly string[]
  readonly clock: Record<string, number>
  readonly node: string
  readonly expect: VectorRelation & Record<string, number>
  readonly expectReversed: VectorRelation
  readonly expectLeftVsMerged: VectorRelation
  readonly expectRightVsMerged: VectorRelation
}

const path = new URL('../../../tooling/conformance/vectors/vector-clock.json', import.meta.url)
// The file is ours and its schema is written down beside it.
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Vector[] }

describe('conformance vectors', () => {
  test.each(cases.map((vector) => [vector.id, vector] as const))('%s', (_id, vector) => {
    if (vector.kind === 'prune') {
      const clock = VectorClock.of(vector.clock)
      expect(clock.without(vector.node).toJSON()).toEqual(vector.expect)
      return
    }
    const left = VectorClock.of(vector.left)
    const right = VectorClock.of(vector.right)
    if (vector.kind === 'merge') {
      const merged = left.merge(right)
      expect(merged.toJSON()).toEqual(vector.expect)
      expect(left.compare(merged)).toBe(vector.expectLeftVsMerged)
      expect(right.compare(merged)).toBe(vector.expectRightVsMerged)
      return
    }
    expect(left.compare(right)).toBe(vector.expect)
    expect(right.compare(left)).toBe(vector.expectReversed)
    const built = vector.leftIncrements?.reduce(
      (clock, node) => clock.increment(node),
      VectorClock.empty,
    )
    if (built !== undefined) expect(built).toEqual(left)
  })
})
