// JSON that says no where `JSON.stringify` would quietly give back something else: an event that is not what
// it was would be found out only at the next recovery, when it is too late.
import { PersistenceError } from '../errors.ts'
import type { Codec } from './codec.ts'

/** Deeper values are taken for circles. */
const mostNested = 200

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Plain objects, lists, texts, finite numbers, booleans and null. Properties that are `undefined` are left
 * out. All else is refused with `CASTY_PERSISTENCE_UNSERIALIZABLE` and its path in the value: `undefined` in
 * lists, NaN and infinities, bigints, functions, symbols, dates, maps, sets, bytes and other class instances.
 */
export const jsonCodec: Codec = Object.freeze({
  encode: (value: unknown) => encoder.encode(jsonOf(value, '$', 0)),
  decode(bytes: Uint8Array): unknown {
    try {
      return JSON.parse(decoder.decode(bytes))
    } catch (error) {
      throw PersistenceError.notJson(error)
    }
  },
})

function jsonOf(value: unknown, path: string, depth: number): string {
  if (depth > mostNested) {
    throw PersistenceError.unserializable(path, `nested deeper than ${mostNested}, or in a circle`)
  }
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw PersistenceError.unserializable(path, String(value))
      return Object.is(value, -0) ? '-0' : String(value) // JSON can tell them apart, unlike stringify.
    case 'boolean':
      return String(value)
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? listOf(value, path, depth) : objectOf(value, path, depth)
    default:
      throw PersistenceError.unserializable(path, nameOf(value))
  }
}

function listOf(list: readonly unknown[], path: string, depth: number): string {
  if (Object.keys(list).length > list.length) {
    throw PersistenceError.unserializable(path, 'a list with properties of its own')
  }
  // A `for` by number sees holes, as `undefined`.
  let text = ''
  for (let at = 0; at < list.length; at++) {
    text += `${at === 0 ? '' : ','}${jsonOf(list[at], `${path}[${at}]`, depth + 1)}`
  }
  return `[${text}]`
}

function objectOf(value: object, path: string, depth: number): string {
  if (!isPlain(value)) throw PersistenceError.unserializable(path, classOf(value))
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw PersistenceError.unserializable(path, 'an object with symbols for names')
  }
  let text = ''
  for (const [name, content] of Object.entries(value)) {
    if (content === undefined) continue
    const place = `${path}.${name}`
    if (name === '__proto__') {
      throw PersistenceError.unserializable(place, 'a property that would be taken for a prototype')
    }
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${jsonOf(content, place, depth + 1)}`
  }
  return `{${text}}`
}

/** An object of this realm or another, with no class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function classOf(value: object): string {
  const { constructor } = value
  const name = typeof constructor === 'function' ? constructor.name : ''
  return name === '' ? 'an instance of a class' : `an instance of ${name}`
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'undefined'
  return typeof value === 'function' ? 'a function' : `a ${typeof value}`
}
