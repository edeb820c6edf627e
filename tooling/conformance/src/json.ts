// Reading JSON whose shape is only promised: every access says what was expected where, so that a
// vector that does not fit its schema is reported as a failure of that case, with a reason.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** A vector that does not say what its schema asks for. */
export class MalformedVector extends Error {
  override readonly name = 'MalformedVector'
}

/**
 * Parses JSON. Upstream's values of φ may be infinite, for which JSON has no word: a bare `Infinity`
 * is read as what it means.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): Json {
  const readable = text.replace(/"(?:[^"\\]|\\.)*"|\bInfinity\b/g, (token) =>
    token === 'Infinity' ? '1e999' : token,
  )
  // What JSON.parse returns is JSON.
  return JSON.parse(readable) as Json
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function malformed(what: string, value: Json | undefined, wanted: string): MalformedVector {
  const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80)
  return new MalformedVector(`${what} is ${shown}, expected ${wanted}`)
}

export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (isObject(value)) return value
  throw malformed(what, value, 'an object')
}

export function listOf(value: Json | undefined, what: string): readonly Json[] {
  if (isList(value)) return value
  throw malformed(what, value, 'an array')
}

export function textOf(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value
  throw malformed(what, value, 'a string')
}

/** A number; also the texts that stand for infinite ones. */
export function numberOf(value: Json | undefined, what: string): number {
  if (typeof value === 'number') return value
  if (value === 'Infinity' || value === '-Infinity') return Number(value)
  throw malformed(what, value, 'a number')
}

export function booleanOf(value: Json | undefined, what: string): boolean {
  if (typeof value === 'boolean') return value
  throw malformed(what, value, 'true or false')
}

export function oneOf<T extends string>(
  value: Json | undefined,
  allowed: readonly T[],
  what: string,
): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw malformed(what, value, `one of ${allowed.join(', ')}`)
}

export function textsOf(value: Json | undefined, what: string): readonly string[] {
  return listOf(value, what).map((item, index) => textOf(item, `${what}[${index}]`))
}

export function objectsOf(value: Json | undefined, what: string): readonly JsonObject[] {
  return listOf(value, what).map((item, index) => objectOf(item, `${what}[${index}]`))
}

export function entriesOf(
  value: Json | undefined,
  what: string,
): readonly (readonly [key: string, value: Json])[] {
  return Object.entries(objectOf(value, what))
}

export function countsOf(
  value: Json | undefined,
  what: string,
): readonly (readonly [key: string, count: number])[] {
  return entriesOf(value, what).map(([key, count]) => [key, numberOf(count, `${what}.${key}`)])
}

/** Absent and null are one: JSON written from other languages does not tell them apart. */
export function isAbsent(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null
}

/** Equal content; the order of keys does not count, and −0 is 0. */
export function equalJson(left: Json, right: Json): boolean {
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((item, index) => {
        const other = right[index]
        return other !== undefined && equalJson(item, other)
      })
    )
  }
  if (isObject(left)) {
    if (!isObject(right)) return false
    const keys = Object.keys(left)
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => {
        const [mine, theirs] = [left[key], right[key]]
        return mine !== undefined && theirs !== undefined && equalJson(mine, theirs)
      })
    )
  }
  return left === right
}

/** Texts in one order, for sets. */
export function sorted(texts: Iterable<string>): readonly string[] {
  return [...new Set(texts)].toSorted()
}
