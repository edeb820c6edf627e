// Whole frames of actors of other nodes, as a node with an actor takes them: nothing may make it throw. What it sends in
// turn goes nowhere, since no time passes.
import { Behaviors } from '@casty/actor'
import type { Cluster } from '@casty/membership'
import { msgpackSerializer, Remoting } from '@casty/remote'
import type { FrameHandler } from '@casty/transport'
import { RemoteWorld } from '../../../../packages/remote/test/remote-world.ts'
import { Point, registered } from '../../../../packages/remote/test/serializers/sample-messages.ts'
import type { FuzzedDecoder } from '../decoder.ts'

const path = '/log'
const serializer = registered(msgpackSerializer())
const world = await RemoteWorld.of('a b', { serializer })
const [a, b] = [world.node('a'), world.node('b')]
const seeds: Uint8Array[] = []
const handlers = new Map<number, FrameHandler>()

b.remoting[Symbol.dispose]()
b.system.spawn(
  Behaviors.receive<unknown>(() => Behaviors.same),
  { name: 'log' },
)
const remoting = Remoting.attach({ system: b.system, cluster: listened(b.cluster), serializer })
await record()

/** What is real: a message with a ref, others by names that are known by then and in one frame, a question, a watch, and words of names. */
async function record(): Promise<void> {
  const ref = world.ref<unknown>('a', 'b', path)
  for (const message of [
    { type: 'x', list: [1, 'two', { three: 3 }], ref },
    'again',
    new Point(1, 'by name'),
    new Point(2, 'by number'),
  ]) {
    ref.tell(message)
    await world.settle()
  }
  for (const message of ['one', 'of', { several: true }]) ref.tell(message)
  remoting.ref(a.cluster.self, path).tell(new Point(3, 'to be told of its number'))
  void a.system.ask(ref, (replyTo) => ({ replyTo }), { timeoutMs: 10 }).catch(() => {})
  const ears = Behaviors.setup<never>((context) => {
    context.watch(ref)
    return Behaviors.same
  })
  a.system.spawn(ears, { name: 'ears' })
  await world.settle()
}

/** The cluster, but for frames: they are kept before they are handled. */
function listened(cluster: Cluster): Cluster {
  const { endpoint } = cluster
  const listening = {
    handle(type: number, handler: FrameHandler): Disposable {
      handlers.set(type, handler)
      return endpoint.handle(type, (from, bytes, start, end, lane) => {
        seeds.push(Uint8Array.of(type, ...bytes.subarray(start, end)))
        handler(from, bytes, start, end, lane)
      })
    },
  }
  return inPlaceOf(cluster, { endpoint: inPlaceOf(endpoint, listening) })
}

/** Some properties of an object are others; what is left is asked of itself. */
function inPlaceOf<T extends object>(whole: T, others: object): T {
  return new Proxy(whole, {
    get(target, name) {
      if (name in others) return Reflect.get(others, name) as unknown
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The type of the frame is the first byte. */
const frames: FuzzedDecoder = {
  name: 'remote-frames',
  seeds,
  refusals: [],
  decode(bytes) {
    const handler = handlers.get(bytes[0] ?? 0)
    handler?.(a.cluster.self, bytes, Math.min(1, bytes.length), bytes.length, 'data')
    b.events.length = b.lost.length = 0
    return undefined
  },
}

export const remoteFrameDecoders: readonly FuzzedDecoder[] = [frames]
