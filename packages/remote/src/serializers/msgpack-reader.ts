import type { RefCodec } from '../serializer.ts'
import { isClassNumber, type ClassRegistry } from './class-registry.ts'
import type { SerializerLimits } from './limits.ts'
import { malformed, malformedError } from './malformed-error.ts'
import { extension, isForbiddenKey } from './msgpack-format.ts'
import { MsgpackInput } from './msgpack-input.ts'
import { noRefs } from './no-refs.ts'
import { readBigint, readTimestamp, readUtf16 } from './msgpack-scalars.ts'
import { entriesMap, errorElements, revivedError } from './special-value.ts'

/** Makes messages of bytes that nobody vouches for: as deep, as many and as long as the limits say. */
export class MsgpackReader {
  readonly #classes: ClassRegistry
  readonly #limits: Required<SerializerLimits>
  readonly #in = new MsgpackInput()
  #refs: RefCodec = noRefs
  #elements = 0

  constructor(classes: ClassRegistry, limits: Required<SerializerLimits>) {
    this.#classes = classes
    this.#limits = limits
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` and nothing else */
  read(bytes: Uint8Array, start: number, end: number, refs: RefCodec): unknown {
    this.#refs = refs
    this.#elements = 0
    try {
      if (end - start > this.#limits.maxMessageBytes) throw malformed('it is too long')
      this.#in.open(bytes, start, end)
      const message = this.#value(0)
      this.#in.finish()
      return message
    } catch (error) {
      throw malformedError(error)
    } finally {
      this.#in.close()
      this.#refs = noRefs
    }
  }

  #value(depth: number): unknown {
    const code = this.#in.u8()
    if (code < 0x80) return code
    if (code < 0x90) return this.#map(code & 0x0f, depth + 1)
    if (code < 0xa0) return this.#array(code & 0x0f, depth + 1)
    if (code < 0xc0) return this.#in.text(code & 0x1f)
    if (code >= 0xe0) return code - 0x100
    return this.#coded(code, depth)
  }

  #coded(code: number, depth: number): unknown {
    switch (code) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#in.bytes(this.#in.u8())
      case 0xc5:
        return this.#in.bytes(this.#in.u16())
      case 0xc6:
        return this.#in.bytes(this.#in.u32())
      case 0xc7:
        return this.#extension(this.#in.u8(), depth)
      case 0xc8:
        return this.#extension(this.#in.u16(), depth)
      case 0xc9:
        return this.#extension(this.#in.u32(), depth)
      case 0xca:
        return this.#in.f32()
      case 0xcb:
        return this.#in.f64()
      case 0xcc:
        return this.#in.u8()
      case 0xcd:
        return this.#in.u16()
      case 0xce:
        return this.#in.u32()
      case 0xcf:
        return this.#in.u64()
      case 0xd0:
        return (this.#in.u8() << 24) >> 24
      case 0xd1:
        return (this.#in.u16() << 16) >> 16
      case 0xd2:
        return this.#in.u32() | 0
      case 0xd3:
        return this.#in.i64()
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (code - 0xd4), depth)
      case 0xd9:
        return this.#in.text(this.#in.u8())
      case 0xda:
        return this.#in.text(this.#in.u16())
      case 0xdb:
        return this.#in.text(this.#in.u32())
      case 0xdc:
        return this.#array(this.#in.u16(), depth + 1)
      case 0xdd:
        return this.#array(this.#in.u32(), depth + 1)
      case 0xde:
        return this.#map(this.#in.u16(), depth + 1)
      case 0xdf:
        return this.#map(this.#in.u32(), depth + 1)
      default:
        throw malformed(`the code ${code} means nothing`)
    }
  }

  #map(count: number, depth: number): Record<string, unknown> {
    this.#enter(count, depth)
    this.#in.checkCount(count, 2)
    const map: Record<string, unknown> = {}
    for (let index = 0; index < count; index++) {
      const key = this.#key()
      map[key] = this.#value(depth)
    }
    return map
  }

  #key(): string {
    return this.#in.expectedKey() ?? this.#otherKey()
  }

  #otherKey(): string {
    const code = this.#in.u8()
    const key = this.#in.key(code >= 0xa0 && code < 0xc0 ? code & 0x1f : this.#textLength(code))
    // The forbidden ones are this long at least, so most keys need no comparison.
    if (key.length >= 9 && isForbiddenKey(key)) throw malformed(`a property is named ${key}`)
    return key
  }

  #textLength(code: number): number {
    switch (code) {
      case 0xd9:
        return this.#in.u8()
      case 0xda:
        return this.#in.u16()
      case 0xdb:
        return this.#in.u32()
      default:
        throw malformed('the name of a property is no text')
    }
  }

  #array(count: number, depth: number): unknown[] {
    this.#enter(count, depth)
    this.#in.checkCount(count, 1)
    const items: unknown[] = []
    for (let index = 0; index < count; index++) items.push(this.#value(depth))
    return items
  }

  #enter(elements: number, depth: number): void {
    const { maxDepth, maxElements } = this.#limits
    if (depth > maxDepth) throw malformed(`it is nested deeper than maxDepth (${maxDepth})`)
    this.#elements += elements
    if (this.#elements > maxElements) throw malformed(`more than maxElements (${maxElements})`)
  }

  #extension(length: number, depth: number): unknown {
    const type = this.#in.u8()
    switch (type) {
      case extension.undefined:
        this.#in.view(length)
        return undefined
      case extension.ref:
        return this.#in.ref(length, this.#refs)
      case extension.bigint:
        return readBigint(this.#in.view(length))
      case extension.utf16:
        return readUtf16(this.#in.view(length))
      case extension.timestamp:
        return readTimestamp(this.#in.view(length))
      default: {
        const outerEnd = this.#in.enter(length)
        const value = this.#nested(type, depth + 1)
        this.#in.leave(outerEnd)
        return value
      }
    }
  }

  #nested(type: number, depth: number): unknown {
    switch (type) {
      case extension.map:
        return entriesMap(this.#items(depth))
      case extension.set:
        return new Set(this.#items(depth))
      case extension.instance:
        return this.#instance(this.#items(depth))
      case extension.numbered:
        return this.#numbered(this.#items(depth))
      case extension.error:
        return this.#error(depth)
      default:
        throw malformed(`the extension ${type} means nothing`)
    }
  }

  /** The array that an extension consists of. */
  #items(depth: number): unknown[] {
    const code = this.#in.u8()
    if (code >= 0x90 && code < 0xa0) return this.#array(code & 0x0f, depth)
    if (code === 0xdc) return this.#array(this.#in.u16(), depth)
    if (code === 0xdd) return this.#array(this.#in.u32(), depth)
    throw malformed('an extension holds no array')
  }

  #instance(items: readonly unknown[]): object {
    const [name, data] = items
    if (items.length !== 2 || typeof name !== 'string') {
      throw malformed('an instance of a class has no name')
    }
    const named = this.#classes.named(name)
    if (named.number !== undefined) this.#refs.classes?.cameByName(named.number, name)
    return named.fromData(data)
  }

  #numbered(items: readonly unknown[]): object {
    const [number, data] = items
    if (items.length !== 2 || !isClassNumber(number)) {
      throw malformed('an instance of a class has no number')
    }
    const numbered = this.#classes.numbered(number)
    const { classes } = this.#refs
    if (numbered && classes?.means(number, numbered.name) === true) return numbered.fromData(data)
    classes?.cameUnknown(number)
    throw malformed(`the number ${number} means no class that is registered here`)
  }

  #error(depth: number): Error {
    const code = this.#in.u8()
    if (code < 0x80 || code >= 0x90) throw malformed('an error has no fields')
    this.#enter(errorElements, depth)
    const error = revivedError(this.#map(code & 0x0f, depth))
    if (error === undefined) throw malformed('an error has other fields than errors have')
    return error
  }
}
