// Messages in frames of other layers.
import { describe, expect, test } from 'vitest'
import {
  Behaviors,
  DistantRef,
  type ActorContext,
  type ActorRef,
  type ActorSystem,
  type AnswerRef,
  type Ending,
} from '@casty/actor'
import { jsonSerializer, msgpackSerializer, type Remoting } from '@casty/remote'
import { echoing, RemoteWorld, type Question, type TestNode } from './remote-world.ts'

const frameType = 40

/** What a layer above has for refs: here all lead to one actor of another node. */
class LayerRef extends DistantRef<Question> {
  readonly path = 'layer'
  readonly key = 'layer'
  readonly #remoting: Remoting
  readonly #to: TestNode

  constructor({ remoting }: TestNode, to: TestNode) {
    super()
    this.#remoting = remoting
    this.#to = to
  }

  tell(message: Question): void {
    this.#send(message)
  }

  ask(message: Question, answer: AnswerRef): void {
    this.#send(message, answer)
  }

  watch(_ended: (ending: Ending) => void): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  #send(message: unknown, answer?: AnswerRef): void {
    const { cluster, codec } = this.#remoting
    const to = this.#to.cluster.self
    cluster.endpoint.send(to, 'data', frameType, codec.encode(to, message, answer))
  }
}

function receive({ remoting, cluster, system }: TestNode, ref: ActorRef<unknown>): void {
  cluster.endpoint.handle(frameType, (from, bytes, start, end) => {
    const { message, asker } = remoting.codec.decode(from, bytes, start, end)
    system.deliver(ref, message, asker)
  })
}

async function layered(): Promise<{ world: RemoteWorld; ref: LayerRef }> {
  const world = await RemoteWorld.of('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  receive(b, b.system.spawn(echoing, { name: 'echo' }) as ActorRef<never> as ActorRef<unknown>)
  return { world, ref: new LayerRef(a, b) }
}

describe('A question in the frame of another layer', () => {
  test('is answered straight', async () => {
    const { world, ref } = await layered()
    await using _world = world
    const { system, remoting } = world.node('a')
    const asked = system.ask<Question, unknown>(ref, (replyTo) => ({ about: 'x', replyTo }))
    expect(await world.settled(asked)).toBe('x')
    expect(remoting.metrics().pendingAsks).toBe(0)
  })

  test('fails at once where whoever decoded it says so', async () => {
    const { world, ref } = await layered()
    await using _world = world
    const asked = world.node('a').system.ask(ref, (replyTo) => ({ about: 'fail', replyTo }))
    const outcome = world.settled(asked.catch((error: unknown) => error))
    expect(await outcome).toMatchObject({ reason: 'failed' })
  })

  test('is held for the node that it was sent to last', async () => {
    await using world = await RemoteWorld.of('a b c')
    const { system, remoting, cluster } = world.node('a')
    const [b, c] = ['b', 'c'].map((host) => world.node(host).cluster.self)
    const answers: AnswerRef[] = []
    const ref = new (class extends LayerRef {
      override ask(message: Question, answer: AnswerRef): void {
        answers.push(answer)
        for (const node of [b, c]) if (node) remoting.codec.encode(node, message, answer)
      }
    })(world.node('a'), world.node('b'))
    const asked = system.ask(ref, (replyTo) => ({ about: 'x', replyTo }), { timeoutMs: 60_000 })
    const outcome = asked.catch((error: unknown) => error)
    if (b) cluster.down(b)
    await world.settle()
    expect(answers.map(({ isOver }) => isOver)).toEqual([false])
    if (c) cluster.down(c)
    expect(await world.settled(outcome)).toMatchObject({ reason: 'node-gone' })
  })
})

test('bytes that are no message are refused, and whoever asked by them is told', async () => {
  const { world, ref } = await layered()
  await using _world = world
  const [a, b] = [world.node('a'), world.node('b')]
  const code = 'CASTY_REMOTE_MALFORMED'
  const bytes = Uint8Array.of(7, 7)
  expect(() => b.remoting.codec.decode(a.cluster.self, bytes)).toThrow(
    expect.objectContaining({ code }),
  )
  expect(ref.path).toBe('layer')
})

test('a message whose asker waits no more arrives all the same, and its answer goes nowhere', async () => {
  await using world = await RemoteWorld.of('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  const decoded: unknown[] = []
  b.cluster.endpoint.handle(frameType, (from, bytes, start, end) => {
    decoded.push(b.remoting.codec.decode(from, bytes, start, end).message)
  })
  const kept: { readonly message: Question; readonly answer: AnswerRef }[] = []
  const ref = new (class extends LayerRef {
    override ask(message: Question, answer: AnswerRef): void {
      kept.push({ message, answer })
    }
  })(a, b)
  const asked = a.system.ask(ref, (replyTo) => ({ about: 'x', replyTo }), { timeoutMs: 10 })
  await world.settled(asked.catch(() => 'overdue'))
  for (const { message, answer } of kept) {
    const bytes = a.remoting.codec.encode(b.cluster.self, message, answer)
    a.cluster.endpoint.send(b.cluster.self, 'data', frameType, bytes)
  }
  await world.settle()
  expect(decoded).toMatchObject([{ about: 'x' }])
})

describe('A message with room in front', () => {
  const serializers = [msgpackSerializer, jsonSerializer]
  test.each(serializers)('is the same, however much room there is (%o)', async (create) => {
    await using world = await RemoteWorld.of('a b', { serializer: create() })
    const [a, b] = [world.node('a'), world.node('b')]
    const { self } = b.cluster
    const { codec } = a.remoting
    const message = { text: 'x'.repeat(3_000), list: [1, 2, 3] }
    const plain = codec.encode(self, message).slice()
    for (const roomBytes of [0, 20, 1_000, 1_001, 1_024, 5_000, 2_000_000]) {
      const { bytes, start, end } = codec.encodeWithRoom(roomBytes, self, message)
      expect(start).toBeGreaterThanOrEqual(roomBytes)
      bytes.fill(0xff, start - roomBytes, start)
      expect(bytes.slice(start, end)).toEqual(plain)
    }
    expect(b.remoting.codec.decode(a.cluster.self, plain).message).toEqual(message)
  })
})

test.each([10, 900, 1_100, 1_360])('an actor is found by a path of %i letters', async (length) => {
  await using world = await RemoteWorld.of('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  const names = Array.from({ length: Math.ceil(length / 200) }, (_, nr) =>
    `n${nr}`.padEnd(199, '-'),
  )
  const path = `/${names.join('/')}`.slice(0, length).replace(/\/$/, '-')
  spawnAt(b.system, path.slice(1).split('/'))
  const ref = a.remoting.ref<Question>(b.cluster.self, path)
  for (const about of ['x', 'y']) {
    const asked = a.system.ask<Question, unknown>(ref, (replyTo) => ({ about, replyTo }))
    expect(await world.settled(asked)).toBe(about)
  }
})

/** An actor that echoes, below as many as there are names before the last. */
function spawnAt(
  parent: ActorSystem | ActorContext<unknown>,
  [name = '', ...below]: readonly string[],
): void {
  if (below.length === 0) parent.spawn(echoing, { name })
  else {
    const between = Behaviors.setup((context) => {
      spawnAt(context, below)
      return Behaviors.ignore
    })
    parent.spawn(between, { name })
  }
}
