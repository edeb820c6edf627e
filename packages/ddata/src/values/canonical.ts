// Plain data as bytes, and back. The same value is the same bytes, however it was built: so keys and members are equal
// when their bytes are. Properties are in the order of their names, −0 is 0, and properties that are undefined are not
// there.
//
//   value   tag, and
//     int       how far above 0 (varint)
//     negative  how far below 0 (varint)
//     float     8 bytes
//     text, bytes, bigint (in decimal)   length, bytes
//     date      milliseconds (8 bytes)
//     list      count, values
//     object    count, names with values
//     map, set  count, values, in the order of the bytes of their keys
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../errors.ts'
import { shortLived } from './short-lived.ts'

const tags = {
  null: 0,
  false: 1,
  true: 2,
  int: 3,
  negative: 4,
  float: 5,
  text: 6,
  bytes: 7,
  bigint: 8,
  date: 9,
  list: 10,
  object: 11,
  map: 12,
  set: 13,
} as const

/** How deep values may be nested. */
const maxDepth = 64
/** Decimal digits of a bigint: more would take too long to read. */
const maxBigintDigits = 10_000

/** UTF-8 has no form for it. */
const loneSurrogate = /\p{Surrogate}/u

const noLimit = Number.MAX_SAFE_INTEGER

/** Names what is encoded for the text of an error, as in `The value of key "a"`: asked for only where there is one. */
export type What = () => string

/**
 * See `shortLived` of what is returned.
 *
 * @throws DDataError `CASTY_DDATA_CODEC` for what is no plain data, is nested too deep, or holds itself
 */
export function encodeValue(value: unknown, what: What): Uint8Array {
  const out = spare ?? new ByteWriter(256)
  spare = undefined
  try {
    write(out.reset(), value, what, 0)
    return shortLived(out)
  } finally {
    spare = out
  }
}

/** Whatever is written is taken out of it at once. None while it is in use: the value's own code may make calls meanwhile. */
let spare: ByteWriter | undefined

function write(out: ByteWriter, value: unknown, what: What, depth: number): void {
  switch (typeof value) {
    case 'string':
      // Lone surrogates would come back as something else.
      if (loneSurrogate.test(value)) throw DDataError.codec(what(), value)
      out.u8(tags.text).string(value, noLimit)
      return
    case 'number':
      writeNumber(out, value)
      return
    case 'boolean':
      out.u8(value ? tags.true : tags.false)
      return
    case 'bigint': {
      const digits = value.toString()
      if (digits.length > maxBigintDigits) throw DDataError.codec(what(), value)
      out.u8(tags.bigint).string(digits, noLimit)
      return
    }
    case 'object':
      if (value === null) out.u8(tags.null)
      else if (depth >= maxDepth) throw DDataError.codec(what(), value)
      else writeObject(out, value, what, depth + 1)
      return
    default:
      throw DDataError.codec(what(), value)
  }
}

function writeNumber(out: ByteWriter, value: number): void {
  // What is not a number has many forms, and shows none of them.
  if (Number.isNaN(value)) out.u8(tags.float).f64(Number.NaN)
  else if (!Number.isSafeInteger(value)) out.u8(tags.float).f64(value)
  else if (value >= 0) out.u8(tags.int).varint(value === 0 ? 0 : value)
  else out.u8(tags.negative).varint(-value)
}

function writeObject(out: ByteWriter, value: object, what: What, depth: number): void {
  if (Array.isArray(value)) {
    out.u8(tags.list).count(value.length)
    for (const item of value) write(out, item, what, depth)
  } else if (value instanceof Uint8Array) out.u8(tags.bytes).bytes(value, noLimit)
  // oxlint-disable-next-line no-restricted-globals -- A value of users, and not the time.
  else if (value instanceof Date) out.u8(tags.date).f64(value.getTime())
  else if (value instanceof Map) writeSorted(out.u8(tags.map), mapItems(value, what, depth))
  else if (value instanceof Set) writeSorted(out.u8(tags.set), setItems(value, what, depth))
  else if (isPlain(value)) writeProperties(out, value, what, depth)
  else throw DDataError.codec(what(), value)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function writeProperties(out: ByteWriter, value: object, what: What, depth: number): void {
  const properties = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
  out.u8(tags.object).count(properties.length)
  for (const [name, item] of properties) {
    if (loneSurrogate.test(name)) throw DDataError.codec(what(), name)
    out.string(name, noLimit)
    write(out, item, what, depth)
  }
}

function mapItems(map: ReadonlyMap<unknown, unknown>, what: What, depth: number): Uint8Array[] {
  return Array.from(map, ([key, value]) => {
    const item = new ByteWriter(32)
    write(item, key, what, depth)
    write(item, value, what, depth)
    return item.finish()
  })
}

function setItems(set: ReadonlySet<unknown>, what: What, depth: number): Uint8Array[] {
  return Array.from(set, (member) => {
    const item = new ByteWriter(32)
    write(item, member, what, depth)
    return item.finish()
  })
}

/** No item is the beginning of another one with another key: so their order is that of their keys. */
function writeSorted(out: ByteWriter, items: Uint8Array[]): void {
  out.count(items.length)
  for (const item of items.toSorted(compareBytes)) for (const byte of item) out.u8(byte)
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** @throws DDataError, TransportError `…_MALFORMED` for what is no value, or one that is nested too deep */
export function decodeValue(bytes: Uint8Array): unknown {
  const from = new ByteReader(bytes)
  const value = read(from, 0)
  from.end()
  return value
}

function read(from: ByteReader, depth: number): unknown {
  if (depth > maxDepth) throw DDataError.malformed('A value is nested too deep')
  const tag = from.u8()
  switch (tag) {
    case tags.null:
      return null
    case tags.false:
      return false
    case tags.true:
      return true
    case tags.int:
      return from.varint()
    case tags.negative:
      return 0 - from.varint() // Never −0.
    case tags.float:
      return from.f64()
    case tags.text:
      return from.string(from.remaining)
    case tags.bytes:
      return from.bytes(from.remaining)
    case tags.bigint:
      return readBigint(from.string(maxBigintDigits + 1))
    case tags.date:
      // oxlint-disable-next-line no-restricted-globals -- A value of users, and not the time.
      return new Date(from.f64())
    case tags.list:
      return readList(from, depth + 1)
    case tags.object:
      return readProperties(from, depth + 1)
    case tags.map:
      return readMap(from, depth + 1)
    case tags.set:
      return new Set(readList(from, depth + 1))
    default:
      throw DDataError.malformed(`A value has tag ${tag}`)
  }
}

/** It grows with what is there: a count that lies costs nothing. */
function readList(from: ByteReader, depth: number): unknown[] {
  const items: unknown[] = []
  for (let left = from.count(1); left > 0; left--) items.push(read(from, depth))
  return items
}

function readMap(from: ByteReader, depth: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>()
  for (let left = from.count(2); left > 0; left--) {
    const key = read(from, depth)
    map.set(key, read(from, depth))
  }
  return map
}

function readBigint(digits: string): bigint {
  if (/^-?\d{1,10000}$/.test(digits)) return BigInt(digits)
  throw DDataError.malformed('A bigint is not written in digits')
}

function readProperties(from: ByteReader, depth: number): object {
  const object: Record<string, unknown> = {}
  for (let left = from.count(2); left > 0; left--) {
    const name = from.string(from.remaining)
    const value = read(from, depth)
    // Assigned, this name would change what the object is.
    if (name === '__proto__') {
      Object.defineProperty(object, name, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    } else object[name] = value
  }
  return object
}
