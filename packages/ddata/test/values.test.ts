// Plain data as bytes: it comes back as it was, equal data is equal bytes, and bytes of anybody harm nobody.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeValue, encodeValue } from '../src/values/canonical.ts'
import { bytesOf, lettersOf } from '../src/values/letters.ts'

const seed = 7

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
  fc.bigInt(),
  fc.uint8Array({ maxLength: 20 }),
  fc.date({ noInvalidDate: false }),
)
const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', ''),
)
const { value: plain } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((all) => new Map(all)),
    fc.array(tie('value'), { maxLength: 3 }).map((all) => new Set(all)),
  ),
}))

function encode(value: unknown): Uint8Array {
  return encodeValue(value, () => 'It')
}

/** The same data, built the other way round. */
function rebuilt(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rebuilt)
  if (value instanceof Map) {
    return new Map([...value].toReversed().map(([key, item]) => [rebuilt(key), rebuilt(item)]))
  }
  if (value instanceof Set) return new Set([...value].toReversed().map(rebuilt))
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array || value instanceof Date) return value
  const entries = Object.entries(value).toReversed()
  return Object.fromEntries([
    ['not there', undefined],
    ...entries.map(([key, item]) => [key, rebuilt(item)]),
  ])
}

test('plain data comes back as it was', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const bytes = encode(value)
      const back = decodeValue(bytes)
      expect(encode(back)).toEqual(bytes)
      // Of a zero, which sign it had is not kept.
      if (!JSON.stringify([value], withSigns)?.includes('"−0"')) expect(back).toEqual(value)
    }),
    { seed, numRuns: 300 },
  )
})

function withSigns(_key: string, value: unknown): unknown {
  if (Object.is(value, -0)) return '−0'
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Map || value instanceof Set) return [...value]
  return value
}

test('equal data is equal bytes, however it was built', () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(encode(rebuilt(value))).toEqual(encode(value))
    }),
    { seed, numRuns: 300 },
  )
})

test('different data is different bytes', () => {
  const different = [
    null, false, true, 0, 1, -1, 0.5, 2 ** 53, Number.NaN, Infinity, -Infinity, '', '0', 'null', 0n, 1n, -1n,
    new Uint8Array(), Uint8Array.of(0), new Date(0), [], [0], [[]], {}, { '': 0 }, { a: null }, new Map(),
    new Map([[0, 0]]), new Set(), new Set([0]), new Date(Number.NaN),
  ] // prettier-ignore
  const keys = different.map((value) => lettersOf(encode(value)))
  expect(new Set(keys).size).toBe(different.length)
})

test('zero has no sign, and what is no number has one form', () => {
  const payload = new Float64Array(BigUint64Array.of(0xfff8_0000_0000_0123n).buffer)[0]
  for (const same of [Infinity - Infinity, Math.sqrt(-1), -Number.NaN, payload]) {
    expect(encode([same])).toEqual(encode([Number.NaN]))
  }
  expect(encode({ at: -0 })).toEqual(encode({ at: 0 }))
  expect(decodeValue(encode(-0))).toBe(0)
})

test('a property named __proto__ is a property', () => {
  const hostile: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"a":1}')
  const back = decodeValue(encode(hostile))
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
  expect(Object.keys(Object(back))).toEqual(['__proto__', 'a'])
  expect(Object(back)['isAdmin']).toBeUndefined()
})

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let left = depth; left > 0; left--) value = left % 2 === 0 ? [value] : { a: value }
  return value
}

test('data may be 64 deep, and no deeper', () => {
  expect(decodeValue(encode(nested(64)))).toEqual(nested(64))
  const circle: unknown[] = []
  circle.push(circle)
  for (const deep of [nested(65), circle]) {
    expect(() => encode(deep)).toThrow(expect.objectContaining({ code: 'CASTY_DDATA_CODEC' }))
  }
})

test.each([
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['undefined', undefined],
  ['undefined in a list', [undefined]],
  ['a hole in a list', Object.assign([1], { length: 2 })],
  ['a class', new (class Account {})()],
  ['a promise', Promise.resolve()],
  ['half a letter', '\uD800'],
  ['half a letter in a name', { '\uDC00': 1 }],
  ['an error', new Error('no')],
])('%s is no plain data', (_what, value) => {
  expect(() => encode(value)).toThrow(expect.objectContaining({ code: 'CASTY_DDATA_CODEC' }))
})

test('bytes of anybody are a value, or are refused, and cost no more than they are long', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    // What was encoded, with some of it changed or cut off.
    fc.tuple(plain, fc.nat(), fc.nat(255), fc.nat()).map(([value, at, byte, end]) => {
      const bytes = encode(value)
      bytes[at % bytes.length] = byte
      return bytes.slice(0, (end % (2 * bytes.length)) + 1)
    }),
  )
  fc.assert(
    fc.property(hostile, (bytes) => {
      try {
        const value = decodeValue(bytes)
        expect(decodeValue(encode(value))).toEqual(value)
      } catch (error) {
        expect([
          'CASTY_DDATA_MALFORMED',
          'CASTY_TRANSPORT_MALFORMED',
          'CASTY_DDATA_CODEC',
        ]).toContain(Object(error).code)
      }
    }),
    { seed, numRuns: 2_000 },
  )
})

test('lists that claim to be long inside of each other are refused', () => {
  const list = 10
  const bytes = new Uint8Array(200).fill(list)
  for (let at = 1; at < bytes.length; at += 2) bytes[at] = 1
  expect(() => decodeValue(bytes)).toThrow(
    expect.objectContaining({ code: 'CASTY_DDATA_MALFORMED' }),
  )
})

test('bytes as letters come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9_000, size: 'max' }), (bytes) => {
      expect(bytesOf(lettersOf(bytes))).toEqual(bytes)
    }),
    { seed, numRuns: 20 },
  )
})

test('is encoded as it is where its own code has something else encoded meanwhile', () => {
  const value = {
    a: 1,
    get b() {
      encode({ other: 'x'.repeat(300) })
      return 2
    },
    c: new Map([['k', 'v']]),
  }
  expect(decodeValue(encode(value))).toEqual({ a: 1, b: 2, c: new Map([['k', 'v']]) })
  const failing = {
    get a(): number {
      throw new Error('not to be read')
    },
  }
  expect(() => encode(failing)).toThrow('not to be read')
  expect(decodeValue(encode([1, 2]))).toEqual([1, 2])
})
