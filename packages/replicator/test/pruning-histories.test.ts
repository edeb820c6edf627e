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
} from '@casty/crdt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gone, PruningWorld, steps, type Change } from './pruning-world.ts'

/** @param read - what of it is the same where nobody was pruned */
function holds<C extends Crdt<C>>(
  type: CrdtType<C>,
  change: Change<C>,
  read: (value: C) => unknown = readable,
): void {
  test(`${type.name} reads the same`, () => {
    fc.assert(
      fc.property(
        fc.tuple(steps, steps, steps, steps, steps),
        ([before, between, begun, seen, performed]) => {
          const world = new PruningWorld(type, change, before)
          for (const step of between) world.take(step)
          world.prune()
          for (const step of begun) world.take(step)
          world.see()
          for (const step of seen) world.take(step)
          world.prune()
          for (const step of performed) world.take(step)
          const all = world.rest()
          for (const { value, plain } of all) {
            expect(modifiedBy(value)).not.toContain(gone)
            expect(read(value)).toEqual(read(plain))
            expect(equals(value, all[0]?.value ?? value)).toBe(true)
          }
        },
      ),
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
  // Whoever counts what is removed at the same time has its count back, and with it what it stands in for: what is there is the same.
  holds(
    pnCounterMap(),
    (map, me, { what, key }) =>
      what < 2 ? map.remove(letter(key)) : map.increment(me, letter(key), what),
    (map) => [...map.value.keys()],
  )
  holds(
    orMap(pnCounter()),
    (map, me, { what, key }) =>
      what < 2
        ? map.remove(letter(key))
        : map.update(me, letter(key), (counter) => counter.increment(me, what)),
    (map) => [...map.value.keys()],
  )
})

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
