// Frames that nobody vouches for: they are counted, and change nothing.
import { Behaviors, type ActorRef } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { checkProxy } from '../src/entity-type.ts'
import { hashOf } from '../src/region/shard-of.ts'
import { regionFrameTypes } from '../src/region/wire.ts'
import { RegionWorld } from './region-world.ts'

interface Question {
  readonly replyTo: ActorRef<string>
}

const frameTypes = Object.values(regionFrameTypes)

test('whatever bytes come, entities go on', async () => {
  const random = seededRandom(7)
  await using world = await RegionWorld.of('a b')
  const regions = world.startType<Question>({
    name: 'echo',
    numShards: 2,
    entity: ({ entityId }) => Behaviors.receive(({ replyTo }) => replyTo.tell(entityId)),
  })
  world.giveAll('echo', 'a b')
  await world.settle()
  const { endpoint } = world.node('b').cluster
  const { self } = world.node('a').cluster
  const count = Number(process.env['CASTY_RUNS'] ?? 3_000)
  for (let frame = 0; frame < count; frame++) {
    const writer = new ByteWriter().u32(random() < 0.9 ? hashOf('echo') : random() * 2 ** 32)
    // Often enough it looks like a frame, up to some point.
    for (let field = random() * 6; field > 0; field--) {
      const draw = random()
      if (draw < 0.5) writer.varint(Math.floor(random() * 4))
      else if (draw < 0.75) writer.varint(Math.floor(random() * Number.MAX_SAFE_INTEGER))
      else writer.string('x'.repeat(random() * 20), 20)
    }
    for (let byte = random() * 10; byte > 0; byte--) writer.u8(Math.floor(random() * 256))
    const frameType = frameTypes[Math.floor(random() * frameTypes.length)] ?? 41
    endpoint.send(self, 'data', frameType, writer.view())
    if (frame % 100 === 0) await world.settle(5)
  }
  await world.settle(5_000)
  const { dropped } = world.node('a').cluster.endpoint.counters()
  expect(dropped.malformed).toBeGreaterThan(count / 4)
  for (const region of regions.values()) {
    for (const id of ['x', 'y', 'z']) {
      const answer = region.ask<string>(id, (replyTo) => ({ replyTo }))
      expect(await world.settled(answer)).toBe(id)
    }
  }
})

test('frames for shards that there are not are counted as malformed', async () => {
  await using world = await RegionWorld.of('a b')
  world.startType<Question>({ name: 'echo', numShards: 2, entity: () => Behaviors.ignore })
  const { endpoint } = world.node('b').cluster
  const { self } = world.node('a').cluster
  const types = [regionFrameTypes.fence, regionFrameTypes.drained, regionFrameTypes.handedOver]
  for (const frameType of types) {
    const writer = new ByteWriter().u32(hashOf('echo')).varint(2).varint(1)
    if (frameType !== regionFrameTypes.drained) writer.varint(1)
    endpoint.send(self, 'data', frameType, writer.view())
  }
  await world.settle()
  expect(world.node('a').cluster.endpoint.counters().dropped.malformed).toBe(3)
})

test('frames under an epoch that nobody can have come to are counted as malformed', async () => {
  await using world = await RegionWorld.of('a b')
  world.startType<Question>({ name: 'echo', numShards: 2, entity: () => Behaviors.ignore })
  const { endpoint } = world.node('b').cluster
  const { self } = world.node('a').cluster
  const { envelope, returned, fence, handOver, handedOver } = regionFrameTypes
  const begin = (): ByteWriter => new ByteWriter().u32(hashOf('echo')).varint(0)
  const frames = (epoch: number): readonly (readonly [number, ByteWriter])[] => [
    [envelope, begin().varint(epoch).u8(0).string('x', 9).varint(0)],
    [returned, begin().varint(epoch).varint(1).u8(0).string('x', 9).varint(0)],
    [returned, begin().varint(1).varint(epoch).u8(0).string('x', 9).varint(0)],
    [fence, begin().varint(epoch).varint(7)],
    [handOver, begin().varint(epoch).varint(0).varint(1).count(0)],
    [handedOver, begin().varint(epoch).varint(1)],
  ]
  for (const [frameType, writer] of frames(2 ** 51)) {
    endpoint.send(self, 'data', frameType, writer.view())
  }
  await world.settle()
  const { dropped } = world.node('a').cluster.endpoint.counters()
  expect(dropped.malformed).toBe(frames(0).length)
})

test('a large frame of shares is not taken apart: what is common would go back with each of thousands', async () => {
  await using world = await RegionWorld.of('a b')
  const regions = world.startType<Question>({
    name: 'echo',
    numShards: 2,
    entity: () => Behaviors.ignore,
  })
  world.giveAll('echo', 'b')
  await world.settle()
  const { endpoint } = world.node('b').cluster
  const common = world.node('b').remoting.codec.encode(world.identity('a'), 'x'.repeat(16_000))
  const send = (count: number): void => {
    const writer = new ByteWriter().u32(hashOf('echo')).bytes(common, common.length)
    // The shard is not with whom it is sent to: each goes back.
    for (let share = 0; share < count; share++) {
      writer.varint(0).varint(1).string('e', 9).bytes(new Uint8Array(0), 0)
    }
    endpoint.send(world.identity('a'), 'data', regionFrameTypes.shares, writer.view())
  }
  send(10)
  await world.settle()
  expect(regions.get('a')?.statistics().sentBack).toBe(10)
  send(10_000)
  await world.settle()
  expect(regions.get('a')?.statistics().sentBack).toBe(10)
  expect(world.node('a').cluster.endpoint.counters().dropped.malformed).toBe(1)
})

test('a message for a type that is not known is a dead letter, whoever asks by it is told, and fences are echoed', async () => {
  await using world = await RegionWorld.of('a b')
  const { regions, cluster } = world.node('a')
  const settings = { name: 'echo', numShards: 1, replicas: 0, disks: 0 }
  world.declare(settings)
  world.give('echo', 0, 'b')
  await world.settle()
  const region = regions.start<Question>(checkProxy({ name: 'echo', numShards: 1 }))
  const asked = region.ask<string>('x', (replyTo) => ({ replyTo }))
  const failed = expect(asked).rejects.toMatchObject({ reason: 'not-found' })
  await world.settle(10)
  await failed
  const path = `/sharding/#${hashOf('echo').toString(16)}/x`
  expect(world.node('b').lost).toEqual([expect.stringContaining(`not-found ${path}: `)])
  world.move('echo', 0, 'a')
  await world.settle(10)
  // Nothing waits for the echo any more once it has come.
  world.give('echo', 0, 'a')
  await world.settle(10)
  expect(region.explain(0).route).toBe('here')
  expect(cluster.endpoint.counters().dropped.malformed).toBe(0)
})
