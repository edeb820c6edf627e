// Random histories in which a removed node gets out of a value while others change it: in peace all hold the same, and read what
// they would read where nobody had been pruned.
import {
  equals,
  lwwMap,
  lwwRegister,
  modifiedBy,
  mvRegister,
  orMap,
  orMultiMap,
  orSet,
  pnCounter,
  pnCounterMap,
  type Crdt,
  type CrdtType,
  type ORMap,
  type PNCounter,
  type PNCounterMap,
} from '@casty/crdt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gone, PruningWorld, steps, type Change, type Step } from './pruning-world.ts'

interface Reading<C> {
  readonly statement: string
  /** What of it is the same where nobody was pruned. */
  readonly read: (value: C) => unknown
  /** What is done once all know what the removed node did, and it is to be pruned. */
  readonly whilePruned: (step: Step) => Step
}

function holds<C extends Crdt<C>>(
  type: CrdtType<C>,
  change: Change<C>,
  {
    statement = 'reads the same',
    read = readable,
    whilePruned = (step) => step,
  }: Partial<Reading<C>> = {},
): void {
  test(`${type.name} ${statement}`, () => {
    fc.assert(
      fc.property(fc.tuple(steps, steps, steps, steps, steps), ([before, ...later]) => {
        const world = new PruningWorld(type, change, before)
        const [between, begun, seen, performed] = later.map((phase) => phase.map(whilePruned))
        for (const step of between ?? []) world.take(step)
        world.prune()
        for (const step of begun ?? []) world.take(step)
        world.see()
        for (const step of seen ?? []) world.take(step)
        world.prune()
        for (const step of performed ?? []) world.take(step)
        const all = world.rest()
        for (const { value, plain } of all) {
          expect(modifiedBy(value)).not.toContain(gone)
          expect(read(value)).toEqual(read(plain))
          expect(equals(value, all[0]?.value ?? value)).toBe(true)
        }
      }),
      { numRuns: Number(process.env['CASTY_RUNS'] ?? 500) },
    )
  })
}

const letter = (key: number): string => 'xy'[key] ?? 'x'

describe('a value out of which a removed node is pruned while others change it', () => {
  holds(orSet<string>(), (set, me, { what, key }) =>
    what < 3 ? set.remove(letter(key)) : set.add(me, letter(key)),
  )
  holds(pnCounter(), (counter, me, { what }) =>
    what < 3 ? counter.decrement(me, what) : counter.increment(me, what),
  )
  holds(lwwRegister<number>(), (register, me, { what }, at) => register.set(me, at, what))
  holds(mvRegister<number>(), (register, me, { what }) =>
    what === 0 ? register.clear() : register.set(me, what),
  )
  holds(lwwMap<number>(), (map, me, { what, key }, at) =>
    what < 3 ? map.remove(letter(key)) : map.put(me, letter(key), at, what),
  )
  holds(orMultiMap<number>(), (map, me, { what, key }) => {
    if (what < 2) return map.removeKey(letter(key))
    return what < 4 ? map.remove(letter(key), what % 2) : map.add(me, letter(key), what % 2)
  })
  holds(orMap(orSet<string>()), (map, me, { what, key }) =>
    what < 2
      ? map.remove(letter(key))
      : map.update(me, letter(key), (set) =>
          what < 4 ? set.remove(letter(what % 2)) : set.add(me, letter(what % 2)),
        ),
  )
})

describe('a map of counters out of which a removed node is pruned while others change it', () => {
  const countInMap: Change<PNCounterMap> = (map, me, { what, key }) =>
    what < 2 ? map.remove(letter(key)) : map.increment(me, letter(key), what)
  const countInCounter: Change<ORMap<PNCounter>> = (map, me, { what, key }) =>
    what < 2
      ? map.remove(letter(key))
      : map.update(me, letter(key), (counter) => counter.increment(me, what))

  // Whoever counts what is removed at the same time has its count back, and with it what it stands in for.
  const keys = { statement: 'has the same keys', read: keysOf }
  holds(pnCounterMap(), countInMap, keys)
  holds(orMap(pnCounter()), countInCounter, keys)

  // Nobody counts what is removed: by pruning alone nothing of that comes back.
  const apart = {
    statement: 'reads the same where nobody counts what others remove',
    whilePruned: (step: Step): Step =>
      step.type === 'change' ? { ...step, what: step.key === 0 ? 0 : 2 + step.what } : step,
  }
  holds(pnCounterMap(), countInMap, apart)
  holds(orMap(pnCounter()), countInCounter, apart)
})

function keysOf(map: { readonly value: ReadonlyMap<string, unknown> }): unknown {
  return [...map.value.keys()]
}

/** What a user reads of a value, apart from who wrote it. */
function readable(value: object): unknown {
  if ('bigValue' in value) return plainOf(value.bigValue)
  if ('value' in value) return plainOf(value.value)
  return 'values' in value ? plainOf(value.values) : undefined
}

function plainOf(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, below]) => [key, plainOf(below)])
  if (Array.isArray(value)) return value.map(plainOf)
  return typeof value === 'object' && value !== null && 'body' in value ? readable(value) : value
}
