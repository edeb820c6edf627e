// What is written is MessagePack, so another library of it reads it and is read: msgpackr, which knows no
// more of this format than its extensions.
import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import { expect, test } from 'vitest'
import { msgpackSerializer } from '../../src/index.ts'
import { paperRefs, received } from './sample-messages.ts'

const options = { useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' } as const
const parameters = {
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 300),
}

const leaves = fc.oneof(
  fc.constantFrom(null, undefined, true, false, Number.NaN, 0, Infinity, 2 ** 31, 2 ** 32 - 1),
  fc.integer(),
  fc.double().map((it) => it + 0), // msgpackr writes −0 as 0.
  fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
  fc.string({ maxLength: 300, unit: 'binary' }),
  fc.uint8Array({ maxLength: 300 }),
  fc.date({ noInvalidDate: true, min: new Date(-1e14), max: new Date(1e14) }),
)

const messages = fc.letrec<{ message: unknown }>((tie) => ({
  message: fc.oneof(
    { maxDepth: 4 },
    leaves,
    fc.array(tie('message'), { maxLength: 20 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{0,40}$/), tie('message'), { noNullPrototype: true }),
  ),
})).message

test('msgpackr reads what is written', () => {
  const serializer = msgpackSerializer()
  const unpackr = new Unpackr(options)
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = serializer.serialize(message, paperRefs)
      expect(sameBytes(unpackr.unpack(bytes))).toEqual(message)
    }),
    parameters,
  )
})

test('what msgpackr writes is read', () => {
  const serializer = msgpackSerializer()
  const packr = new Packr(options)
  fc.assert(
    fc.property(messages, (message) => {
      expect(received(packr.pack(message), serializer)).toEqual(message)
    }),
    parameters,
  )
})

/** A `Buffer`, which msgpackr makes of bytes in Node, is another thing than a `Uint8Array` to `toEqual`. */
function sameBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(sameBytes)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sameBytes(item)]))
}
