// What the parts of a core share, for tests of one of them.
import { orSet, Replica } from '@casty/crdt'
import { AnyValue, anyTypeOf } from '../src/any-value.ts'
import { Effects } from '../src/core/effects.ts'
import type { Call, Moment } from '../src/core/events.ts'
import { Others } from '../src/core/others.ts'
import { Tally } from '../src/core/tally.ts'
import type { Values, ValuesParts } from '../src/core/values.ts'
import { replicatorDefaults } from '../src/options.ts'

export const sets = orSet<string>()
export const anySets = anyTypeOf(sets)

export function partsOf(self: string, ...nodes: readonly string[]): ValuesParts {
  const others = new Others(self)
  others.change(nodes, new Set(nodes))
  const settings = { ...replicatorDefaults, isKept: () => false, self, maxKeys: 3 }
  const [effects, tally] = [new Effects(), new Tally()]
  return { settings, replica: new Replica(self), others, effects, tally }
}

export function callOf(id: number, key = 'k'): Call {
  return { id, key, type: anySets, consistency: 'majority', timeoutMs: 1_000 }
}

export function at(nowMs: number, draw = 0): Moment {
  return { nowMs, wallMs: 1_000_000 + nowMs, draw }
}

/** Puts an element into a set. @returns what changed */
export function add(values: Values, element: string, key = 'k'): AnyValue | undefined {
  const change = (value: AnyValue, me: Replica): AnyValue =>
    new AnyValue(anySets, sets.of(value.body).add(me, element).body)
  return values.change(callOf(0, key), change, at(0))
}

/** The elements of a set. */
export function elements(values: Values, key = 'k'): readonly string[] {
  return sets.of(values.of(key, anySets).body).value
}
