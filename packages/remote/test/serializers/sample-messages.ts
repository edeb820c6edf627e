import fc from 'fast-check'
import type { ActorRef } from '@casty/actor'
import {
  compressed,
  jsonSerializer,
  msgpackSerializer,
  RemoteError,
  type ClassSerializer,
  type RefCodec,
  type Serializer,
  type SerializerLimits,
} from '../../src/index.ts'

/** A ref that is nothing but its path. */
export class PaperRef implements ActorRef<unknown> {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  tell(): void {
    throw new Error('Nobody is there.')
  }
}

/** What a node does, with a path in place of the identity of an actor. */
export const paperRefs: RefCodec = {
  isRef: (value) => value instanceof PaperRef,
  toBytes: (ref) => new TextEncoder().encode(ref.path),
  fromBytes: (bytes, start, end) =>
    paperRefs.fromText(new TextDecoder().decode(bytes.subarray(start, end))),
  toText: (ref) => ref.path,
  fromText(text) {
    if (text.startsWith('/')) return new PaperRef(text)
    throw RemoteError.malformed('A ref is no path')
  },
}

/** The same, where the other node takes every class by number. */
export const numberedRefs: RefCodec = {
  ...paperRefs,
  classes: { takes: () => true, cameByName: () => {}, means: () => true, cameUnknown: () => {} },
}

/** Registered with what it is made of. */
export class Money {
  readonly #cents: number

  private constructor(cents: number) {
    this.#cents = cents
  }

  static ofCents(cents: unknown): Money {
    if (typeof cents === 'number' && Number.isInteger(cents)) return new Money(cents)
    throw new TypeError('Money is a whole number of cents')
  }

  get cents(): number {
    return this.#cents
  }
}

/** Registered as it is. */
export class Point {
  readonly x: number
  readonly label: unknown

  constructor(x: number, label: unknown) {
    this.x = x
    this.label = label
  }
}

/** An error of its own class, which is no registered one. */
export class StockError extends Error {
  override readonly name = 'StockError'
  readonly code = 'OUT_OF_STOCK'
}

export function registered(serializer: ClassSerializer): ClassSerializer {
  return serializer
    .register('shop.Money', Money, {
      toData: (money) => money.cents,
      fromData: (cents) => Money.ofCents(cents),
    })
    .register('shop.Point', Point)
}

export const serializers: readonly {
  readonly name: string
  readonly create: (limits?: SerializerLimits) => Serializer
}[] = [
  { name: 'msgpackSerializer', create: (limits) => registered(msgpackSerializer(limits)) },
  { name: 'jsonSerializer', create: (limits) => registered(jsonSerializer(limits)) },
  {
    name: 'compressed',
    create: (limits) => compressed(registered(msgpackSerializer(limits)), { thresholdBytes: 0 }),
  },
]

/** What arrives when a message is sent. */
export function sent(message: unknown, serializer: Serializer): unknown {
  return received(serializer.serialize(message, paperRefs), serializer)
}

export function received(bytes: Uint8Array, serializer: Serializer): unknown {
  return serializer.deserialize(bytes, 0, bytes.length, paperRefs)
}

const keys = fc.oneof(
  fc.constantFrom('type', 'amount', '$ref', '$x', '', '0', 'größe'),
  fc
    .string({ maxLength: 40 })
    .filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
)

const leaves = fc.oneof(
  fc.constantFrom(null, undefined, true, false, Number.NaN, -0, 0, Infinity, -Infinity, '', 0.5),
  fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53),
  fc.constantFrom(-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }),
  fc.string({ maxLength: 80, unit: 'binary' }),
  fc.constantFrom('\ud800', 'a\udc00b', 'a'.repeat(31), 'a'.repeat(32), 'é'.repeat(70)),
  fc.uint8Array({ maxLength: 40 }),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(new PaperRef('/user/a'), new PaperRef('/user/b/1')),
  fc.integer().map((cents) => Money.ofCents(cents)),
)

/** Everything that can be sent, nested. */
export const messages = fc.letrec<{ message: unknown }>((tie) => ({
  message: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaves,
    fc.array(tie('message'), { maxLength: 20 }),
    fc.dictionary(keys, tie('message'), { maxKeys: 18, noNullPrototype: true }),
    fc.array(fc.tuple(tie('message'), tie('message')), { maxLength: 4 }).map((all) => new Map(all)),
    fc.array(tie('message'), { maxLength: 4 }).map((all) => new Set(all)),
    tie('message').map((label) => new Point(1, label)),
  ),
})).message
