import type { ActorRef } from '@casty/actor'
import type { RefCodec } from '../serializer.ts'
import { checkBigint } from './bigint-limit.ts'
import type { ClassRegistry } from './class-registry.ts'
import type { SerializerLimits } from './limits.ts'
import { extension } from './msgpack-format.ts'
import { MsgpackOutput } from './msgpack-output.ts'
import {
  depthRefusal,
  elementsRefusal,
  entryPath,
  functionRefusal,
  itemPath,
  propertyPath,
  refusalError,
  within,
} from './refusal.ts'
import { noRefs } from './no-refs.ts'
import {
  errorElements,
  specialValue,
  type InstanceValue,
  type NestedValue,
} from './special-value.ts'

/** Walks a message and writes it, in one pass: what it cannot write it refuses, with the path to it. */
export class MsgpackWriter {
  readonly #classes: ClassRegistry
  readonly #limits: Required<SerializerLimits>
  readonly #out: MsgpackOutput
  #refs: RefCodec = noRefs
  #elements = 0
  /** Nobody has added to what all objects inherit. */
  #areNamesOwn = true

  constructor(classes: ClassRegistry, limits: Required<SerializerLimits>) {
    this.#classes = classes
    this.#limits = limits
    this.#out = new MsgpackOutput(limits.maxMessageBytes)
  }

  /**
   * What was written is good until the next call.
   *
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, or what the codec of refs throws
   */
  write(message: unknown, refs: RefCodec): MsgpackOutput {
    this.#refs = refs
    this.#elements = 0
    this.#areNamesOwn = nothingInherited()
    this.#out.reset()
    try {
      this.#value(message, 0)
      this.#out.finish()
      return this.#out
    } catch (error) {
      throw refusalError(error)
    } finally {
      this.#refs = noRefs
    }
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.#out.text(value)
      case 'number':
        return this.#out.number(value)
      case 'boolean':
        return this.#out.byte(value ? 0xc3 : 0xc2)
      case 'undefined':
        return this.#out.undefined()
      case 'bigint':
        checkBigint(value)
        return this.#out.bigint(value)
      case 'object':
        return value === null ? this.#out.byte(0xc0) : this.#object(value, depth + 1)
      case 'function':
      case 'symbol':
        throw functionRefusal(typeof value === 'symbol' ? 'symbol' : 'function')
    }
  }

  #object(value: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      // Such an object can be read by any key.
      return this.#plain(value as Readonly<Record<string, unknown>>, depth)
    }
    if (prototype === Array.prototype && Array.isArray(value)) return this.#array(value, depth)
    if (!this.#refs.isRef(value)) return this.#special(value, depth)
    // `isRef` has just said so.
    this.#out.extension(extension.ref, this.#refs.toBytes(value as ActorRef<never>))
  }

  #plain(value: Readonly<Record<string, unknown>>, depth: number): void {
    let count = 0
    // Twice over the names is quicker than an array of them, where there are no others to be told apart.
    const areOwn = this.#areNamesOwn
    for (const key in value) if (areOwn || Object.hasOwn(value, key)) count++
    this.#enter(count, depth)
    this.#out.map(count)
    let entered: string | undefined
    try {
      for (const key in value) {
        if (!areOwn && !Object.hasOwn(value, key)) continue
        entered = undefined
        this.#out.key(key)
        entered = key
        this.#value(value[key], depth)
        count--
      }
    } catch (error) {
      throw entered === undefined ? error : within(error, propertyPath(entered))
    }
    if (count !== 0) throw new Error('An object changed while it was written.')
  }

  #array(
    items: readonly unknown[],
    depth: number,
    path: (index: number) => string = itemPath,
  ): void {
    this.#enter(items.length, depth)
    this.#out.array(items.length)
    let index = 0
    try {
      for (; index < items.length; index++) this.#value(items[index], depth)
    } catch (error) {
      throw within(error, path(index))
    }
  }

  #enter(elements: number, depth: number): void {
    if (depth > this.#limits.maxDepth) throw depthRefusal(this.#limits.maxDepth)
    this.#elements += elements
    if (this.#elements > this.#limits.maxElements) throw elementsRefusal(this.#limits.maxElements)
  }

  #special(value: object, depth: number): void {
    const special = specialValue(value, this.#classes)
    switch (special.type) {
      case 'bytes':
        return this.#out.binary(special.bytes)
      case 'date':
        return this.#out.timestamp(special.timeMs)
      case 'instance':
        return this.#instance(special, depth)
      default:
        return this.#nested(special, depth)
    }
  }

  #instance({ of: { name, number }, data }: InstanceValue, depth: number): void {
    const isNumbered = number !== undefined && this.#refs.classes?.takes(number, name) === true
    const opened = this.#out.openExtension(isNumbered ? extension.numbered : extension.instance)
    this.#array([isNumbered ? number : name, data], depth, () => '')
    this.#out.closeExtension(opened)
  }

  #nested(special: Exclude<NestedValue, InstanceValue>, depth: number): void {
    const opened = this.#out.openExtension(extension[special.type])
    switch (special.type) {
      case 'map': {
        const items = [...special.map].flat()
        this.#array(items, depth, (index) => entryPath(items, index))
        break
      }
      case 'set':
        this.#array([...special.set], depth, (index) => `[item ${index}]`)
        break
      case 'error':
        this.#enter(errorElements, depth)
        this.#plain(special.fields, depth)
        break
    }
    this.#out.closeExtension(opened)
  }
}

function nothingInherited(): boolean {
  for (const _name in Object.prototype) return false
  return true
}
