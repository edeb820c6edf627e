// What a step was to come to, beside what it came to: alike where the case holds.
import { isList, isObject, listOf, objectOf, type Json, type JsonObject } from '../json.ts'
import { codeOf } from './handles.ts'
import { shown, unordered } from './values.ts'

/** How a call ended. */
export type Outcome =
  | { readonly type: 'returned'; readonly value: unknown; readonly at: number }
  | { readonly type: 'failed'; readonly error: unknown; readonly at: number }

export type Granted = (name: string, value: unknown, at: number) => boolean

/** @param granted - notes what was granted as a lease of a name; whether it is one */
export function pairOf(
  expect: JsonObject,
  outcome: Outcome | undefined,
  events: readonly unknown[],
  granted: Granted,
): readonly [expected: Json, actual: Json] {
  if (isList(expect['oneOf'])) {
    const pairs = expect['oneOf'].map((one) =>
      pairOf(objectOf(one, 'oneOf'), outcome, events, granted),
    )
    const fitting = pairs.find(
      ([expected, actual]) => JSON.stringify(expected) === JSON.stringify(actual),
    )
    return fitting ?? pairs[0] ?? [null, null]
  }
  if (isList(expect['events'])) {
    const wanted = expect['events']
    const actual = events.map((event, index) => alike(event, wanted[index]))
    return [wanted, actual]
  }
  if (!outcome) return ['settled', 'pending']
  if (expect['any'] === true) return [true, true]
  if (outcome.type === 'failed') return failureOf(expect, outcome.error)
  const { value, at } = outcome
  if (typeof expect['lease'] === 'string') {
    const wanted = { lease: expect['lease'], ...(isObject(expect['match']) && expect['match']) }
    if (!granted(expect['lease'], value, at)) return [wanted, { returned: shown(value) }]
    const { lease, ...rest } = wanted
    const found = picked(value, rest)
    return [wanted, { lease, ...(isObject(found) && found) }]
  }
  return resultOf(expect, value)
}

function resultOf(expect: JsonObject, value: unknown): readonly [expected: Json, actual: Json] {
  if (isObject(expect['match'])) return [expect['match'], picked(value, expect['match'])]
  if (isList(expect['values'])) return [expect['values'], valuesOf(value)]
  if (isList(expect['returnsUnordered'])) {
    return [unordered(expect['returnsUnordered']), unordered(listOf(shown(value), 'result'))]
  }
  if (isList(expect['contains'])) return scanned(expect['contains'], value, expect['atMostOnce'])
  if ('returns' in expect) {
    const wanted = expect['returns'] ?? null
    // Items of lists are compared by what is asked of them.
    const actual =
      isList(wanted) && Array.isArray(value) && wanted.length === value.length
        ? wanted.map((item, index) => alike(value[index], item))
        : shown(value)
    return [wanted, actual]
  }
  return [expect, { returned: shown(value) }]
}

function failureOf(expect: JsonObject, error: unknown): readonly [Json, Json] {
  const code = codeOf(error)
  const props = isObject(expect['props']) ? expect['props'] : {}
  const actual = { code, ...objectOf(picked(error, props), 'props') }
  if (typeof expect['error'] === 'string') return [{ code: expect['error'], ...props }, actual]
  if (isList(expect['errorOneOf'])) {
    const isFitting = expect['errorOneOf'].includes(code)
    return [{ code: isFitting ? code : expect['errorOneOf'], ...props }, actual]
  }
  return [expect, { ...actual, message: error instanceof Error ? error.message : String(error) }]
}

/** A value, of which no more is compared than is asked for. */
function alike(value: unknown, wanted: Json | undefined): Json {
  return isObject(wanted) ? picked(value, wanted) : shown(value)
}

/** Properties that are called otherwise here. */
const propertyNames: Readonly<Record<string, string>> = {
  expiresIn: 'expiresInMs',
  retryable: 'isRetryable',
}

/** Those properties of a value that are asked for. */
function picked(value: unknown, wanted: JsonObject): Json {
  if (typeof value !== 'object' || value === null) return shown(value)
  const propertyOf = (name: string): unknown =>
    Reflect.get(value, name in value ? name : (propertyNames[name] ?? name))
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, shown(propertyOf(name))]))
}

function valuesOf(value: unknown): Json {
  if (!Array.isArray(value)) return shown(value)
  return value.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'value' in item ? shown(item.value) : shown(item),
  )
}

/** Keys that a scan has to have come by, each once; and of others none twice, where that is asked for. */
function scanned(
  wanted: readonly Json[],
  value: unknown,
  atMostOnce: Json | undefined,
): readonly [Json, Json] {
  const keys = Array.isArray(value)
    ? value.map((item: unknown) => shown(Array.isArray(item) ? item[0] : item))
    : []
  const seen = wanted.map((key) => keys.filter((found) => found === key).length)
  const [once, found] = [wanted.map(() => 1), new Set(keys.map((key) => JSON.stringify(key)))]
  return atMostOnce === true
    ? [
        [...once, found.size],
        [...seen, keys.length],
      ]
    : [once, seen]
}
