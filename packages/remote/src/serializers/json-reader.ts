import type { RemoteError } from '../errors.ts'
import type { RefCodec } from '../serializer.ts'
import { fromBase64 } from './base64.ts'
import { maxBigintDigits } from './bigint-limit.ts'
import type { ClassRegistry } from './class-registry.ts'
import { isTag } from './json-format.ts'
import type { SerializerLimits } from './limits.ts'
import { malformed } from './malformed-error.ts'
import { isForbiddenKey } from './msgpack-format.ts'
import { entriesMap, errorElements, revivedError } from './special-value.ts'

type Properties = Readonly<Record<string, unknown>>

/** Makes one message of what `JSON.parse` read. */
export class JsonReader {
  readonly #classes: ClassRegistry
  readonly #limits: Required<SerializerLimits>
  readonly #refs: RefCodec
  #elements = 0

  constructor(classes: ClassRegistry, limits: Required<SerializerLimits>, refs: RefCodec) {
    this.#classes = classes
    this.#limits = limits
    this.#refs = refs
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED`, or what classes and the codec of refs throw */
  value(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return this.#array(value, depth + 1)
    // An object that `JSON.parse` made can be read by any key.
    const properties = value as Properties
    const [key = ''] = Object.keys(properties)
    if (isTag(key)) return this.#tagged(key, properties, depth)
    return this.#properties(properties, depth + 1, false)
  }

  #array(items: readonly unknown[], depth: number): unknown[] {
    this.#enter(items.length, depth)
    return items.map((item) => this.value(item, depth))
  }

  #properties(from: Properties, depth: number, areLiteral: boolean): Record<string, unknown> {
    const keys = Object.keys(from)
    this.#enter(keys.length, depth)
    const properties: Record<string, unknown> = {}
    for (const key of keys) {
      if (isForbiddenKey(key)) throw malformed(`a property is named ${key}`)
      if (!areLiteral && isTag(key)) throw malformed('a tag has other properties beside it')
      properties[key] = this.value(from[key], depth)
    }
    return properties
  }

  #enter(elements: number, depth: number): void {
    const { maxDepth, maxElements } = this.#limits
    if (depth > maxDepth) throw malformed(`it is nested deeper than maxDepth (${maxDepth})`)
    this.#elements += elements
    if (this.#elements > maxElements) throw malformed(`more than maxElements (${maxElements})`)
  }

  #tagged(tag: string, properties: Properties, depth: number): unknown {
    if (Object.keys(properties).length > 1) throw malformed('a tag has other properties beside it')
    const value = properties[tag]
    if (Array.isArray(value)) return this.#taggedArray(tag, this.#array(value, depth + 1))
    if (typeof value === 'object' && value !== null) {
      return this.#taggedObject(tag, value as Properties, depth + 1) // As above.
    }
    return this.#taggedScalar(tag, value)
  }

  #taggedArray(tag: string, items: readonly unknown[]): unknown {
    if (tag === '$set') return new Set(items)
    if (tag === '$map') return entriesMap(items)
    const [name, data] = items
    if (tag !== '$class' || items.length !== 2 || typeof name !== 'string') throw unknownTag(tag)
    return this.#classes.named(name).fromData(data)
  }

  #taggedObject(tag: string, value: Properties, depth: number): unknown {
    if (tag === '$object') return this.#properties(value, depth, true)
    if (tag !== '$error') throw unknownTag(tag)
    this.#enter(errorElements, depth)
    const error = revivedError(this.#properties(value, depth, false))
    if (error === undefined) throw unknownTag(tag)
    return error
  }

  #taggedScalar(tag: string, value: unknown): unknown {
    if (tag === '$undefined' && value === true) return undefined
    if (tag === '$date' && typeof value === 'number') return dateOf(value)
    if (typeof value !== 'string') throw unknownTag(tag)
    switch (tag) {
      case '$ref':
        return this.#refs.fromText(value)
      case '$number':
        return numberOf(value)
      case '$bigint':
        return bigintOf(value)
      case '$bytes':
        return bytesOf(value)
      default:
        throw unknownTag(tag)
    }
  }
}

function numberOf(text: string): number {
  if (['NaN', 'Infinity', '-Infinity', '-0'].includes(text)) return Number(text)
  throw malformed('a number is none')
}

function bigintOf(text: string): bigint {
  if (text.length <= 1 + maxBigintDigits && /^-?\d+$/.test(text)) return BigInt(text)
  throw malformed('a bigint is none, or too long')
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64(text)
  if (bytes === undefined) throw malformed('bytes are no base64')
  return bytes
}

function dateOf(timeMs: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- A date in a message tells no time.
  const date = new Date(timeMs)
  if (Number.isNaN(date.getTime())) throw malformed('a date is out of range')
  return date
}

function unknownTag(tag: string): RemoteError {
  return malformed(`${JSON.stringify(tag.slice(0, 20))} has a value that it cannot have`)
}
