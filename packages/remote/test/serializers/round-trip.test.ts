import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonSerializer, msgpackSerializer } from '../../src/index.ts'
import {
  messages,
  Money,
  PaperRef,
  paperRefs,
  Point,
  received,
  sent,
  serializers,
  StockError,
} from './sample-messages.ts'

/** Whose data are the bytes of another message. */
class Envelope {
  readonly body: unknown

  constructor(body: unknown) {
    this.body = body
  }
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  throw new TypeError('An envelope holds bytes')
}

const parameters = {
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 300),
}

describe.each(serializers)('$name', ({ create }) => {
  test('brings every message over as it was', () => {
    const serializer = create()
    fc.assert(
      fc.property(messages, (message) => {
        expect(sent(message, serializer)).toStrictEqual(message)
      }),
      parameters,
    )
  })

  test('makes the same bytes of the same message, whatever was sent before', () => {
    const used = create()
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = used.serialize(message, paperRefs).slice()
        expect(bytes).toEqual(create().serialize(message, paperRefs))
      }),
      { ...parameters, numRuns: 50 },
    )
  })

  test('reads a message in the middle of other bytes, and keeps nothing of them', () => {
    const serializer = create()
    const message = { type: 'add', bytes: Uint8Array.of(1, 2), replyTo: new PaperRef('/user/a') }
    const bytes = serializer.serialize(message, paperRefs)
    const around = new Uint8Array(bytes.length + 7).fill(0xc1)
    around.set(bytes, 3)
    const arrived = serializer.deserialize(around, 3, 3 + bytes.length, paperRefs)
    around.fill(0xc1)
    expect(arrived).toStrictEqual(message)
  })

  test('reads out of a Buffer what it reads out of other bytes', () => {
    const serializer = create()
    const message = { bytes: Uint8Array.of(1, 2, 3), text: 'a text that is longer than short ones' }
    const buffer = Buffer.from(serializer.serialize(message, paperRefs))
    const arrived = received(buffer, serializer)
    buffer.fill(0)
    expect(arrived).toStrictEqual(message)
  })

  test('brings an error over with name, message, code and cause, and without its stack', () => {
    const cause = new TypeError('no shelf', { cause: 17 })
    const arrived = sent(new StockError('none left', { cause }), create())
    expect(arrived).toBeInstanceOf(Error)
    expect(arrived).toMatchObject({
      name: 'StockError',
      message: 'none left',
      code: 'OUT_OF_STOCK',
      stack: 'StockError: none left',
      cause: { name: 'TypeError', message: 'no shelf', cause: 17 },
    })
  })

  test('makes instances of registered classes by what they were registered with', () => {
    const arrived = sent({ price: Money.ofCents(250), at: new Point(1, 'a') }, create())
    expect(arrived).toMatchObject({ price: { cents: 250 }, at: new Point(1, 'a') })
  })

  test('takes the holes of an array for undefined', () => {
    const holes: unknown[] = []
    holes[2] = 1
    expect(sent(holes, create())).toStrictEqual([undefined, undefined, 1])
  })

  test('takes an object without a prototype for a plain one', () => {
    const bare: unknown = Object.assign(Object.create(null), { a: 1 })
    expect(sent(bare, create())).toStrictEqual({ a: 1 })
  })

  test('brings over long texts, many properties and large numbers of items', () => {
    const message = {
      text: 'a€'.repeat(40_000),
      items: Array.from({ length: 70_000 }, (_, index) => index),
      table: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, index])),
      bytes: new Uint8Array(70_000).fill(7),
    }
    expect(sent(message, create())).toStrictEqual(message)
  })
})

test('a serializer can be used by a class that is being written or read by it', () => {
  for (const create of [msgpackSerializer, jsonSerializer]) {
    const serializer = create()
    serializer.register('Envelope', Envelope, {
      toData: ({ body }) => serializer.serialize(body, paperRefs).slice(),
      fromData: (data) => new Envelope(received(bytesOf(data), serializer)),
    })
    const message = { first: new Envelope({ deep: new Envelope('x') }), second: 2 }
    expect(sent(message, serializer)).toStrictEqual(message)
  }
})
