// Refs as data: they work wherever they arrive, and mean the actor that was meant.
import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { RemoteWorld, writing, type TestNode } from './remote-world.ts'

/** A ref that is no actor's. */
class ToldRef implements ActorRef<unknown> {
  readonly path: string
  readonly tell: (message: unknown) => void

  constructor(path: string, tell: (message: unknown) => void) {
    this.path = path
    this.tell = tell
  }
}

interface Parcel {
  readonly ref: ActorRef<unknown>
}

/** Keeps the refs that it is sent. */
function keeping(refs: ActorRef<unknown>[]): Behavior<Parcel> {
  return Behaviors.receive(({ ref }) => void refs.push(ref))
}

/** Sends a ref from one node to another. @returns what arrived there */
async function send(
  world: RemoteWorld,
  from: string,
  to: string,
  ref: ActorRef<unknown>,
): Promise<ActorRef<unknown>> {
  const arrived: ActorRef<unknown>[] = []
  const keeper = world.node(to).system.spawn(keeping(arrived))
  world.ref<Parcel>(from, to, keeper.path).tell({ ref })
  await world.settle()
  const [first] = arrived
  if (!first) throw new Error('The ref did not arrive.')
  return first
}

function spawnLog(node: TestNode, log: unknown[], name = 'log'): ActorRef<unknown> {
  return node.system.spawn(writing(log), { name })
}

describe('A ref that is sent', () => {
  test('works where it arrives, on a third node too, and leads back home', async () => {
    await using world = await RemoteWorld.of('a b c')
    const log: unknown[] = []
    const home = spawnLog(world.node('a'), log)
    const atB = await send(world, 'a', 'b', home)
    atB.tell('from b')
    const atC = await send(world, 'b', 'c', atB)
    atC.tell('from c')
    await world.settle()
    expect(log).toEqual(['from b', 'from c'])
    expect(await send(world, 'b', 'a', atB)).toBe(home)
    expect(await send(world, 'c', 'a', atC)).toBe(home)
  })

  test('is the same ref each time', async () => {
    await using world = await RemoteWorld.of('a b')
    const home = spawnLog(world.node('a'), [])
    expect(await send(world, 'a', 'b', home)).toBe(await send(world, 'a', 'b', home))
  })

  test('does not lead to another actor that takes the path later', async () => {
    await using world = await RemoteWorld.of('a b')
    const { system, lost } = world.node('a')
    const logs: unknown[][] = [[], []]
    const first = spawnLog(world.node('a'), logs[0] ?? [])
    const atB = await send(world, 'a', 'b', first)
    atB.tell(1)
    await world.settle()
    await system.stop(first)
    spawnLog(world.node('a'), logs[1] ?? [])
    atB.tell(2)
    await world.settle()
    expect(logs).toEqual([[1], []])
    expect(lost).toEqual(['stopped /log: 2'])
    const back = await send(world, 'b', 'a', atB)
    back.tell(3)
    expect(lost).toEqual(['stopped /log: 2', 'stopped /log: 3'])
  })

  test('by path leads to whoever lives there', async () => {
    await using world = await RemoteWorld.of('a b')
    const { system, lost } = world.node('a')
    const logs: unknown[][] = [[], []]
    const ref = world.ref<unknown>('b', 'a', '/log')
    ref.tell(0)
    await world.settle()
    const first = spawnLog(world.node('a'), logs[0] ?? [])
    ref.tell(1)
    await world.settle()
    await system.stop(first)
    spawnLog(world.node('a'), logs[1] ?? [])
    ref.tell(2)
    await world.settle()
    expect(logs).toEqual([[1], [2]])
    expect(lost).toEqual(['not-found /log: 0'])
  })

  test('may be one that adapts messages, and is let go of with its actor', async () => {
    await using world = await RemoteWorld.of('a b')
    const { system, remoting } = world.node('a')
    const log: unknown[] = []
    let adapted: ActorRef<unknown> | undefined
    const owner = system.spawn<unknown>(
      Behaviors.setup((context) => {
        adapted = context.adapt((message: unknown) => ({ adapted: message }))
        return writing(log)
      }),
    )
    await world.settle()
    const atB = await send(world, 'a', 'b', adapted ?? owner)
    atB.tell('x')
    await world.settle()
    expect(log).toEqual([{ adapted: 'x' }])
    expect(remoting.metrics().exports).toBe(1)
    await system.stop(owner)
    expect(remoting.metrics().exports).toBe(0)
    atB.tell('y')
    await world.settle()
    expect(world.node('a').lost).toEqual([`stopped ${owner.path}: "y"`])
  })

  test('may be of nobody, within a bound', async () => {
    await using world = await RemoteWorld.of('a b', { limits: { maxExports: 1 } })
    const told: unknown[] = []
    const atB = await send(world, 'a', 'b', new ToldRef('/mine', (text) => void told.push(text)))
    atB.tell('x')
    await world.settle()
    expect(told).toEqual(['x'])
    const another = new ToldRef('/another', () => {})
    const code = 'CASTY_REMOTE_TOO_MANY_EXPORTS'
    const ref = world.ref<Parcel>('a', 'b', '/any')
    expect(() => ref.tell({ ref: another })).toThrow(expect.objectContaining({ code }))
  })

  test('may be of another layer, which says what it means', async () => {
    await using world = await RemoteWorld.of('a b')
    const told: string[] = []
    const kindOf = (host: string) => ({
      name: 'shop/entity',
      isOne: ({ path }: ActorRef<never>) => path.startsWith('entity '),
      toData: ({ path }: ActorRef<never>) => path.slice(7),
      fromData: (id: string) =>
        new ToldRef(
          `entity ${id}`,
          (message) => void told.push(`${host} ${id} ${String(message)}`),
        ),
    })
    for (const { host, remoting } of world.nodes) remoting.adoptRefs(kindOf(host))
    const atB = await send(world, 'a', 'b', kindOf('a').fromData('17'))
    atB.tell('x')
    expect(told).toEqual(['b 17 x'])
  })

  test('means the same as text on every node', async () => {
    await using world = await RemoteWorld.of('a b')
    const log: unknown[] = []
    const home = spawnLog(world.node('a'), log)
    const text = world.node('a').remoting.refToText(home)
    world
      .node('b')
      .remoting.refFromText(text)
      .tell('x' as never)
    await world.settle()
    expect(log).toEqual(['x'])
    expect(world.node('a').remoting.refFromText(text)).toBe(home)
    expect(world.node('b').remoting.refToText(world.node('b').remoting.refFromText(text))).toBe(
      text,
    )
  })

  test('tells where its actor lives', async () => {
    await using world = await RemoteWorld.of('a b')
    const home = spawnLog(world.node('a'), [])
    const atB = await send(world, 'a', 'b', home)
    const place = { node: world.node('a').cluster.self, path: '/log' }
    expect(world.node('b').remoting.locationOf(atB)).toEqual(place)
    expect(world.node('a').remoting.locationOf(home)).toEqual(place)
    expect(world.node('a').remoting.locationOf({ path: '/log', tell: () => {} })).toBe(undefined)
  })
})

test.each(['', 'x', 'a:1#2', 'a:1#2!', 'a:1#2!99999999999999999/x', 'a:1!1/x', '?', '*kind data'])(
  'a text that is no ref is refused: %s',
  async (text) => {
    await using world = await RemoteWorld.of('a')
    const code = 'CASTY_REMOTE_MALFORMED'
    expect(() => world.node('a').remoting.refFromText(text)).toThrow(
      expect.objectContaining({ code }),
    )
  },
)
