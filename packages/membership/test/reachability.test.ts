import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reachability } from '../src/index.ts'
import { runs } from './laws-world.ts'

const names = ['a', 'b', 'c', 'd'] as const
const name = (): fc.Arbitrary<string> => fc.constantFrom(...names)

type Operation = readonly [
  kind: 'reachable' | 'unreachable' | 'refused' | 'terminated' | 'doubt',
  observer: string,
  subject: string,
]

const operations = (): fc.Arbitrary<readonly Operation[]> =>
  fc.array(
    fc.tuple(
      fc.constantFrom(
        'reachable' as const,
        'unreachable' as const,
        'refused' as const,
        'terminated' as const,
        'doubt' as const,
      ),
      name(),
      name(),
    ),
    { maxLength: 30 },
  )

function applied(table: Reachability, [kind, observer, subject]: Operation): Reachability {
  return kind === 'doubt'
    ? table.withDoubts(observer, subject === 'a')
    : table[kind](observer, subject)
}

/** Three tables of one cluster: an observer's row is some stage of the one history it has. */
const tables = (): fc.Arbitrary<readonly Reachability[]> =>
  fc
    .tuple(
      operations(),
      fc.array(fc.array(fc.nat({ max: 30 }), { minLength: 4, maxLength: 4 }), {
        minLength: 3,
        maxLength: 3,
      }),
    )
    .map(([all, stages]) => {
      const history = [Reachability.empty]
      for (const operation of all)
        history.push(applied(history.at(-1) ?? Reachability.empty, operation))
      return stages.map((places) =>
        Reachability.of(
          names.flatMap((observer, index) => {
            const row = history[(places[index] ?? 0) % history.length]?.rows.get(observer)
            return row ? [[observer, row] as const] : []
          }),
        ),
      )
    })

describe('merging tables', () => {
  test('commutes, associates and is idempotent', () => {
    fc.assert(
      fc.property(tables(), ([a = Reachability.empty, b = a, c = a]) => {
        expect(a.merge(b).equals(b.merge(a))).toBe(true)
        expect(
          a
            .merge(b)
            .merge(c)
            .equals(a.merge(b.merge(c))),
        ).toBe(true)
        expect(a.merge(a)).toBe(a)
        const merged = a.merge(b)
        expect(merged.merge(a)).toBe(merged)
        expect(merged.merge(b)).toBe(merged)
      }),
      runs,
    )
  })

  test('keeps only what concerns those allowed', () => {
    fc.assert(
      fc.property(tables(), name(), ([a = Reachability.empty, b = a], gone) => {
        const merged = a.merge(b, (node) => node !== gone)
        expect(merged.versionOf(gone)).toBe(0)
        expect(merged.statusOf(gone)).toBe('reachable')
        expect(merged.equals(a.merge(b).remove([gone]))).toBe(true)
      }),
      runs,
    )
  })

  test('takes the newer row whole, also where it forgot what the older one held', () => {
    const older = Reachability.empty.unreachable('a', 'b').unreachable('a', 'c')
    const newer = older.reachable('a', 'b').reachable('a', 'c')
    expect(older.merge(newer).unreachableFrom('a')).toEqual([])
    expect(newer.merge(older)).toBe(newer)
  })
})

describe('recording', () => {
  test('raises the version of the observer by one with each change, and nobody else’s', () => {
    fc.assert(
      fc.property(operations(), (all) => {
        let table = Reachability.empty
        for (const operation of all) {
          const next = applied(table, operation)
          const [, observer] = operation
          for (const other of names) {
            const grown = next !== table && other === observer ? 1 : 0
            expect(next.versionOf(other)).toBe(table.versionOf(other) + grown)
          }
          table = next
        }
      }),
      runs,
    )
  })

  test('a refusal stands over silence, until the subject is there again or gone for good', () => {
    const refused = Reachability.empty.unreachable('a', 'b').refused('a', 'b')
    expect(refused.statusBetween('a', 'b')).toBe('refused')
    expect(refused.unreachable('a', 'b')).toBe(refused)
    expect(refused.unreachable('c', 'b').statusOf('b')).toBe('refused')
    expect([refused.allUnreachable, refused.allTerminated]).toEqual([['b'], []])
    expect(refused.reachable('a', 'b').statusOf('b')).toBe('reachable')
    const terminated = refused.terminated('a', 'b')
    expect(terminated.refused('a', 'b')).toBe(terminated)
  })

  test('what is known already returns the same instance', () => {
    const table = Reachability.empty.unreachable('a', 'b')
    expect(table.unreachable('a', 'b')).toBe(table)
    expect(table.reachable('a', 'c')).toBe(table)
    expect(table.withDoubts('a', false)).toBe(table)
    expect(Reachability.empty.reachable('a', 'b')).toBe(Reachability.empty)
  })

  test('who is terminated stays so', () => {
    const table = Reachability.empty.terminated('a', 'b')
    expect(table.reachable('a', 'b')).toBe(table)
    expect(table.unreachable('a', 'b')).toBe(table)
    expect(table.statusOf('b')).toBe('terminated')
    expect(table.allUnreachable).toEqual([])
    expect(table.allTerminated).toEqual(['b'])
  })

  test('a row whose last suspicion heals is empty, but keeps its version', () => {
    const healed = Reachability.empty
      .unreachable('a', 'b')
      .unreachable('a', 'c')
      .reachable('a', 'b')
    expect(healed.rows.get('a')?.records.size).toBe(2)
    const whole = healed.reachable('a', 'c')
    expect(whole.rows.get('a')?.records.size).toBe(0)
    expect(whole.versionOf('a')).toBe(4)
  })

  test('doubts are part of the row, and survive what it records', () => {
    const table = Reachability.empty.withDoubts('a', true).unreachable('a', 'b').reachable('a', 'b')
    expect(table.rows.get('a')?.doubtful).toBe(true)
    expect(table.withDoubts('a', false).rows.get('a')).toMatchObject({
      doubtful: false,
      version: 4,
    })
  })
})

describe('asking', () => {
  const table = Reachability.empty
    .unreachable('b', 'a')
    .unreachable('c', 'a')
    .terminated('c', 'd')
    .unreachable('d', 'b')
    .reachable('d', 'b')

  test('the worst that anybody says is the status of a node', () => {
    expect(names.map((node) => table.statusOf(node))).toEqual([
      'unreachable',
      'reachable',
      'reachable',
      'terminated',
    ])
  })

  test('observers are listed by whom they find unreachable or terminated', () => {
    expect(table.observersBySubject()).toEqual(
      new Map([
        ['a', ['b', 'c']],
        ['d', ['c']],
      ]),
    )
  })

  test('an observer’s own findings are told apart from those of others', () => {
    expect(table.unreachableFrom('c')).toEqual(['a', 'd'])
    expect(table.statusBetween('b', 'd')).toBe('reachable')
  })
})

describe('forgetting', () => {
  const table = Reachability.empty.unreachable('a', 'b').unreachable('c', 'b').unreachable('c', 'a')

  test('a node goes as observer and as subject, and the others’ versions stay', () => {
    const left = table.remove(['a'])
    expect(left.rows.has('a')).toBe(false)
    expect(left.unreachableFrom('c')).toEqual(['b'])
    expect(left.versionOf('c')).toBe(2)
  })

  test('observers go with their versions, or only with what they recorded', () => {
    expect(table.removeObservers(['c']).versionOf('c')).toBe(0)
    expect(table.filterObservers(['c']).versionOf('c')).toBe(2)
    expect(table.filterObservers(['c']).unreachableFrom('c')).toEqual([])
  })

  test('nobody to forget returns the same instance', () => {
    expect(table.remove(['x'])).toBe(table)
    expect(table.removeObservers(['b'])).toBe(table)
    expect(table.filterObservers(['b'])).toBe(table)
    expect(table.restrict(() => true)).toBe(table)
  })

  test('two tables are equal by what they hold, and unequal by any single part', () => {
    expect(table.equals(Reachability.of(table.rows))).toBe(true)
    for (const other of [
      table.remove(['a']),
      table.withDoubts('a', true),
      table.reachable('c', 'a'),
      table.terminated('a', 'b'),
    ])
      expect(table.equals(other)).toBe(false)
  })
})
