// Classes that messages name by number, once the other node has said that it has the class by that number.
import { describe, expect, test } from 'vitest'
import {
  compressed,
  jsonSerializer,
  msgpackSerializer,
  Remoting,
  type ClassSerializer,
  type RefCodec,
  type RemotingLimits,
  type Serializer,
} from '@casty/remote'
import { remoteFrameTypes } from '../src/frame-types.ts'
import { RemoteWorld, writing, type TestNode } from './remote-world.ts'

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}

class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}

const moneyName = 'shop.Money'
const pointName = 'shop.Point'
/** Both have the digest 63,837. */
const alike = ['shop.C90', 'shop.C188'] as const
const alikeNumber = 63_837

const both = (): ClassSerializer =>
  msgpackSerializer().register(moneyName, Money).register(pointName, Point)

interface Pair extends AsyncDisposable {
  readonly world: RemoteWorld
  readonly a: TestNode
  readonly b: TestNode
  /** What arrived. */
  readonly log: unknown[]
  /** Tells it, and has it arrive. @returns how many bytes that took */
  readonly tell: (message: unknown) => Promise<number>
}

async function pair(
  serializerOf: (host: string) => Serializer = both,
  limits: RemotingLimits = {},
): Promise<Pair> {
  const world = new RemoteWorld()
  for (const host of ['a', 'b']) await world.start(host, { serializer: serializerOf(host), limits })
  const [a, b] = [world.node('a'), world.node('b')]
  await world.until(() => a.cluster.getState().members.length === 2)
  const log: unknown[] = []
  b.system.spawn(writing(log), { name: 'log' })
  await world.until(() => b.cluster.getState().members.length === 2)
  const ref = world.ref<unknown>('a', 'b', '/log')
  ref.tell('so that it goes by number')
  await world.settle()
  log.length = 0
  const tell = async (message: unknown): Promise<number> => {
    const before = a.remoting.metrics().bytesSent
    ref.tell(message)
    await world.settle()
    return a.remoting.metrics().bytesSent - before
  }
  return { world, a, b, log, tell, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

/** Classes that `node` names by number, in messages to the only other one. */
function classesOf({ remoting }: TestNode): number | undefined {
  return remoting.explain().peers[0]?.classes
}

function wordOfClass(number: number, name: string): Uint8Array {
  const text = new TextEncoder().encode(name)
  return Uint8Array.of(0, number >>> 8, number & 0xff, text.length, ...text)
}

describe('A registered class', () => {
  test('goes by name until the other node has told its number, and by number from then on', async () => {
    await using nodes = await pair()
    const { a, b, log, tell } = nodes
    const first = await tell(new Money(1))
    expect(classesOf(a)).toBe(1)
    const second = await tell(new Money(2))
    expect(first - second).toBe(moneyName.length + 1 - 3) // A number takes three bytes.
    expect(await tell({ price: [new Money(3), new Point(4)] })).toBeGreaterThan(second)
    expect(classesOf(a)).toBe(2)
    await tell(new Map([[new Point(5), new Money(6)]]))
    expect(log).toStrictEqual([
      new Money(1),
      new Money(2),
      { price: [new Money(3), new Point(4)] },
      new Map([[new Point(5), new Money(6)]]),
    ])
    expect([...a.events, ...b.events]).toEqual([])
  })

  test.each([
    ['behind compression', (): Serializer => compressed(both(), { thresholdBytes: 0 }), 1],
    [
      'with a serializer of a user around ours that hands on what it is given',
      (): Serializer => around((refs) => refs),
      1,
    ],
    ['not with one that knows of refs alone', (): Serializer => around(refsAlone), 0],
    ['not in JSON', (): Serializer => jsonSerializer().register(moneyName, Money), 0],
  ])('goes by number %s', async (_, serializerOf, classes) => {
    await using nodes = await pair(serializerOf)
    for (const cents of [1, 2, 3]) await nodes.tell(new Money(cents))
    expect(nodes.log).toStrictEqual([new Money(1), new Money(2), new Money(3)])
    expect(classesOf(nodes.a)).toBe(classes)
  })

  test('goes by name as long as word of its number is lost, and each message arrives', async () => {
    await using nodes = await pair()
    const { a, log, tell } = nodes
    const losing = a.cluster.endpoint.filter((_, type) => type !== remoteFrameTypes.classes)
    for (let cents = 0; cents < 5; cents++) await tell(new Money(cents))
    expect(classesOf(a)).toBe(0)
    losing[Symbol.dispose]()
    for (let cents = 5; cents < 8; cents++) await tell(new Money(cents)) // It is told at the eighth.
    expect(classesOf(a)).toBe(1)
    expect(log).toStrictEqual([0, 1, 2, 3, 4, 5, 6, 7].map((cents) => new Money(cents)))
  })

  test('is told of less and less often to a node that goes on by name', async () => {
    await using nodes = await pair()
    const { a, b, world } = nodes
    let words = 0
    a.cluster.endpoint.filter((_, type) => {
      if (type !== remoteFrameTypes.classes) return true
      words++
      return false
    })
    const ref = world.ref<unknown>('a', 'b', '/log')
    for (let cents = 0; cents < 1_000; cents++) ref.tell(new Money(cents))
    await world.settle()
    expect(b.remoting.metrics().messagesReceived).toBe(1_001)
    expect(words).toBe(10) // 1, 2, 4, … 512
  })

  test('goes by name where as many as may be go by number', async () => {
    await using nodes = await pair(both, { maxClasses: 1 })
    const { a, log, tell } = nodes
    await tell(new Money(1))
    const byName = await tell(new Point(2))
    expect(await tell(new Point(3))).toBe(byName)
    expect(classesOf(a)).toBe(1)
    expect(log).toStrictEqual([new Money(1), new Point(2), new Point(3)])
  })

  test('goes by name where another has its number', async () => {
    const [money, point] = alike
    await using nodes = await pair(() =>
      msgpackSerializer().register(money, Money).register(point, Point),
    )
    const { a, log, tell } = nodes
    for (const round of [1, 2]) await tell([new Money(round), new Point(round)])
    expect(classesOf(a)).toBe(1)
    expect(log).toStrictEqual([
      [new Money(1), new Point(1)],
      [new Money(2), new Point(2)],
    ])
  })

  test('is never taken for another with the same number that only the other node has', async () => {
    const [money, point] = alike
    await using nodes = await pair((host) =>
      host === 'a'
        ? msgpackSerializer().register(money, Money)
        : msgpackSerializer().register(point, Point).register(money, Money),
    )
    const { a, log, tell } = nodes
    for (const cents of [1, 2]) await tell(new Money(cents))
    expect(classesOf(a)).toBe(0)
    expect(log).toStrictEqual([new Money(1), new Money(2)])
  })
})

describe('A node whose layer is another one now', () => {
  test('reads what is on its way by number, in whatever order it registered its classes', async () => {
    await using nodes = await pair()
    const { a, b, log, tell } = nodes
    for (const cents of [1, 2]) await tell([new Money(cents), new Point(cents)])
    const serializer = msgpackSerializer().register(pointName, Point).register(moneyName, Money)
    b.remoting[Symbol.dispose]()
    using _ = Remoting.attach({ system: b.system, cluster: b.cluster, serializer })
    await tell('lost: the name of its recipient means nothing any more')
    await tell([new Money(3), new Point(3)])
    expect(classesOf(a)).toBe(2)
    expect(log.at(-1)).toStrictEqual([new Money(3), new Point(3)])
  })

  test('refuses a number of no class, says so, and is told the name next', async () => {
    await using nodes = await pair()
    const { a, b, tell } = nodes
    for (const cents of [1, 2]) await tell(new Money(cents))
    b.remoting[Symbol.dispose]()
    const { system, cluster } = b
    using again = Remoting.attach({ system, cluster, serializer: msgpackSerializer() })
    const errors: string[] = []
    again.subscribe((event) => event.type === 'malformed' && errors.push(String(event.error)))
    await tell('lost: the name of its recipient means nothing any more')
    await tell(new Money(3))
    expect(classesOf(a)).toBe(0)
    await tell(new Money(4))
    expect(errors).toEqual([
      expect.stringContaining('means no class that is registered here'),
      expect.stringContaining(moneyName),
    ])
  })
})

describe('A node that registers other classes in its next layer', () => {
  const [before, after] = alike

  /** Both have a class by its number. Then one of them has another class with that number in its place. */
  async function replaced(which: 'a' | 'b'): Promise<Pair & { readonly again: Remoting }> {
    const nodes = await pair(() => msgpackSerializer().register(before, Money))
    for (const cents of [1, 2]) await nodes.tell(new Money(cents))
    expect(classesOf(nodes.a)).toBe(1)
    const { system, cluster, remoting } = nodes[which]
    remoting[Symbol.dispose]()
    const serializer = msgpackSerializer().register(after, Point)
    return { ...nodes, again: Remoting.attach({ system, cluster, serializer }) }
  }

  test('takes no message for one of them that has its number', async () => {
    await using nodes = await replaced('b')
    using _ = nodes.again
    const { a, b, log, tell } = nodes
    const errors: string[] = []
    nodes.again.subscribe((event) => event.type === 'malformed' && errors.push(String(event.error)))
    const bytes = a.remoting.codec.encode(b.cluster.self, new Money(5)).slice()
    const decode = (): unknown => nodes.again.codec.decode(a.cluster.self, bytes).message
    expect(decode).toThrow(/means no class that is registered here/)
    await tell('lost: the name of its recipient means nothing any more')
    for (const cents of [3, 4]) await tell(new Money(cents))
    expect(log).toStrictEqual([new Money(1), new Money(2)])
    expect(errors).toEqual([expect.stringContaining(before), expect.stringContaining(before)])
    expect(classesOf(a)).toBe(0)
  })

  test('goes on by the names of those', async () => {
    await using nodes = await replaced('a')
    const { world, b, again } = nodes
    using _ = again
    b.remoting[Symbol.dispose]()
    const serializer = msgpackSerializer().register(after, Point)
    using other = Remoting.attach({ system: b.system, cluster: b.cluster, serializer })
    const log: unknown[] = []
    b.system.spawn(writing(log), { name: 'points' })
    const ref = again.ref<unknown>(b.cluster.self, '/points')
    for (const x of [1, 2, 3]) {
      ref.tell(new Point(x))
      await world.settle()
    }
    expect(log).toStrictEqual([1, 2, 3].map((x) => new Point(x)))
    expect(other.metrics().malformed).toBe(0)
    expect(again.explain().peers.map(({ classes }) => classes)).toEqual([0])
  })

  test('takes none for one of them that the layer before had sent, and that comes back', async () => {
    await using nodes = await pair(() => msgpackSerializer().register(before, Money))
    const { a, b, tell } = nodes
    await tell(new Money(1))
    const toB = b.cluster.self
    const bytes = a.remoting.codec.encode(toB, new Money(2)).slice()
    expect(a.remoting.codec.reopen(toB, bytes).message).toStrictEqual(new Money(2))
    a.remoting[Symbol.dispose]()
    const serializer = msgpackSerializer().register(after, Point)
    using again = Remoting.attach({ system: a.system, cluster: a.cluster, serializer })
    const reopen = (): unknown => again.codec.reopen(toB, bytes).message
    expect(reopen).toThrow(/means no class that is registered here/)
  })
})

describe('What other layers send', () => {
  test('names classes by number as well, and is read again where it comes back', async () => {
    await using nodes = await pair()
    const { a, b, tell } = nodes
    const [toB, fromA] = [b.cluster.self, a.cluster.self]
    const byName = a.remoting.codec.encode(toB, new Money(7)).slice()
    await tell(new Money(1))
    const bytes = a.remoting.codec.encode(toB, new Money(7)).slice()
    expect(bytes.length).toBeLessThan(byName.length)
    for (const sent of [byName, bytes]) {
      expect(b.remoting.codec.decode(fromA, sent).message).toStrictEqual(new Money(7))
      expect(a.remoting.codec.reopen(toB, sent).message).toStrictEqual(new Money(7))
    }
    // Whoever has said nothing is sent the name.
    expect(b.remoting.codec.encode(fromA, new Money(7)).slice()).toEqual(byName)
  })
})

describe('A liar', () => {
  test('has nothing kept that it was not sent', async () => {
    await using nodes = await pair(() => msgpackSerializer().register(alike[0], Money))
    const { world, a, b, log, tell } = nodes
    const claim = async (number: number, name: string): Promise<void> => {
      const { endpoint } = b.cluster
      endpoint.send(a.cluster.self, 'data', remoteFrameTypes.classes, wordOfClass(number, name))
      await world.settle()
    }
    for (let number = 0; number < 1_000; number++) await claim(number, `c${number}`)
    await claim(alikeNumber, alike[0]) // It was not sent yet.
    expect(classesOf(a)).toBe(0)
    await tell(new Money(1))
    expect(classesOf(a)).toBe(1)
    await claim(alikeNumber, alike[1])
    expect(classesOf(a)).toBe(1)
    expect(log).toStrictEqual([new Money(1)])
    expect(a.remoting.metrics().malformed).toBe(0)
  })

  test.each([
    ['cut off', Uint8Array.of(0, 1)],
    ['with a name that is cut off', wordOfClass(1, 'abc').subarray(0, 5)],
    ['with bytes left over', Uint8Array.of(1, 0, 1, 9)],
  ])('is refused where its word is %s', async (_, bytes) => {
    await using nodes = await pair()
    const { world, a, b } = nodes
    b.cluster.endpoint.send(a.cluster.self, 'data', remoteFrameTypes.classes, bytes)
    await world.settle()
    expect(a.remoting.metrics().malformed).toBe(1)
    expect(a.cluster.endpoint.counters().handlerErrors).toBe(0)
  })
})

/** Ours, given other refs. */
function around(refsOf: (refs: RefCodec) => RefCodec): Serializer {
  const inner = both()
  return {
    name: 'around',
    serialize: (message, refs) => inner.serialize(message, refsOf(refs)),
    deserialize: (bytes, start, end, refs) => inner.deserialize(bytes, start, end, refsOf(refs)),
  }
}

function refsAlone(refs: RefCodec): RefCodec {
  return {
    isRef: (value) => refs.isRef(value),
    toBytes: (ref) => refs.toBytes(ref),
    fromBytes: (bytes, start, end) => refs.fromBytes(bytes, start, end),
    toText: (ref) => refs.toText(ref),
    fromText: (text) => refs.fromText(text),
  }
}
