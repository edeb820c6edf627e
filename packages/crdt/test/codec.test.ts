import { describe, expect, test } from 'vitest'
import {
  Replica,
  decode,
  deltaOf,
  encode,
  gCounter,
  gSet,
  lwwRegister,
  merge,
  orMap,
  orSet,
  withoutDelta,
} from '../src/index.ts'

const me = new Replica('n')

/** Bytes as they are written: format, name of the type, then the rest. */
function bytes(name: string, ...rest: readonly number[]): Uint8Array {
  return Uint8Array.of(1, name.length, ...Buffer.from(name), ...rest)
}

const n = 'n'.charCodeAt(0)
const text = (value: string): readonly number[] => [value.length, ...Buffer.from(value)]
/** One node, n, whose counters 1 to 3 were seen. */
const seen = [1, 1, n, 1, 1, 2]

describe('decode', () => {
  test('reads what is written, byte by byte as it is laid out', () => {
    const counter = gCounter().empty.increment(new Replica('n', 2), 5)
    expect(encode(counter)).toEqual(bytes('g-counter', ...seen, 1, 0, 3, 1, 0, 5))
    expect(decode(gCounter(), encode(counter)).value).toBe(5)
  })

  test.each<[string, Uint8Array]>([
    ['none', new Uint8Array()],
    ['another format', Uint8Array.of(2)],
    ['an end in the middle of a name', bytes('g-counter').slice(0, 5)],
    ['no context', bytes('g-counter')],
    ['more nodes than can follow', bytes('g-counter', 200)],
    ['a node without a name', bytes('g-counter', 1, 0, 1, 1, 2)],
    ['a name that is no text', bytes('g-counter', 1, 1, 0xff, 1, 1, 2)],
    ['nodes out of order', bytes('g-counter', 2, 1, n, 1, 1, 2, 1, n - 1, 1, 1, 2)],
    ['a node without counters', bytes('g-counter', 1, 1, n, 0, 0)],
    ['a counter of 0', bytes('g-counter', 1, 1, n, 1, 0, 2)],
    ['ranges that are one', bytes('g-counter', 1, 1, n, 2, 1, 2, 1, 2)],
    ['a number in a longer form', bytes('g-counter', 1, 1, n, 1, 0x81, 0x00, 2)],
    ['a leaf without dots', bytes('g-counter', ...seen, 0)],
    ['a dot of nobody', bytes('g-counter', ...seen, 1, 7, 3, 1, 0, 5)],
    ['a dot outside of the context', bytes('g-counter', ...seen, 1, 0, 4, 1, 0, 5)],
    ['two dots of one node', bytes('g-counter', ...seen, 2, 0, 3, 1, 0, 5, 0, 2, 1, 0, 5)],
    ['a counter without a count', bytes('g-counter', ...seen, 1, 0, 3, 0)],
    ['a count below 0', bytes('g-counter', ...seen, 1, 0, 3, 1, 1, 5)],
    ['a count that is text', bytes('g-counter', ...seen, 1, 0, 3, 1, 3, 0)],
    ['a small count in the form of a large one', bytes('g-counter', ...seen, 1, 0, 3, 1, 2, 1, 53)],
    ['an unknown part', bytes('g-counter', ...seen, 1, 0, 3, 1, 9, 5)],
    ['something left over', bytes('g-counter', ...seen, 1, 0, 3, 1, 0, 5, 0)],
  ])('refuses %s', (_, spoilt) => {
    expect(() => decode(gCounter(), spoilt)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_MALFORMED' }),
    )
  })

  test.each<[string, readonly number[]]>([
    ['elements out of order', [2, ...text('"b"'), 1, 0, 1, 0, ...text('"a"'), 1, 0, 2, 0]],
    ['an element twice', [2, ...text('"a"'), 1, 0, 1, 0, ...text('"a"'), 1, 0, 2, 0]],
    ['an element that is no JSON', [1, ...text('a'), 1, 0, 1, 0]],
    ['an element in another form than ours', [1, ...text('[1, 2]'), 1, 0, 1, 0]],
    ['an element with a name of every object', [1, ...text('{"__proto__":1}'), 1, 0, 1, 0]],
    ['an element of great depth', [1, ...text(`${'['.repeat(40)}${']'.repeat(40)}`), 1, 0, 1, 0]],
    ['something on a dot', [1, ...text('"a"'), 1, 0, 1, 1, 0, 5]],
    ['a set without elements', [0]],
  ])('refuses a set with %s', (_, rest) => {
    expect(() => decode(gSet(), bytes('g-set', ...seen, ...rest))).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_MALFORMED' }),
    )
  })

  test('refuses depth that would take the stack, before anything reads it', () => {
    const deep = '['.repeat(1_000_000)
    const length = [0xc0, 0x84, 0x3d]
    const bytesOfIt = Buffer.concat([bytes('g-set', ...seen, 1, ...length), Buffer.from(deep)])
    expect(() => decode(gSet(), bytesOfIt)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_MALFORMED' }),
    )
  })

  test('refuses a field that a type does not have', () => {
    const name = 'or-map<g-counter>'
    const map = bytes(name, ...seen, 1, ...text('"k"'), 4, 1, 0, 1, 0)
    expect(() => decode(orMap(gCounter()), map)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_MALFORMED' }),
    )
  })

  test('refuses a value of another type by name', () => {
    expect(() => decode(gSet(), encode(orSet().empty.add(me, 1)))).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_TYPE_MISMATCH' }),
    )
  })

  test('refuses more bytes than are allowed', () => {
    const encoded = encode(gSet().empty.add(me, 'x'.repeat(100)))
    expect(() => decode(gSet(), encoded, { maxBytes: 100 })).toThrow(/and 100 is allowed/)
    expect(decode(gSet(), encoded, { maxBytes: encoded.length }).size).toBe(1)
  })

  test('refuses a timestamp that nobody could write after', () => {
    const late = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x0f]
    const register = bytes('lww-register', ...seen, 1, 0, 3, 2, 0, ...late, 3, ...text('1'))
    expect(() => decode(lwwRegister(), register)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_MALFORMED' }),
    )
  })

  test('reads the last time that there is, and nobody writes what cannot be read', () => {
    const last = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08]
    const written = bytes('lww-register', ...seen, 1, 0, 3, 2, 0, ...last, 3, ...text('1'))
    const register = decode(lwwRegister(), written)
    expect(register.written?.writtenAtMs).toBe(2 ** 52)
    expect(() => register.set(me, 2, 1_000)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_OVERFLOW' }),
    )
  })
})

test('equal values are equal bytes, whatever came first', () => {
  const [a, b] = [new Replica('a'), new Replica('b')]
  const [left, right] = [gSet().empty.add(a, 'x'), gSet().empty.add(b, 'y').add(b, 'é')]
  expect(encode(merge(left, right))).toEqual(encode(merge(right, left)))
})

test('a delta takes no more than twice the bytes of what changed', () => {
  let set = gSet<string>().empty
  for (let count = 0; count < 1_000; count++) set = set.add(me, `element ${count}`)
  const element = 'an element of sixty-four bytes, as they are in many sets of today'
  const delta = deltaOf(withoutDelta(set).add(me, element))
  if (!delta) throw new Error('it was changed')
  expect(encode(delta).length).toBeLessThan(2 * element.length)
})
