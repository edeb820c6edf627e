import { jsonCodec } from '@casty/persistence'
import fc from 'fast-check'
import { expect, test } from 'vitest'

class Money {
  readonly amount = 1
}

const refused: readonly {
  readonly what: string
  readonly value: unknown
  readonly path: string
}[] = [
  { what: 'undefined', value: undefined, path: '$' },
  { what: 'undefined in a list', value: { items: [1, undefined] }, path: '$.items[1]' },
  { what: 'a hole in a list', value: Array(2), path: '$[0]' },
  { what: 'NaN', value: { price: Number.NaN }, path: '$.price' },
  { what: 'infinity', value: [[Infinity]], path: '$[0][0]' },
  { what: 'a bigint', value: { id: 1n }, path: '$.id' },
  { what: 'a function', value: { toJSON: () => 1 }, path: '$.toJSON' },
  { what: 'a symbol', value: [Symbol('a')], path: '$[0]' },
  { what: 'a date', value: { at: new Date(0) }, path: '$.at' },
  { what: 'a map', value: { of: new Map() }, path: '$.of' },
  { what: 'a set', value: new Set(), path: '$' },
  { what: 'bytes', value: { raw: Uint8Array.of(1) }, path: '$.raw' },
  { what: 'a class instance', value: { deep: { money: new Money() } }, path: '$.deep.money' },
  { what: 'a boxed text', value: [Object('text')], path: '$[0]' },
  { what: 'a name that is a symbol', value: { [Symbol('a')]: 1 }, path: '$' },
  { what: 'a list with a name', value: Object.assign([1], { name: 1 }), path: '$' },
  { what: 'a prototype', value: JSON.parse('{"a":{"__proto__":1}}'), path: '$.a.__proto__' },
]

test.each(refused)('$what is refused, with its path', ({ value, path }) => {
  const encode = (): unknown => jsonCodec.encode(value)
  expect(encode).toThrow(expect.objectContaining({ code: 'CASTY_PERSISTENCE_UNSERIALIZABLE' }))
  expect(encode).toThrow(new RegExp(`^${path.replace(/[$.[\]]/g, '\\$&')} is `))
})

test('a circle is refused', () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  expect(() => jsonCodec.encode(circle)).toThrow(/in a circle/)
})

test('a property that is undefined is left out', () => {
  const bytes = jsonCodec.encode({ a: 1, b: undefined, c: null })
  expect(new TextDecoder().decode(bytes)).toBe('{"a":1,"c":null}')
})

test('whatever is encoded comes back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(jsonCodec.decode(jsonCodec.encode(value))).toStrictEqual(value)
    }),
  )
})

test('of any value, all comes back, or it is refused', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true })
  fc.assert(
    fc.property(anything, (value) => {
      let bytes: Uint8Array
      try {
        bytes = jsonCodec.encode(value)
      } catch (error) {
        expect(error).toMatchObject({ code: 'CASTY_PERSISTENCE_UNSERIALIZABLE' })
        return
      }
      expect(jsonCodec.decode(bytes)).toEqual(value)
    }),
  )
})

test('bytes that are no JSON, or no UTF-8, are refused', () => {
  for (const bytes of [Uint8Array.of(0x7b), Uint8Array.of(0x22, 0xff, 0x22), new Uint8Array()]) {
    expect(() => jsonCodec.decode(bytes)).toThrow(/no JSON/)
  }
})
