import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Registry } from '../src/index.ts'
import { runs } from './laws-world.ts'
import { node } from './states.ts'

const names = ['a', 'b', 'c'] as const

/** Three registries of one cluster: each node's row is some stage of the one history it wrote. */
const registries = (): fc.Arbitrary<readonly Registry[]> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom('x', 'y'), fc.boolean()), {
        maxLength: 20,
      }),
      fc.array(fc.array(fc.nat({ max: 30 }), { minLength: 3, maxLength: 3 }), {
        minLength: 3,
        maxLength: 3,
      }),
    )
    .map(([writes, stages]) => {
      const history = [Registry.empty]
      for (const [name, key, added] of writes) {
        const last = history.at(-1) ?? Registry.empty
        history.push(added ? last.register(node(name), key, '/') : last.unregister(node(name), key))
      }
      return stages.map((places) =>
        Registry.of(
          names.flatMap((name, index) => {
            const row = history[(places[index] ?? 0) % history.length]?.rows.get(node(name).key)
            return row ? [row] : []
          }),
        ),
      )
    })

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

test('what somebody lacks is exactly what brings it up to date', () => {
  fc.assert(
    fc.property(registries(), ([a = Registry.empty, b = a]) => {
      const versions = new Map([...b.rows].map(([key, row]) => [key, row.version] as const))
      const told = a.newerThan(versions)
      expect(b.merge(told).digest).toBe(b.merge(a.rows.values()).digest)
      for (const row of told) expect(row.version).toBeGreaterThan(versions.get(row.node.key) ?? 0)
    }),
    runs,
  )
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
