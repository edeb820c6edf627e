// What is on the wire is fixed for ever: nodes of different versions talk to each other. A case that fails
// here means that they no longer would; new ones are added, none is changed.
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compressed, jsonSerializer, msgpackSerializer } from '../../src/index.ts'
import {
  Money,
  numberedRefs,
  PaperRef,
  paperRefs,
  Point,
  received,
  registered,
} from './sample-messages.ts'

const file = new URL('golden-bytes.json', import.meta.url)

const replyTo = new PaperRef('/user/a')
const stock = Object.assign(new RangeError('none left', { cause: 'sold' }), { code: 'STOCK' })

const messages: Readonly<Record<string, unknown>> = {
  'a command': { type: 'add', amount: 3, replyTo },
  'an answer': { total: 17 },
  'nothing and truth': [null, undefined, true, false],
  'whole numbers': [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32],
  'negative numbers': [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1],
  'other numbers': [0.5, -0, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER],
  bigints: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n, 2n ** 64n, -(2n ** 80n)],
  'short texts': ['', 'a', 'é', '€', '😀', 'a'.repeat(31), 'a'.repeat(32), 'é'.repeat(11)],
  'longer texts': ['a'.repeat(64), 'a'.repeat(65), 'é'.repeat(100)],
  'half a surrogate pair': ['\ud83d', 'a\ude00'],
  'an array of sixteen': Array.from({ length: 16 }, (_, index) => index),
  'an object of sixteen': Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`k${at}`, at])),
  'keys that need care': { '': 0, $ref: 1, é: 2, 'a b': { $set: [] } },
  bytes: [new Uint8Array(0), Uint8Array.of(1, 2, 255), new Uint8Array(256)],
  dates: [new Date(0), new Date(1_700_000_000_123), new Date(-1), new Date(8.64e15)],
  maps: [
    new Map(),
    new Map<unknown, unknown>([
      ['a', 1],
      [{ b: 2 }, new Map([[3, replyTo]])],
    ]),
  ],
  sets: [new Set(), new Set(['a', new Set([1])])],
  instances: { price: Money.ofCents(250), at: new Point(1, { replyTo }) },
  errors: [new Error('plain'), stock],
}

const exact = [registered(msgpackSerializer()), registered(jsonSerializer())]
/** Of the many forms in which deflate can put the same bytes, each compressor takes another. */
const loose = [compressed(registered(msgpackSerializer()), { thresholdBytes: 50 })]
const serializers = [...exact, ...loose]

const golden: Readonly<Record<string, Readonly<Record<string, string>>>> = process.env[
  'CASTY_WRITE_GOLDEN'
]
  ? write()
  : JSON.parse(readFileSync(file, 'utf8'))

describe.each(exact)('$name', (serializer) => {
  test.each(Object.entries(messages))('writes %s as ever', (about, message) => {
    const bytes = serializer.serialize(message, paperRefs)
    expect(Buffer.from(bytes).toString('hex')).toBe(golden[serializer.name]?.[about])
  })
})

describe.each(serializers)('$name', (serializer) => {
  test.each(Object.entries(messages))('reads %s as ever', (about, message) => {
    const bytes = Buffer.from(golden[serializer.name]?.[about] ?? '', 'hex')
    const arrived = received(bytes, serializer)
    // An error arrives as an `Error`, whatever its class was.
    if (about === 'errors') expect(arrived).toMatchObject([{ message: 'plain' }, { code: 'STOCK' }])
    else expect(arrived).toStrictEqual(message)
  })
})

test('instances by number are written and read as ever', () => {
  const serializer = registered(msgpackSerializer())
  const bytes = serializer.serialize([Money.ofCents(250), new Point(1, null)], numberedRefs)
  const money = 'c90000000608' + '92cd571accfa'
  const point = 'c90000000f08' + '92cde8ae82a17801a56c6162656cc0'
  expect(Buffer.from(bytes).toString('hex')).toBe(`92${money}${point}`)
  const read = serializer.deserialize(bytes, 0, bytes.length, numberedRefs)
  expect(read).toStrictEqual([Money.ofCents(250), new Point(1, null)])
  // Who knows of refs alone has told nobody of numbers.
  expect(() => received(bytes, serializer)).toThrow(/means no class that is registered here/)
})

/** For new cases: `CASTY_WRITE_GOLDEN=1`. */
function write(): typeof golden {
  const bytesOf = (serializer: (typeof serializers)[number]): Record<string, string> =>
    Object.fromEntries(
      Object.entries(messages).map(([about, message]) => [
        about,
        Buffer.from(serializer.serialize(message, paperRefs)).toString('hex'),
      ]),
    )
  const written = Object.fromEntries(serializers.map((it) => [it.name, bytesOf(it)]))
  writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`)
  return written
}
