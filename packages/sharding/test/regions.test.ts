// Regions of several nodes, with tables that the test makes.
import { Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { describe, expect, test } from 'vitest'
import type { EntityContext, EntityRegion, EntityType } from '@casty/sharding'
import { checkProxy, checkType } from '../src/entity-type.ts'
import { RegionWorld } from './region-world.ts'

type Counting =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'total'; readonly replyTo: ActorRef<string> }
  | { readonly type: 'passivate' | 'stop' | 'fail' | 'hang' }

const add: Counting = { type: 'add', amount: 1 }

/** Lets go of an entity that hangs. */
let goOn: () => void = () => {}

/** Counts, and hands over how far it came. */
function counting({ entityId, epoch, handedOver, handOver, passivate }: Hooks): Behavior<Counting> {
  let total = typeof handedOver === 'number' ? handedOver : 0
  handOver(() => total)
  return Behaviors.receive<Counting>((message) => {
    switch (message.type) {
      case 'add':
        total += message.amount
        return Behaviors.same
      case 'total':
        message.replyTo.tell(`${entityId}@${epoch}: ${total}`)
        return Behaviors.same
      case 'passivate':
        passivate()
        return Behaviors.same
      case 'stop':
        return Behaviors.stopped
      case 'fail':
        throw new Error('no')
      case 'hang':
        return new Promise((resolve) => (goOn = () => resolve(Behaviors.same)))
    }
  })
}

function fail(): never {
  throw new Error('no')
}

interface Hooks {
  readonly entityId: string
  readonly epoch: number
  readonly handedOver: unknown
  readonly handOver: (state: () => unknown) => void
  readonly passivate: () => void
}

function hooksOf(entity: EntityContext<Counting>): Hooks {
  const { entityId, epoch, handedOver } = entity
  return {
    entityId,
    epoch,
    handedOver,
    handOver: (state) => entity.handOver(state),
    passivate: () => entity.passivate(),
  }
}

const counter: EntityType<Counting> = {
  name: 'counter',
  numShards: 1,
  idleTimeoutMs: Infinity,
  entity: (entity) => counting(hooksOf(entity)),
}

type Regions = ReadonlyMap<string, EntityRegion<Counting>>

function of(regions: Regions, host: string): EntityRegion<Counting> {
  const region = regions.get(host)
  if (!region) throw new Error(`No region at ${host}`)
  return region
}

async function total(
  world: RegionWorld,
  region: EntityRegion<Counting>,
  id = 'x',
): Promise<string> {
  return await world.settled(region.ask<string>(id, (replyTo) => ({ type: 'total', replyTo })))
}

type Limits = Parameters<typeof RegionWorld.of>[1]

interface Pair {
  readonly world: RegionWorld
  readonly here: EntityRegion<Counting>
  readonly there: EntityRegion<Counting>
}

/** Two nodes, of which a owns the only shard. */
async function pair(limits: Limits = {}, type: EntityType<Counting> = counter): Promise<Pair> {
  const world = await RegionWorld.of('a b', limits)
  const regions = world.startType(type)
  world.give('counter', 0, 'a')
  await world.settle()
  return { world, here: of(regions, 'a'), there: of(regions, 'b') }
}

/** An entity that counted 3 was handed over to b, where it has not begun. */
async function unbegunAtB(limits: Limits = {}): Promise<Pair> {
  const all = await pair(limits)
  const { world, there } = all
  there.tell('x', { type: 'add', amount: 3 })
  await world.settle()
  world.lease('b', false)
  world.move('counter', 0, 'b')
  await world.until(() => there.statistics().handedOver === 1)
  return all
}

test('an entity answers from wherever its shard is, one hop away', async () => {
  await using world = await RegionWorld.of('a b c')
  const regions = world.startType({ ...counter, numShards: 6 })
  world.giveAll('counter', 'a b c')
  await world.settle()
  for (const region of regions.values()) region.tell('x', add)
  await world.settle()
  for (const region of regions.values()) expect(await total(world, region)).toBe('x@1: 3')
  const sent = [...regions.values()].map((region) => region.statistics().sent)
  expect(sent.toSorted((left, right) => left - right)).toEqual([0, 2, 2])
})

describe('An entity', () => {
  test('that passivates itself loses nothing of what comes meanwhile', async () => {
    const { world, here, there } = await pair()
    await using _world = world
    for (const region of [here, there]) {
      for (let round = 0; round < 10; round++) {
        region.tell('x', { type: 'passivate' })
        region.tell('x', add)
      }
    }
    await world.settle()
    expect(here.statistics()).toMatchObject({ delivered: 40, dropped: {} })
    expect(here.statistics().passivated).toBeGreaterThan(1)
    expect(world.nodes.flatMap(({ lost }) => lost)).toEqual([])
  })

  test('that stops by itself leaves what it did not handle to its next life', async () => {
    const { world, here } = await pair()
    await using _world = world
    here.tell('x', add)
    here.tell('x', { type: 'stop' })
    here.tell('x', add)
    here.tell('x', add)
    expect(await total(world, here)).toBe('x@1: 2')
    expect(world.node('a').lost).toEqual([])
  })

  test('that fails begins anew with its next message', async () => {
    const { world, here } = await pair()
    await using _world = world
    here.tell('x', add)
    here.tell('x', { type: 'fail' })
    here.tell('x', add)
    expect(await total(world, here)).toBe('x@1: 1')
    expect(world.node('a').lost).toEqual(['failed /sharding/counter/x: {"type":"fail"}'])
  })

  test('that cannot begin does not try for ever', async () => {
    const { world, here } = await pair({}, { ...counter, entity: () => Behaviors.stopped })
    await using _world = world
    here.tell('x', add)
    await world.settle()
    expect(world.node('a').lost).toHaveLength(1)
    expect(here.statistics().entities).toBe(0)
  })

  test.each<[string, () => Behavior<unknown>]>([
    ['in what makes its behavior', () => fail()],
    ['in its setup', () => Behaviors.setup(fail)],
    ['with what is no behavior', () => 'none' as unknown as Behavior<unknown>],
  ])('that fails as it begins, %s, is tried once for what it was sent', async (_what, make) => {
    let starts = 0
    const entity = (): Behavior<unknown> => {
      starts++
      return make()
    }
    const { world, here } = await pair({}, { ...counter, entity: entity as typeof counter.entity })
    await using _world = world
    here.tell('x', add)
    const asked = here.ask<string>('x', (replyTo) => ({ type: 'total', replyTo }))
    await expect(world.settled(asked)).rejects.toMatchObject({ reason: 'stopped' })
    expect([starts, world.node('a').lost.length]).toEqual([1, 2])
    here.tell('x', add)
    await world.settle()
    expect([starts, world.node('a').lost.length]).toEqual([2, 3])
    expect(here.statistics()).toMatchObject({ entities: 0, waiting: 0 })
  })

  test('is passivated when it was idle for long, and only then', async () => {
    const log: string[] = []
    const { world, here } = await pair(
      {},
      {
        ...counter,
        idleTimeoutMs: 1_600,
        stopMessage: { type: 'stop' },
        entity: ({ entityId }) =>
          Behaviors.receive((message) => {
            log.push(`${entityId} ${message.type}`)
            return message.type === 'stop' ? Behaviors.stopped : Behaviors.same
          }),
      },
    )
    await using _world = world
    here.tell('idle', add)
    for (let round = 0; round < 4; round++) {
      here.tell('busy', add)
      await world.settle(1_000)
    }
    expect(here.statistics()).toMatchObject({ entities: 1, passivated: 1 })
    await world.settle(3_000)
    expect(here.statistics()).toMatchObject({ entities: 0, passivated: 2 })
    expect(log.filter((line) => line.endsWith('stop'))).toEqual(['idle stop', 'busy stop'])
  })

  test('is passivated from outside, where it lives', async () => {
    const { world, here, there } = await pair()
    await using _world = world
    here.tell('x', add)
    here.passivate('x')
    here.tell('x', add)
    expect(await total(world, here)).toBe('x@1: 1')
    expect(() => there.passivate('x')).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_NOT_AN_ENTITY' }),
    )
  })

  test('cannot be watched', async () => {
    const { world, here } = await pair()
    await using _world = world
    const { system } = world.node('a')
    expect(() => system.whenStopped(here.ref('x'), () => {})).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_NOT_WATCHABLE' }),
    )
  })

  test('may have any id that can be written in UTF-8', async () => {
    const { world, there } = await pair()
    await using _world = world
    for (const id of ['/../$x y', '🙂'.repeat(100), '=', 'x'.repeat(512)]) {
      there.tell(id, add)
      expect(await total(world, there, id)).toBe(`${id}@1: 1`)
    }
    // Of half a surrogate pair, the other nodes would make another id.
    for (const id of ['', 'x'.repeat(513), '🙂'.repeat(129), '\ud800', 'x\udc00y']) {
      expect(() => there.tell(id, add)).toThrow(
        expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION' }),
      )
    }
  })
})

describe('A ref to an entity', () => {
  test('is sent to another node, and works there, also where its type is not known', async () => {
    const { world, here } = await pair()
    await using _world = world
    here.tell('x', add)
    const { remoting, system } = world.node('a')
    const c = await world.start('c')
    await world.until(() => c.cluster.getState().members.every(({ status }) => status === 'up'))
    world.tell(c)
    const asker = Behaviors.receive<{ ref: ActorRef<Counting>; replyTo: ActorRef<string> }>(
      ({ ref, replyTo }) => ref.tell({ type: 'total', replyTo }),
    )
    c.system.spawn(asker, { name: 'asker' })
    const there: ActorRef<{ ref: ActorRef<Counting>; replyTo: ActorRef<string> }> = remoting.ref(
      c.cluster.self,
      '/asker',
    )
    const answer = system.ask(there, (replyTo: ActorRef<string>) => ({
      ref: here.ref('x'),
      replyTo,
    }))
    expect(await world.settled(answer)).toBe('x@1: 1')
  })

  test('to the whole region takes messages with the ids of those they are for', async () => {
    const { world, there } = await pair()
    await using _world = world
    there.regionRef.tell({ entityId: 'x', message: add })
    const { system } = world.node('b')
    const answer = system.ask(there.regionRef, (replyTo: ActorRef<string>) => ({
      entityId: 'x',
      message: { type: 'total' as const, replyTo },
    }))
    expect(await world.settled(answer)).toBe('x@1: 1')
  })
})

describe('A handoff', () => {
  test('brings over what entities hand over, and starts them', async () => {
    const { world, here, there } = await pair()
    await using _world = world
    for (let id = 0; id < 200; id++) there.tell(`e${id}`, { type: 'add', amount: id })
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().entities === 200)
    expect(here.statistics()).toMatchObject({ shards: 0, entities: 0, dropped: {} })
    expect(there.statistics()).toMatchObject({ shards: 1, handedOver: 200 })
    expect(await total(world, here, 'e17')).toBe('e17@2: 17')
    expect(await total(world, there, 'e199')).toBe('e199@2: 199')
  })

  test('hands over what its entities leave to an owner that does not know of the handoff yet', async () => {
    const { world, here, there } = await pair()
    await using _world = world
    for (let value = 0; value < 3; value++) here.tell('x', add)
    await world.settle()
    world.lagOf = () => 0
    world.node('b').isDeaf = true
    world.move('counter', 0, 'b')
    await world.settle(6)
    expect(world.ownerOf('counter', 0)).toBe('a')
    world.node('b').isDeaf = false
    world.tell(world.node('b'))
    await world.until(() => there.statistics().shards === 1)
    expect(there.statistics()).toMatchObject({ handedOver: 1 })
    expect(await total(world, there, 'x')).toBe('x@2: 3')
  })

  test.each([
    ['warns once of what is kept in memory and lost', () => {}, 1],
    [
      'warns of nothing where entities say that there is nothing to keep',
      (entity: EntityContext<Counting>) => entity.handOver(() => undefined),
      0,
    ],
  ])('%s', async (_does, prepare, count) => {
    const { world, here, there } = await pair(
      {},
      {
        ...counter,
        entity: (entity) => {
          prepare(entity)
          return Behaviors.receive<Counting>(() => {})
        },
      },
    )
    await using _world = world
    for (const id of ['x', 'y']) here.tell(id, add)
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().shards === 1)
    expect(there.statistics()).toMatchObject({ handedOver: 0, entities: 0 })
    for (const id of ['x', 'y']) here.tell(id, add)
    await world.until(() => there.statistics().entities === 2)
    world.move('counter', 0, 'a')
    await world.until(() => here.statistics().shards === 1)
    const warnings = world.nodes.map(({ log }) =>
      log.filter((line) => line.includes('what they kept in memory is lost')),
    )
    expect(warnings.map(({ length }) => length)).toEqual([count, count])
  })

  test('goes on without what cannot be handed over, and says so', async () => {
    const { world, here, there } = await pair(
      {},
      {
        ...counter,
        entity: (entity) => {
          entity.handOver(() => {
            if (entity.entityId === 'throws') throw new Error('no')
            if (entity.entityId === 'function') return () => {}
            return 'x'.repeat(entity.entityId === 'large' ? 2_000_000 : 10)
          })
          return Behaviors.receive<Counting>(() => {})
        },
      },
    )
    await using _world = world
    for (const id of ['throws', 'function', 'large', 'fits']) here.tell(id, add)
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().shards === 1)
    expect(there.statistics()).toMatchObject({ handedOver: 1, entities: 1 })
    expect(
      world
        .node('a')
        .log.filter((line) => line.includes('hands over'))
        .toSorted(),
    ).toEqual([
      'What function hands over cannot be sent',
      'What large hands over cannot be sent',
      'What throws hands over could not be had',
    ])
  })

  test('goes on where what is handed over does not arrive in time, and says so', async () => {
    const { world, here, there } = await pair({ maxHandOverBytes: 5, handOverTimeoutMs: 700 })
    await using _world = world
    for (let id = 0; id < 10; id++) here.tell(`e${id}`, add)
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().shards === 1)
    expect(there.statistics()).toMatchObject({ handedOver: 0, entities: 0 })
    expect(world.node('a').log).toContain(
      'counter: What entities of shard 0 hand over has not arrived in time, and is lost',
    )
  })

  test('stops by force what does not end, and goes on without it at last', async () => {
    const { world, here, there } = await pair({ handoffTimeoutMs: 200, stopTimeoutMs: 100 })
    await using _world = world
    using _release = { [Symbol.dispose]: () => goOn() }
    here.tell('x', { type: 'hang' })
    here.tell('x', add)
    here.tell('y', add)
    const stuck = there.ask('x', (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }))
    const outcome = stuck.catch((error: unknown) => error)
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().shards === 1)
    expect(here.statistics()).toMatchObject({ forced: 1, leftBehind: 1 })
    expect(await total(world, here, 'y')).toMatch(/^y@2: 1/)
    // What never came to an end is an answer less, but no promise more.
    expect(await world.settled(outcome, 60_000)).toMatchObject({ name: 'ActorError' })
  })

  test('of a shard that came back waits for what is left of the life before', async () => {
    let isHeld = true
    const { world, here, there } = await pair(
      { handoffTimeoutMs: 50, stopTimeoutMs: 50 },
      {
        ...counter,
        entity: (entity) =>
          Behaviors.withLifecycle(counting(hooksOf(entity)), {
            postStop: async () => {
              while (isHeld) {
                await new Promise<void>((resolve) => world.clock.schedule(10, () => resolve()))
              }
            },
          }),
      },
    )
    await using _world = world
    here.tell('x', add)
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().shards === 1)
    isHeld = false
    world.move('counter', 0, 'a')
    await world.until(() => here.statistics().shards === 1)
    expect(await total(world, there)).toBe('x@3: 0')
  })

  test('hands on what came for an entity that still waits for the end of a former life', async () => {
    const { world, here, there } = await pair({ handoffTimeoutMs: 50, stopTimeoutMs: 50 })
    await using _world = world
    using _release = { [Symbol.dispose]: () => goOn() }
    here.tell('x', { type: 'hang' })
    await world.settle()
    world.move('counter', 0, 'b')
    await world.until(() => there.statistics().shards === 1)
    there.tell('x', { type: 'add', amount: 3 })
    await world.settle()
    world.move('counter', 0, 'a')
    await world.until(() => here.statistics().handedOver === 1)
    world.move('counter', 0, 'b')
    await world.until(() => world.ownerOf('counter', 0) === 'b')
    expect(await total(world, there)).toBe('x@4: 3')
  })

  test('has a node that has not heard of it send again what it sent to the former owner', async () => {
    await using world = await RegionWorld.of('a b c', { fenceTimeoutMs: 20 })
    const regions = world.startType(counter)
    world.give('counter', 0, 'a')
    await world.settle()
    world.node('c').isDeaf = true
    world.move('counter', 0, 'b')
    await world.until(() => world.ownerOf('counter', 0) === 'b')
    await world.settle()
    for (let round = 0; round < 5; round++) of(regions, 'c').tell('x', add)
    const answer = of(regions, 'c').ask('x', (replyTo: ActorRef<string>) => ({
      type: 'total',
      replyTo,
    }))
    await world.settle()
    expect(of(regions, 'c').statistics()).toMatchObject({ cameBack: 6, waiting: 6 })
    world.node('c').isDeaf = false
    world.tell(world.node('c'))
    expect(await world.settled(answer)).toBe('x@2: 5')
    expect(of(regions, 'a').statistics().sentBack).toBe(6)
  })

  test('has an owner that has not heard of it keep what others send', async () => {
    const { world, here, there } = await pair()
    await using _world = world
    world.node('b').isDeaf = true
    world.move('counter', 0, 'b')
    await world.settle(2_500) // Nobody but b would have sent a fence.
    here.tell('x', add)
    const answer = here.ask('x', (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }))
    await world.settle()
    expect(there.statistics()).toMatchObject({ waiting: 2, delivered: 0 })
    world.node('b').isDeaf = false
    world.tell(world.node('b'))
    expect(await world.settled(answer)).toBe('x@2: 1')
  })
})

describe('Without a lease', () => {
  test('nothing is handled, and nothing is lost', async () => {
    const { world, here, there } = await pair()
    await using _world = world
    here.tell('x', add)
    await world.settle()
    world.lease('a', false)
    for (const region of [here, there]) {
      region.tell('x', add)
      region.tell('new', add)
    }
    const answer = there.ask('x', (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }))
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    await world.settle(1_000)
    expect(isAnswered).toBe(false)
    world.lease('a', true)
    expect(await world.settled(answer)).toBe('x@1: 3')
    expect(await total(world, here, 'new')).toBe('new@1: 2')
  })

  test('entities of a shard that is given away stop without handling what they have', async () => {
    const log: string[] = []
    const { world, here, there } = await pair(
      {},
      {
        ...counter,
        entity: (entity) => {
          const { epoch } = entity
          return Behaviors.withLifecycle(
            Behaviors.receive<Counting>(({ type }) => void log.push(`${type}@${epoch}`)),
            { postStop: () => void log.push(`stopped@${epoch}`) },
          )
        },
      },
    )
    await using _world = world
    here.tell('x', add)
    await world.settle()
    world.lease('a', false)
    here.tell('x', add)
    world.give('counter', 0, 'b')
    await world.settle()
    expect(log).toEqual(['add@1', 'stopped@1'])
    expect(world.node('a').lost).toEqual(['stopped /sharding/counter/x: {"type":"add","amount":1}'])
    here.tell('x', add)
    await world.settle()
    expect(log).toEqual(['add@1', 'stopped@1', 'add@2'])
    expect(there.statistics().delivered).toBe(1)
  })

  test('an entity that was to begin does not, where its shard turns out to be over with the next lease', async () => {
    const begun: string[] = []
    const { world, here, there } = await pair(
      {},
      {
        ...counter,
        entity: (entity) => {
          begun.push(`${entity.entityId}@${entity.epoch}`)
          return counting(hooksOf(entity))
        },
      },
    )
    await using _world = world
    world.lease('a', false)
    here.tell('x', add)
    await world.settle()
    world.node('a').isDeaf = true
    world.give('counter', 0, 'b')
    await world.settle()
    there.tell('x', add)
    await world.settle()
    world.lease('a', true)
    world.node('a').isDeaf = false
    world.tell(world.node('a'))
    await world.settle()
    expect(begun).toEqual(['x@2'])
    expect(here.statistics()).toMatchObject({ shards: 0, entities: 0 })
    expect(await total(world, there)).toBe('x@2: 1')
  })

  test('what was handed over to an entity is for its life under the next epoch, where it has not begun by then', async () => {
    const { world, here } = await unbegunAtB()
    await using _world = world
    world.give('counter', 0, 'b')
    await world.settle()
    world.lease('b', true)
    expect(await total(world, here)).toBe('x@3: 3')
  })

  test('what was handed over to an entity is handed on where its shard moves before it has begun', async () => {
    const { world, here, there } = await unbegunAtB({ handoffTimeoutMs: 50, stopTimeoutMs: 50 })
    await using _world = world
    world.move('counter', 0, 'a')
    await world.until(() => here.statistics().shards === 1)
    expect(there.statistics()).toMatchObject({ forced: 1, leftBehind: 0 })
    expect(await total(world, there)).toBe('x@3: 3')
  })
})

describe('Without a home', () => {
  test('messages wait, and go in order once there is one', async () => {
    await using world = await RegionWorld.of('a b')
    const regions = world.startType(counter)
    await world.settle()
    of(regions, 'b').tell('x', add)
    of(regions, 'b').tell('x', { type: 'add', amount: 10 })
    const answer = of(regions, 'b').ask('x', (replyTo: ActorRef<string>) => ({
      type: 'total',
      replyTo,
    }))
    await world.settle()
    expect(of(regions, 'b').statistics().waiting).toBe(3)
    expect(of(regions, 'b').explain(0).summary).toBe(
      'Nobody owns it yet: no member that is up hosts its type, or has only just begun to. 3 messages wait for it here.',
    )
    world.give('counter', 0, 'a')
    expect(await world.settled(answer)).toBe('x@1: 11')
  })

  test('they are counted and told of alike, whether the entity failed on them or they never came to it', async () => {
    await using world = await RegionWorld.of('a', { bufferTimeoutMs: 300 })
    const region = of(world.startType(counter), 'a')
    region.tell('x', add)
    await world.until(() => region.statistics().waiting === 0)
    world.give('counter', 0, 'a')
    region.tell('x', { type: 'fail' })
    await world.until(() => world.node('a').lost.length === 2)
    expect(world.node('a').lost).toEqual([
      'overdue /sharding/counter/x: {"type":"add","amount":1}',
      'failed /sharding/counter/x: {"type":"fail"}',
    ])
    expect(region.statistics().dropped).toEqual({ overdue: 1, failed: 1 })
  })

  test('they wait no longer than their time, and a question learns of it', async () => {
    await using world = await RegionWorld.of('a b', { bufferTimeoutMs: 300 })
    const regions = world.startType(counter)
    await world.settle()
    const region = of(regions, 'b')
    region.tell('x', add)
    const asked = region
      .ask('x', (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }))
      .catch((error: unknown) => error)
    expect(await world.settled(asked, 400)).toMatchObject({
      code: 'CASTY_ACTOR_ASK_UNANSWERED',
      reason: 'overdue',
    })
    expect(region.statistics()).toMatchObject({ waiting: 0, dropped: { overdue: 2 } })
  })

  test('there is room for so many, and no more', async () => {
    await using world = await RegionWorld.of('a b', { maxBufferedPerShard: 2, maxBuffered: 3 })
    const regions = world.startType({ ...counter, numShards: 2 })
    await world.settle()
    const region = of(regions, 'b')
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    for (const id of ids) region.tell(id, add)
    expect(region.statistics()).toMatchObject({ waiting: 3, dropped: { 'buffer-full': 5 } })
    const asked = region
      .ask('a', (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }))
      .catch((error: unknown) => error)
    expect(await world.settled(asked, 10)).toMatchObject({ reason: 'buffer-full' })
  })

  test('those for a node that died go to whoever has its shards next', async () => {
    await using world = await RegionWorld.of('a b c')
    const regions = world.startType(counter)
    world.give('counter', 0, 'b')
    await world.settle()
    of(regions, 'a').tell('x', add)
    await world.settle()
    await world.kill('b')
    const { cluster } = world.node('a')
    await world.until(() => cluster.getState().unreachable.size > 0)
    of(regions, 'a').tell('x', add)
    const answer = of(regions, 'a').ask(
      'x',
      (replyTo: ActorRef<string>) => ({ type: 'total', replyTo }),
      { timeoutMs: 20_000 },
    )
    await world.settle(1_000)
    world.give('counter', 0, 'c')
    expect(await world.settled(answer)).toBe('x@2: 1')
  })
})

describe('A message that cannot be sent', () => {
  test('throws where it is told to a node further away', async () => {
    const { world, there } = await pair()
    await using _world = world
    const wrong = { type: 'add', amount: () => 1 } as unknown as Counting
    expect(() => there.tell('x', wrong)).toThrow(
      expect.objectContaining({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }),
    )
    const large = { type: 'add', amount: 'x'.repeat(2_000_000) } as unknown as Counting
    expect(() => there.tell('x', large)).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_MESSAGE_TOO_LARGE' }),
    )
  })

  test('is the outcome of a question', async () => {
    const { world, there } = await pair()
    await using _world = world
    const asked = there
      .ask<string>('x', (replyTo) => ({ type: 'total', replyTo, more: () => 1 }) as Counting)
      .catch((error: unknown) => error)
    expect(await world.settled(asked, 10)).toMatchObject({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' })
  })
})

test('a region that only sends begins to host when it is told to', async () => {
  await using world = await RegionWorld.of('a b')
  const { regions } = world.node('b')
  const proxy = regions.start<Counting>(checkProxy(counter))
  world.node('a').regions.start<Counting>(checkType(counter))
  world.declare({ name: 'counter', numShards: 1, replicas: 0, disks: 0 })
  world.give('counter', 0, 'a')
  await world.settle()
  proxy.tell('x', add)
  const region = regions.start<Counting>(checkType(counter))
  expect(region).toBe(proxy)
  world.move('counter', 0, 'b')
  await world.until(() => region.statistics().shards === 1)
  expect(await total(world, proxy)).toBe('x@2: 1')
})

describe('A ref to an entity of a type that is not known here', () => {
  const echo: EntityType<Counting> = { name: 'echo', numShards: 4, entity: () => Behaviors.ignore }
  const malformed: unknown = expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' })

  test('does not keep the type from being started as it really is', async () => {
    await using world = await RegionWorld.of('a')
    const { regions, remoting } = world.node('a')
    const wrong = remoting.refFromText('*sharding echo 7 x') as ActorRef<Counting>
    wrong.tell(add)
    const region = regions.start<Counting>(checkType(echo))
    expect(region.numShards).toBe(4)
    expect(world.node('a').lost).toEqual(['stopped /sharding/echo/x: {"type":"add","amount":1}'])
    expect(() => wrong.tell(add)).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_TYPE_DIFFERS' }),
    )
    expect(remoting.refToText(remoting.refFromText('*sharding echo 7 x'))).toBe(
      '*sharding echo 4 x',
    )
  })

  test('goes by the table as soon as that knows the type', async () => {
    await using world = await RegionWorld.of('a')
    const { regions, remoting } = world.node('a')
    remoting.refFromText('*sharding echo 7 x')
    world.declare({ name: 'echo', numShards: 4, replicas: 0, disks: 0 })
    await world.settle()
    expect(regions.all).toHaveLength(0)
    remoting.refFromText('*sharding echo 9 x')
    expect(regions.all.map(({ numShards }) => numShards)).toEqual([4])
  })

  test('takes no memory beyond a bound, however many types are named', async () => {
    await using world = await RegionWorld.of('a')
    const { regions, remoting } = world.node('a')
    remoting.refFromText('*sharding type0 65536 x')
    for (let count = 1; count < 100; count++) {
      expect(() => remoting.refFromText(`*sharding type${count} 65536 x`)).toThrow(malformed)
    }
    expect(regions.all).toHaveLength(1)
    regions.start(checkProxy({ name: 'type0', numShards: 65_536 }))
    remoting.refFromText('*sharding type1 65536 x') // The first is a user's by now.
    expect(regions.all).toHaveLength(2)
  })

  test('is refused where it names no entity', async () => {
    await using world = await RegionWorld.of('a')
    const { remoting } = world.node('a')
    expect(() => remoting.refFromText(`*sharding echo 7 ${'x'.repeat(513)}`)).toThrow(malformed)
  })
})
