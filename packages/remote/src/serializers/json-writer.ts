import type { ActorRef } from '@casty/actor'
import type { RefCodec } from '../serializer.ts'
import { toBase64 } from './base64.ts'
import { checkBigint } from './bigint-limit.ts'
import type { ClassRegistry } from './class-registry.ts'
import { isTag } from './json-format.ts'
import type { SerializerLimits } from './limits.ts'
import { isForbiddenKey } from './msgpack-format.ts'
import {
  depthRefusal,
  elementsRefusal,
  entryPath,
  functionRefusal,
  itemPath,
  keyRefusal,
  propertyPath,
  within,
} from './refusal.ts'
import { errorElements, specialValue } from './special-value.ts'

/** Makes of one message what `JSON.stringify` writes as it is. */
export class JsonWriter {
  readonly #classes: ClassRegistry
  readonly #limits: Required<SerializerLimits>
  readonly #refs: RefCodec
  #elements = 0

  constructor(classes: ClassRegistry, limits: Required<SerializerLimits>, refs: RefCodec) {
    this.#classes = classes
    this.#limits = limits
    this.#refs = refs
  }

  /** @throws Refusal, or what the codec of refs throws */
  value(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : numberTag(value)
      case 'undefined':
        return { $undefined: true }
      case 'bigint':
        checkBigint(value)
        return { $bigint: value.toString() }
      case 'object':
        return value === null ? null : this.#object(value, depth + 1)
      default:
        throw functionRefusal(typeof value === 'symbol' ? 'symbol' : 'function')
    }
  }

  #object(value: object, depth: number): unknown {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      // Such an object can be read by any key.
      return this.#plain(value as Readonly<Record<string, unknown>>, depth)
    }
    if (prototype === Array.prototype && Array.isArray(value)) return this.#array(value, depth)
    if (!this.#refs.isRef(value)) return this.#special(value, depth)
    // `isRef` has just said so.
    return { $ref: this.#refs.toText(value as ActorRef<never>) }
  }

  #plain(value: Readonly<Record<string, unknown>>, depth: number): unknown {
    const written = this.#properties(value, depth)
    return Object.keys(value).some(isTag) ? { $object: written } : written
  }

  #properties(value: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
    const keys = Object.keys(value)
    this.#enter(keys.length, depth)
    const written: Record<string, unknown> = {}
    for (const key of keys) {
      if (isForbiddenKey(key)) throw keyRefusal(key)
      try {
        written[key] = this.value(value[key], depth)
      } catch (error) {
        throw within(error, propertyPath(key))
      }
    }
    return written
  }

  #array(
    items: readonly unknown[],
    depth: number,
    path: (index: number) => string = itemPath,
  ): readonly unknown[] {
    this.#enter(items.length, depth)
    return Array.from(items, (item, index) => {
      try {
        return this.value(item, depth)
      } catch (error) {
        throw within(error, path(index))
      }
    })
  }

  #enter(elements: number, depth: number): void {
    if (depth > this.#limits.maxDepth) throw depthRefusal(this.#limits.maxDepth)
    this.#elements += elements
    if (this.#elements > this.#limits.maxElements) throw elementsRefusal(this.#limits.maxElements)
  }

  #special(value: object, depth: number): unknown {
    const special = specialValue(value, this.#classes)
    switch (special.type) {
      case 'bytes':
        return { $bytes: toBase64(special.bytes) }
      case 'date':
        return { $date: special.timeMs }
      case 'map': {
        const items = [...special.map].flat()
        return { $map: this.#array(items, depth, (index) => entryPath(items, index)) }
      }
      case 'set':
        return { $set: this.#array([...special.set], depth, (index) => `[item ${index}]`) }
      case 'instance':
        return { $class: this.#array([special.of.name, special.data], depth, () => '') }
      case 'error':
        this.#enter(errorElements, depth)
        return { $error: this.#properties(special.fields, depth) }
    }
  }
}

function numberTag(value: number): object {
  return { $number: Object.is(value, -0) ? '-0' : String(value) }
}
