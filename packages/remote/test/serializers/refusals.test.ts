import { describe, expect, test } from 'vitest'
import {
  jsonSerializer,
  msgpackSerializer,
  RemoteError,
  type RefCodec,
  type Serializer,
} from '../../src/index.ts'
import { Money, PaperRef, paperRefs, Point, sent, serializers } from './sample-messages.ts'

class Order {}
class SpecialMoney extends Point {}
class Basket extends Map<string, number> {}

const refused: readonly (readonly [message: unknown, start: string])[] = [
  [() => 1, 'message is a function, which cannot be sent'],
  [Symbol('x'), 'message is a symbol'],
  [
    new Order(),
    'message is an instance of Order, which cannot be sent to another node. Register it',
  ],
  [{ items: [1, 2, 3, { owner: new Order() }] }, 'message.items[3].owner is an instance of Order'],
  [{ 'a b': { π: [() => 1] } }, 'message["a b"].π[0] is a function'],
  [new Map([['bob', { to: new Order() }]]), 'message.get("bob").to is an instance of Order'],
  [new Map([[7, Symbol('x')]]), 'message.get(7) is a symbol'],
  [new Map([[{}, new Order()]]), 'message[value 0] is an instance of Order'],
  [new Map([[new Order(), 1]]), 'message[key 0] is an instance of Order'],
  [{ all: new Set([1, new Order()]) }, 'message.all[item 1] is an instance of Order'],
  [new Point(1, [new Order()]), 'message.label[0] is an instance of Order'],
  [new Error('x', { cause: new Order() }), 'message.cause is an instance of Order'],
  [new SpecialMoney(1, 2), 'message is an instance of SpecialMoney'],
  [new Basket(), 'message is an instance of Basket'],
  [[new Float64Array(1)], 'message[0] is an instance of Float64Array'],
  [[/x/], 'message[0] is an instance of RegExp'],
  [{ later: Promise.resolve() }, 'message.later is an instance of Promise'],
  [{ at: new Date(Number.NaN) }, 'message.at is an invalid Date'],
  [Object.create({ constructor: 1 }), 'message is an instance of a class without a name'],
  [
    JSON.parse('{"a":{"__proto__":{"admin":true}}}'),
    'message.a is an object with a property named',
  ],
  [{ b: { constructor: 1 } }, 'message.b is an object with a property named constructor'],
  [{ prototype: 1 }, 'message is an object with a property named prototype'],
]

describe.each(serializers)('$name', ({ create }) => {
  test.each(refused)('refuses %o where it is', (message, start) => {
    expect(refusalOf(message, create())).toContain(start)
  })

  test('takes a bigint of 4,096 bytes, and refuses a larger one, which would take long to read', () => {
    const largest = (1n << 32_768n) - 1n
    expect(sent([largest, -largest], create())).toStrictEqual([largest, -largest])
    expect(refusalOf([0, -largest - 1n], create())).toContain('message[1] is a bigint of more than')
  })

  test('counts errors for more than what they hold, for they take longer to make', () => {
    const serializer = create({ maxElements: 100 })
    const errors = [1, 2, 3, 4, 5].map((each) => new Error(`${each}`))
    expect(sent(errors, serializer)).toStrictEqual(errors)
    expect(refusalOf([...errors, new Error('6')], serializer)).toContain('maxElements (100)')
  })

  test('refuses what contains itself', () => {
    const loop: unknown[] = []
    loop.push(loop)
    expect(refusalOf(loop, create())).toContain(
      'nested deeper than maxDepth (64), or contains itself',
    )
  })

  test('takes a message of maxDepth, and refuses a deeper one', () => {
    const serializer = create({ maxDepth: 3 })
    expect(sent([[[1]]], serializer)).toStrictEqual([[[1]]])
    expect(refusalOf([[[[]]]], serializer)).toContain(
      'message[0][0][0] is nested deeper than maxDepth (3)',
    )
  })

  test('takes a message of maxElements, and refuses a larger one', () => {
    const serializer = create({ maxElements: 4 })
    const message = new Map([[1, { a: 2, b: 3 }]])
    expect(sent(message, serializer)).toStrictEqual(message)
    expect(refusalOf([...message, 1], serializer)).toContain('more than maxElements (4)')
  })

  test('refuses a message of more than maxMessageBytes', () => {
    const serializer = create({ maxMessageBytes: 1_000 })
    expect(sent('x'.repeat(990), serializer)).toBe('x'.repeat(990))
    for (const long of ['x'.repeat(1_001), 'é'.repeat(501), new Uint8Array(1_001)]) {
      expect(refusalOf({ long }, serializer)).toContain('more than maxMessageBytes (1000)')
    }
    expect(sent([1, 2], serializer)).toStrictEqual([1, 2])
  })

  test('says where a value is that throws when it is read, and keeps its error as the cause', () => {
    const cause = new Error('not now')
    const message = {
      list: [
        {
          get later(): number {
            throw cause
          },
        },
      ],
    }
    const error = thrownBy(() => create().serialize(message, paperRefs))
    expect(error.code).toBe('CASTY_REMOTE_NOT_SERIALIZABLE')
    expect(error.message).toContain('message.list[0].later is a value that fails when it is read')
    expect(error.cause).toBe(cause)
  })

  test('passes on what the codec of refs says about a ref', () => {
    const full: RefCodec = {
      ...paperRefs,
      toBytes: ({ path }) => {
        throw RemoteError.tooManyExports(path, 1)
      },
      toText: ({ path }) => {
        throw RemoteError.tooManyExports(path, 1)
      },
    }
    const error = thrownBy(() => create().serialize({ replyTo: new PaperRef('/a') }, full))
    expect(error.code).toBe('CASTY_REMOTE_TOO_MANY_EXPORTS')
  })

  test('sends the next message when one was refused', () => {
    const serializer = create()
    refusalOf([new Order()], serializer)
    expect(sent({ price: [1] }, serializer)).toStrictEqual({ price: [1] })
  })
})

test('a property that half a surrogate pair names is refused where keys have to be UTF-8', () => {
  expect(refusalOf([{ '\ud800': 1 }], msgpackSerializer())).toContain(
    String.raw`message[0] is an object with a property named "\ud800"`,
  )
  expect(sent({ '\ud800': 1 }, jsonSerializer())).toStrictEqual({ '\ud800': 1 })
})

describe.each([msgpackSerializer, jsonSerializer])('%o', (create) => {
  test.each([
    [{ maxDepth: 0 }, 'Option maxDepth'],
    [{ maxElements: 1.5 }, 'Option maxElements'],
    [{ maxMessageBytes: 2 ** 31 }, 'Option maxMessageBytes'],
    [{ maxdepth: 3 }, 'Option maxdepth'],
  ])('refuses the options %o', (options: object, start) => {
    const error = thrownBy(() => create(options))
    expect(error.code).toBe('CASTY_REMOTE_INVALID_OPTION')
    expect(error.message).toContain(start)
  })

  test('refuses a class or a name that is registered already, or can be none', () => {
    const serializer = create().register('Order', Order)
    const wrong = [
      () => serializer.register('Order', Money),
      () => serializer.register('Other', Order),
      () => serializer.register('', Point),
      () => serializer.register('x'.repeat(129), Point),
      () => serializer.register('Object', Object),
      () => serializer.register('Array', Array),
    ]
    for (const register of wrong) {
      expect(thrownBy(register).code).toBe('CASTY_REMOTE_INVALID_OPTION')
    }
  })
})

function refusalOf(message: unknown, serializer: Serializer): string {
  const error = thrownBy(() => serializer.serialize(message, paperRefs))
  expect(error.code).toBe('CASTY_REMOTE_NOT_SERIALIZABLE')
  return error.message
}

function thrownBy(call: () => unknown): RemoteError {
  try {
    call()
  } catch (error) {
    if (error instanceof RemoteError) return error
    throw error
  }
  throw new Error('Nothing was thrown.')
}
