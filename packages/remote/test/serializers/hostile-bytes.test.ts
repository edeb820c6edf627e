// Bytes of a stranger: whatever they are, they lead to CASTY_REMOTE_MALFORMED or to a message within the
// limits, and to no allocation that they have not paid for with their own length.
import { seededRandom, type Random } from '@casty/clock'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonSerializer, msgpackSerializer, RemoteError, type Serializer } from '../../src/index.ts'
import { messages, paperRefs, received, registered, sent, serializers } from './sample-messages.ts'

/** Inputs for each serializer; more of them by `CASTY_FUZZ_RUNS`. */
const allRuns = Number(process.env['CASTY_FUZZ_RUNS'] ?? 20_000)
const seed = Number(process.env['CASTY_SEED'] ?? 1)

describe.each(serializers)('$name', ({ name, create }) => {
  const runs = name === 'compressed' ? Math.ceil(allRuns / 10) : allRuns // It takes ten times as long.

  test(`reads ${runs} inputs of chance as messages or not at all (seed ${seed})`, () => {
    const serializer = create()
    const random = seededRandom(seed)
    const valid = fc
      .sample(messages, { numRuns: 200, seed })
      .map((message) => serializer.serialize(message, paperRefs).slice())
    let read = 0
    for (let run = 0; run < runs; run++) {
      const message = readOrRefused(mutated(pick(valid, random), random), serializer)
      if (message === undefined) continue
      read++
      // What was read keeps to the limits, and so it can be sent on.
      serializer.serialize(message.value, paperRefs)
    }
    expect(read).toBeGreaterThan(runs / 100)
    expect(read).toBeLessThan(runs)
  })

  test('refuses every beginning of a message', () => {
    const serializer = create()
    const message = {
      type: 'add',
      items: [1.5, 'text', new Map([[1, new Date(3)]])],
      big: 1n << 80n,
    }
    const bytes = serializer.serialize(message, paperRefs).slice()
    for (let length = 0; length < bytes.length; length++) {
      expect(readOrRefused(bytes.subarray(0, length), serializer)).toBeUndefined()
    }
  })

  test('refuses a message with bytes behind it', () => {
    const serializer = create()
    const bytes = [...serializer.serialize([1, 2], paperRefs), 0x63]
    expect(readOrRefused(Uint8Array.from(bytes), serializer)).toBeUndefined()
  })

  test('reads the next message when one was refused', () => {
    const serializer = create()
    expect(readOrRefused(Uint8Array.of(0xc1), serializer)).toBeUndefined()
    expect(sent({ a: 1 }, serializer)).toStrictEqual({ a: 1 })
  })

  test('refuses a range that is not inside of the bytes', () => {
    const serializer = create()
    expect(() => serializer.deserialize(new Uint8Array(3), 0, 9, paperRefs)).toThrowError(
      expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' }),
    )
  })
})

/** In hexadecimal, with what each is about. */
const attacks: readonly (readonly [about: string, hex: string])[] = [
  ['an array that claims 2³² − 1 items', 'ddffffffff'],
  ['an object that claims 2³² − 1 properties', 'dfffffffff'],
  ['text that claims 2³² − 1 bytes', 'dbffffffff'],
  ['bytes that claim to be 2³² − 1', 'c6ffffffff'],
  ['an extension that claims 2³² − 1 bytes', 'c9ffffffff01'],
  ['a Map that claims 2³² − 1 items', 'c90000000502ddffffffff'],
  ['200 arrays in each other of a million items each', 'dd000fffff'.repeat(200)],
  ['100,000 arrays in each other', '91'.repeat(100_000) + 'c0'],
  ['100,000 objects in each other', '81a161'.repeat(100_000) + 'c0'],
  ['Maps in each other, of one item too few', 'c7070291c704029190c0'],
  ['a property named __proto__', '81a95f5f70726f746f5f5f80'],
  ['a property named constructor', '81ab636f6e7374727563746f7280'],
  ['a property named prototype, by a longer length', '81d90970726f746f7479706580'],
  ['a property whose name is a number', '810101'],
  ['a property whose name is bytes', '81c4016101'],
  ['the code that means nothing', 'c1'],
  ['an extension that means nothing', 'c7016001'],
  ['a Map with a key without a value', 'c7020291c0'],
  ['a Set that is no array', 'c70103c0'],
  ['a Set with bytes behind its items', 'c7030390c0c0'],
  ['an instance without a name', 'c703049201c0'],
  ['an instance of a class that is not registered', 'c7040492a161c0'],
  ['an error without fields', 'c7010590'],
  ['an error with other fields', 'c7100583a46e616d65a0a76d657373616765a0a178c0'],
  ['a bigint without a magnitude', 'c7010600'],
  ['a bigint with another sign', 'c702060201'],
  ['a bigint of more than 4,096 bytes', `c8100206${'00'.repeat(0x1002)}`],
  ['half a letter', 'c7010741'],
  ['a timestamp of three bytes', 'c703ff000000'],
  ['a timestamp of two seconds in nanoseconds', 'c70cff773594000000000000000000'],
  ['a timestamp beyond all dates', 'c70cff000000007fffffffffffffff'],
  ['text that is no UTF-8', 'a2c328'],
  ['text with half a surrogate pair', 'a3eda080'],
  ['long text that is no UTF-8', 'd928' + 'ff'.repeat(40)],
  ['a ref that is none', 'c7010161'],
  ['instructions to msgpackr to make a function', 'd47210' + '91a161' + '01'],
]

describe('msgpackSerializer', () => {
  const serializer = registered(msgpackSerializer())

  test.each(attacks)('refuses %s', (_about, hex) => {
    expect(readOrRefused(bytesOfHex(hex), serializer)).toBeUndefined()
  })

  test('refuses what claims to be huge by its own count of what is left, before anything is made', () => {
    const generous = msgpackSerializer({ maxElements: 0xffff_ffff })
    for (const code of ['c6', 'c9', 'db', 'dd', 'df', 'c90000000502dd']) {
      const bytes = bytesOfHex(`${code}ffffffff01`)
      expect(() => received(bytes, generous)).toThrowError(
        /elements do not fit into|ends before the next 4294967295 bytes/,
      )
    }
  })

  test('changes no prototype, whatever it reads', () => {
    readOrRefused(bytesOfHex('81a95f5f70726f746f5f5f81a561646d696ec3'), serializer)
    const bystander: { readonly admin?: boolean } = {}
    expect(bystander.admin).toBeUndefined()
  })

  test('counts all levels against maxElements', () => {
    const rows = Array.from({ length: 11 }, () => Array.from({ length: 10_000 }, () => 0))
    const bytes = msgpackSerializer({ maxElements: 200_000 }).serialize(rows, paperRefs)
    expect(readOrRefused(bytes, serializer)).toBeUndefined()
  })
})

const texts: readonly (readonly [about: string, text: string])[] = [
  ['brackets nested a million times', '['.repeat(1_000_000)],
  ['a million empty arrays', `[${'[],'.repeat(1_000_000)}0]`],
  ['a property named __proto__', '{"a":{"__proto__":{"admin":true}}}'],
  ['a property named constructor', '{"constructor":1}'],
  ['a forbidden name in a tag', '{"$object":{"prototype":1}}'],
  ['a tag that means nothing', '{"$what":1}'],
  ['a tag with a property behind it', '{"$date":1,"a":1}'],
  ['a tag behind a property', '{"a":1,"$date":1}'],
  ['a tag of another type', '{"$set":{}}'],
  ['a Map with a key without a value', '{"$map":[1]}'],
  ['a date out of range', '{"$date":1e300}'],
  ['a number that is none', '{"$number":"0x10"}'],
  ['a bigint that is none', '{"$bigint":"1n"}'],
  ['a bigint that is too long', `{"$bigint":"${'9'.repeat(10_001)}"}`],
  ['bytes that are no base64', '{"$bytes":"a"}'],
  ['bytes whose spare bits are set', '{"$bytes":"QR=="}'],
  ['undefined with a value', '{"$undefined":1}'],
  ['an error without fields', '{"$error":{}}'],
  ['an instance of a class that is not registered', '{"$class":["a",1]}'],
  ['a ref that is none', '{"$ref":"a"}'],
  ['no JSON', '{"a":'],
  ['an open text', '["a\\"'],
  ['nothing', ''],
]

describe('jsonSerializer', () => {
  const serializer = registered(jsonSerializer())

  test.each(texts)('refuses %s', (_about, text) => {
    expect(readOrRefused(new TextEncoder().encode(text), serializer)).toBeUndefined()
  })

  test('looks for brackets and commas outside of texts only', () => {
    const message = [String.raw`[{",\"`.repeat(1_000), { [',['.repeat(300)]: '\\' }]
    expect(sent(message, jsonSerializer({ maxDepth: 2, maxElements: 3 }))).toStrictEqual(message)
  })
})

/** The message, or nothing if the bytes were refused as they have to be. */
function readOrRefused(
  bytes: Uint8Array,
  serializer: Serializer,
): { readonly value: unknown } | undefined {
  try {
    return { value: received(bytes, serializer) }
  } catch (error) {
    if (error instanceof RemoteError && error.code === 'CASTY_REMOTE_MALFORMED') return undefined
    throw error
  }
}

/** A few bytes changed, cut, doubled or made up. */
function mutated(valid: Uint8Array, random: Random): Uint8Array {
  const bytes = [...valid]
  const draw = (below: number): number => Math.floor(random() * below)
  for (let change = draw(4); change >= 0; change--) {
    const at = draw(bytes.length)
    switch (draw(5)) {
      case 0:
        bytes[at] = draw(256)
        break
      case 1:
        bytes[at] = pick([0x90, 0x80, 0xc7, 0xc9, 0xdc, 0xdf, 0xa1, 0xff, 0x5b, 0x7b, 0x22], random)
        break
      case 2:
        bytes.length = at
        break
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + draw(20)))
        break
      default:
        return Uint8Array.from({ length: draw(60) }, () => draw(256))
    }
  }
  return Uint8Array.from(bytes)
}

function pick<T>(all: readonly T[], random: Random): T {
  const picked = all[Math.floor(random() * all.length)]
  if (picked === undefined) throw new Error('There is nothing to pick from.')
  return picked
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

test('a forbidden name that comes again and again behind a known one is refused each time', () => {
  const serializer = msgpackSerializer()
  const name = (text: string): readonly number[] => {
    return [0xa0 | text.length, ...new TextEncoder().encode(text)]
  }
  for (const forbidden of ['__proto__', 'constructor', 'prototype']) {
    const bytes = Uint8Array.of(0x82, ...name('a'), 1, ...name(forbidden), 0x80)
    for (let time = 0; time < 5; time++) {
      expect(() => received(bytes, serializer)).toThrow(
        expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' }),
      )
    }
  }
  expect(received(serializer.serialize({ a: 1, b: 2 }, paperRefs), serializer)).toEqual({
    a: 1,
    b: 2,
  })
})

test('a name that followed last time is read no further than the message goes', () => {
  const serializer = msgpackSerializer()
  const whole = serializer.serialize({ first: 1, second: 2 }, paperRefs).slice()
  for (let time = 0; time < 5; time++) {
    expect(received(whole, serializer)).toEqual({ first: 1, second: 2 })
    for (let end = 1; end < whole.length; end++) {
      // What is cut off is there behind its end.
      expect(() => serializer.deserialize(whole, 0, end, paperRefs)).toThrow(
        expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' }),
      )
    }
  }
})
