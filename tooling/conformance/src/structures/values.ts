// Values that JSON has no word for, and values that stand for others.
import { isList, isObject, type Json } from '../json.ts'

/** What steps have bound to names. */
export interface Bound {
  readonly values: Map<string, unknown>
  readonly variables: Map<string, unknown>
  tokenOf(lease: string): bigint
}

/** What a vector means by a value. */
export function meant(json: Json | undefined, bound: Bound): unknown {
  if (isList(json)) return json.map((item) => meant(item, bound))
  if (!isObject(json)) return json
  if (typeof json['$'] === 'string') return special(json['$'])
  if (typeof json['$token'] === 'string') return bound.tokenOf(json['$token'])
  if (typeof json['$ref'] === 'string') return bound.values.get(json['$ref'])
  if (typeof json['$var'] === 'string') return bound.variables.get(json['$var'])
  return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, meant(item, bound)]))
}

function special(name: string): unknown {
  switch (name) {
    case 'undefined':
      return undefined
    case 'NaN':
      return Number.NaN
    case 'Infinity':
      return Infinity
    case '-0':
      return -0
    case 'function':
      return () => {}
    case 'cyclic': {
      const cyclic: { self?: unknown } = {}
      cyclic.self = cyclic
      return cyclic
    }
    default:
      throw new Error(`special value ${name} is not known`)
  }
}

/** The same, as JSON that shows it: for comparing and for people. */
export function shown(value: unknown): Json {
  switch (typeof value) {
    case 'undefined':
      return { $: 'undefined' }
    case 'number':
      return Number.isFinite(value) ? value : { $: String(value) }
    case 'bigint':
      return { $bigint: String(value) }
    case 'function':
      return { $: 'function' }
    case 'object':
      return shownObject(value)
    default:
      return value as Json
  }
}

function shownObject(value: object | null): Json {
  if (value === null) return null
  if (value instanceof Map) return Array.from(value, ([key, item]) => [shown(key), shown(item)])
  if (Array.isArray(value)) return value.map(shown)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item)]))
}

/** In an order that says nothing: as sets are compared. */
export function unordered(values: readonly Json[]): readonly Json[] {
  return values.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
}
