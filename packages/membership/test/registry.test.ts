import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Registry, type RegistryNews } from '../src/index.ts'
import { runs } from './laws-world.ts'
import { node } from './states.ts'

const names = ['a', 'b', 'c'] as const

/** What one after the other the nodes of a cluster wrote; `x` and `y` at two paths each. */
const histories = (): fc.Arbitrary<readonly Registry[]> =>
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...names),
        fc.constantFrom('x', 'y'),
        fc.constantFrom('/1', '/2', undefined),
      ),
      { maxLength: 30 },
    )
    .map((writes) => {
      const history = [Registry.empty]
      for (const [name, key, path] of writes) {
        const last = history.at(-1) ?? Registry.empty
        const isThere = last
          .find(key)
          .some((entry) => entry.node.equals(node(name)) && entry.path === (path ?? entry.path))
        history.push(
          isThere || path === undefined
            ? last.unregister(node(name), key, path)
            : last.register(node(name), key, path),
        )
      }
      return history
    })

const stages = fc.array(fc.nat({ max: 40 }), { minLength: 3, maxLength: 3 })

/** Each node's row is some stage of the one history that it wrote. */
function stageOf(history: readonly Registry[], places: readonly number[]): Registry {
  return Registry.of(
    names.flatMap((name, index) => {
      const row = history[(places[index] ?? 0) % history.length]?.rows.get(node(name).key)
      return row ? [row] : []
    }),
  )
}

/** Three registries of one cluster. */
const registries = (): fc.Arbitrary<readonly Registry[]> =>
  fc
    .tuple(histories(), fc.array(stages, { minLength: 3, maxLength: 3 }))
    .map(([history, all]) => all.map((places) => stageOf(history, places)))

/** What is told to somebody who has `to`, by whoever has `from`. */
function newsOf(from: Registry, to: Registry): RegistryNews {
  return from.newerThan(new Map([...to.rows].map(([key, row]) => [key, row.version] as const)))
}

function told(from: Registry, to: Registry): Registry {
  const { rows, changes } = newsOf(from, to)
  return to.merge(rows, changes)
}

test('merging commutes, associates and returns the same instance when nothing is new', () => {
  fc.assert(
    fc.property(registries(), ([a = Registry.empty, b = a, c = a]) => {
      const join = (left: Registry, right: Registry): Registry => left.merge(right.rows.values())
      expect(join(a, b).entries).toEqual(join(b, a).entries)
      expect(join(a, b).digest).toBe(join(b, a).digest)
      expect(join(join(a, b), c).entries).toEqual(join(a, join(b, c)).entries)
      expect(join(a, a)).toBe(a)
      const merged = join(a, b)
      expect(join(merged, b)).toBe(merged)
    }),
    runs,
  )
})

test('what somebody lacks is exactly what brings it up to date, by whomever it is told', () => {
  fc.assert(
    fc.property(histories(), fc.nat({ max: 40 }), stages, stages, (history, at, left, right) => {
      const writer = history[at % history.length] ?? Registry.empty
      const former = stageOf(history, left)
      const second = told(writer, former)
      expect(second.entries).toEqual(former.merge(writer.rows.values()).entries)
      expect(second.digest).toBe(former.merge(writer.rows.values()).digest)
      const other = stageOf(history, right)
      const third = told(second, other)
      expect(third.entries).toEqual(other.merge(second.rows.values()).entries)
      expect(newsOf(second, third)).toEqual({ rows: [], changes: [] })
    }),
    runs,
  )
})

test('news that come twice, late or to one who has other ones already, tell what is new in them, or nothing', () => {
  fc.assert(
    fc.property(histories(), fc.array(fc.nat({ max: 40 }), { maxLength: 5 }), (history, places) => {
      const writer = history.at(-1) ?? Registry.empty
      const stage = (place: number): Registry => history[place % history.length] ?? Registry.empty
      let heard = stage(places[0] ?? 0)
      for (const place of places) {
        const { rows, changes } = newsOf(writer, stage(place))
        const next = heard.merge(rows, changes)
        for (const [key, row] of next.rows) {
          const was = heard.rows.get(key)?.version ?? 0
          // Whatever it has, it has of one moment of the history.
          expect(row.version).toBeGreaterThanOrEqual(was)
          const isOfHistory = history.some(({ rows: of }) => of.get(key)?.version === row.version)
          const moment = history.find(({ rows: of }) => of.get(key)?.version === row.version)
          if (isOfHistory) expect(row.services).toEqual(moment?.rows.get(key)?.services)
        }
        heard = next
      }
      expect(told(writer, heard).entries).toEqual(writer.entries)
    }),
    runs,
  )
})

test('one change of many services is told as one change; a row of which more is unknown, whole', () => {
  let registry = Registry.empty
  for (let at = 0; at < 1_000; at++) registry = registry.register(node('a'), `service-${at}`, '/')
  const later = registry.unregister(node('a'), 'service-7').register(node('a'), 'new', '/')
  expect(newsOf(later, registry)).toEqual({
    rows: [],
    changes: [
      {
        node: node('a'),
        since: 1_000,
        changes: [
          { type: 'withdrawn', key: 'service-7', path: '/' },
          { type: 'registered', key: 'new', path: '/' },
        ],
      },
    ],
  })
  expect(newsOf(later, Registry.empty).rows).toEqual([...later.rows.values()])
  const { changes } = newsOf(later, registry)
  expect(Registry.empty.merge([], changes)).toBe(Registry.empty)
})

describe('a registry', () => {
  const registry = Registry.empty
    .register(node('b'), 'shop', '/1')
    .register(node('a'), 'shop', '/2')
    .register(node('a'), 'bank', '/3')

  test('lists services by key, then node, then path', () => {
    expect(registry.entries.map((entry) => `${entry.key} ${entry.node} ${entry.path}`)).toEqual([
      'bank a:1#1 /3',
      'shop a:1#1 /2',
      'shop b:1#1 /1',
    ])
    expect(registry.find('shop').map(({ path }) => path)).toEqual(['/2', '/1'])
    expect(registry.find('none')).toEqual([])
  })

  test('returns itself when a service is there already, or is not', () => {
    expect(registry.register(node('a'), 'shop', '/2')).toBe(registry)
    expect(registry.unregister(node('a'), 'none')).toBe(registry)
    expect(registry.unregister(node('a'), 'shop', '/9')).toBe(registry)
    expect(registry.restrict(() => true)).toBe(registry)
  })

  test('withdraws one path of a key, or all', () => {
    const twice = registry.register(node('a'), 'shop', '/4')
    expect(
      twice
        .unregister(node('a'), 'shop', '/2')
        .find('shop')
        .map(({ path }) => path),
    ).toEqual(['/4', '/1'])
    expect(
      twice
        .unregister(node('a'), 'shop')
        .find('shop')
        .map(({ path }) => path),
    ).toEqual(['/1'])
  })

  test('does not bring back what was withdrawn when older news comes', () => {
    const withdrawn = registry.unregister(node('b'), 'shop')
    expect(withdrawn.merge(registry.rows.values())).toBe(withdrawn)
  })

  test('forgets a node with all that it offered', () => {
    const left = registry.restrict((key) => key !== node('a').key)
    expect(left.entries.map(({ key }) => key)).toEqual(['shop'])
    expect(left.restrict(() => false)).toBe(Registry.empty)
  })

  test('tells another incarnation of an address apart', () => {
    const reborn = registry.register(node('a#2'), 'shop', '/2')
    expect(reborn.find('shop')).toHaveLength(3)
  })
})
