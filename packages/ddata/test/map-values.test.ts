import { ByteReader, ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { MapValues } from '../src/kinds/map/map-values.ts'
import type { Soon } from '../src/structures/when-there.ts'

const values = new MapValues<unknown, unknown>('m', {})

/** As a field of what is read; without a schema all is there at once. */
function fieldOf(bytes: Soon<Uint8Array>): ByteReader {
  if (!(bytes instanceof Uint8Array)) throw new Error('It is not there at once')
  return new ByteReader(new ByteWriter(9).bytes(bytes, bytes.length).finish())
}

test.each([[1], ['text'], [{ a: [1, null, true], b: { c: '' } }], [[]]])(
  '%j comes back as a key and as a value',
  (one) => {
    expect(values.readKey(fieldOf(values.key(one)))).toEqual(one)
    expect(values.read(fieldOf(values.stored('k', one)))).toEqual(one)
    expect(values.expected('k', one)).toEqual(values.stored('k', one))
  },
)

test('a value that may be missing says whether it is there', () => {
  const stored = values.expected('k', 7)
  const there = new ByteWriter(9).bool(true).bytes(stored, stored.length).finish()
  expect(values.readOptional(new ByteReader(there))).toBe(7)
  expect(values.readOptional(new ByteReader(Uint8Array.of(0)))).toBeUndefined()
})

test('what cannot be stored is told with its key, of which no more than 50 letters', () => {
  const store = (key: unknown): unknown => values.stored(key, () => {})
  expect(() => store('k')).toThrow('The value of key "k" of map m')
  expect(() => store('k'.repeat(60))).toThrow(`key "${'k'.repeat(50)}" of`)
  expect(() => store({ secret: 1 })).toThrow('The value of key object of map m')
})
