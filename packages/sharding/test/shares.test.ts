// One message for several entities: what is common travels once to each node, and each share is a message of its own.
import { Behaviors } from '@casty/actor'
import { ByteReader, ByteWriter } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EntityRegion, Share } from '@casty/sharding'
import { checkProxy } from '../src/entity-type.ts'
import { Letter } from '../src/region/letter.ts'
import { hashOf, shardOf } from '../src/region/shard-of.ts'
import { readShares, runsOf, writeShares, type AddressedShare } from '../src/region/share.ts'
import { regionFrameTypes } from '../src/region/wire.ts'
import { RegionWorld } from './region-world.ts'

type Telling = Share<string>

/** What all entities of a world were told, as `node entity: common own`. */
class Told {
  readonly all: string[] = []

  async start(hosts: string, numShards: number): Promise<RegionWorld> {
    const world = await RegionWorld.of(hosts)
    this.regions = world.startType<Telling>({
      name: 'told',
      numShards,
      idleTimeoutMs: Infinity,
      entity: ({ entityId, epoch }) =>
        Behaviors.receive(({ common, own }) => {
          this.all.push(`${entityId}@${epoch}: ${common} ${own.join('.')}`)
          return Behaviors.same
        }),
    })
    return world
  }

  regions: ReadonlyMap<string, EntityRegion<Telling>> = new Map()

  at(host: string): EntityRegion<Telling> {
    const region = this.regions.get(host)
    if (!region) throw new Error(`No region at ${host}`)
    return region
  }

  take(): readonly string[] {
    return this.all.splice(0).toSorted()
  }
}

/** Types of frames between regions that a node gets from now on. */
function framesAt(world: RegionWorld, host: string): readonly number[] {
  const types: number[] = []
  world.node(host).cluster.endpoint.filter((_from, frameType) => {
    if (ofRegions.has(frameType)) types.push(frameType)
    return true
  })
  return types
}

const ofRegions: ReadonlySet<number> = new Set(Object.values(regionFrameTypes))
const one = Uint8Array.of(1)
/** Ids, each in the shard at its place, of as many. */
function idsByShard(numShards: number): readonly string[] {
  return Array.from({ length: numShards }, (_, shard) => {
    for (let id = 0; ; id++) if (shardOf(`e${id}`, numShards) === shard) return `e${id}`
  })
}

test('what is told to each of several entities reaches all of them, in one frame for each node', async () => {
  const told = new Told()
  await using world = await told.start('a b c', 9)
  world.giveAll('told', 'a b c')
  await world.settle()
  const ids = idsByShard(9)
  const region = told.at('a')
  const [atB, atC] = [framesAt(world, 'b'), framesAt(world, 'c')]
  region.tellEach(
    'hello',
    ids.map((id, at) => [id, Uint8Array.of(at)] as const),
  )
  await world.settle()
  expect(told.take()).toEqual(ids.map((id, at) => `${id}@1: hello ${at}`).toSorted())
  expect([atB, atC]).toEqual([[regionFrameTypes.shares], [regionFrameTypes.shares]])
  expect(region.statistics().sent).toBe(6)
})

test('of shares for many entities of one node, one frame holds as many as fit, and each arrives', async () => {
  const told = new Told()
  await using world = await told.start('a b', 1)
  world.give('told', 0, 'b')
  await world.settle()
  const ids = Array.from({ length: 100 }, (_, at) => `id-${at}`)
  const frames = framesAt(world, 'b')
  told.at('a').tellEach(
    'x',
    ids.map((id) => [id, new Uint8Array(1_000)] as const),
  )
  await world.settle()
  expect(told.take()).toHaveLength(100)
  // 100,000 bytes, and no more than 32,768 in one.
  expect(frames).toEqual(Array.from({ length: 4 }, () => regionFrameTypes.shares))
})

test('where one of the entities has moved, only its share comes back, and goes on to where it is', async () => {
  const told = new Told()
  await using world = await told.start('a b c', 4)
  world.giveAll('told', 'b')
  await world.settle()
  const ids = idsByShard(4)
  const tell = (what: string): void =>
    told.at('a').tellEach(
      what,
      ids.map((id) => [id, one] as const),
    )
  tell('first')
  await world.settle()
  told.take()
  // The sender learns last that the shard is another's now.
  world.lagOf = (index) => (index === 0 ? 20 : 0)
  world.give('told', 2, 'c')
  await world.settle(5)
  tell('second')
  tell('third')
  await world.settle(200)
  const now = (what: string): readonly string[] =>
    ids.map((id, shard) => `${id}@${shard === 2 ? 2 : 1}: ${what} 1`)
  expect(told.take()).toEqual([...now('second'), ...now('third')].toSorted())
  expect(told.at('b').statistics().sentBack).toBe(2)
  expect(told.at('a').statistics()).toMatchObject({ cameBack: 2, dropped: {} })
})

test('a share for a shard that its new owner does not know to have yet waits there, and the others do not', async () => {
  const told = new Told()
  await using world = await told.start('a b c', 2)
  world.giveAll('told', 'b')
  await world.settle()
  const ids = idsByShard(2)
  // The new owner learns last.
  world.lagOf = (index) => (index === 2 ? 30 : 0)
  world.give('told', 0, 'c')
  world.give('told', 1, 'c')
  world.give('told', 1, 'b')
  await world.settle(5)
  told.at('a').tellEach(
    'x',
    ids.map((id) => [id, one] as const),
  )
  await world.settle(10)
  expect(told.take()).toEqual([`${ids[1]}@3: x 1`])
  await world.settle(100)
  expect(told.take()).toEqual([`${ids[0]}@2: x 1`])
})

test('one that is too large is told to whoever sends, and the others arrive', async () => {
  const told = new Told()
  await using world = await told.start('a b', 1)
  world.give('told', 0, 'b')
  await world.settle()
  const tooLong = new Uint8Array(world.node('a').cluster.endpoint.maxFrameBytes('data'))
  const shares = [
    ['before', one],
    ['large', tooLong],
    ['behind', one],
  ] as const
  expect(() => told.at('a').tellEach('x', shares)).toThrow(
    expect.objectContaining({ code: 'CASTY_SHARDING_MESSAGE_TOO_LARGE' }),
  )
  await world.settle()
  expect(told.take()).toEqual(['before@1: x 1', 'behind@1: x 1'])
})

test('where several cannot be sent, all reasons are told, and the others arrive', async () => {
  const told = new Told()
  await using world = await told.start('a b', 1)
  world.give('told', 0, 'b')
  await world.settle()
  const tooLong = new Uint8Array(world.node('a').cluster.endpoint.maxFrameBytes('data'))
  const shares = [
    ['large', tooLong],
    ['larger', tooLong],
    ['behind', one],
  ] as const
  const tooLarge = (id: string): unknown =>
    expect.objectContaining({
      code: 'CASTY_SHARDING_MESSAGE_TOO_LARGE',
      message: expect.stringContaining(`told/${id} `) as unknown,
    })
  const errors = [tooLarge('large'), tooLarge('larger')]
  expect(() => told.at('a').tellEach('x', shares)).toThrow(
    expect.objectContaining({
      code: 'CASTY_SHARDING_NOT_SENT',
      cause: expect.objectContaining({ errors }) as unknown,
    }),
  )
  await world.settle()
  expect(told.take()).toEqual(['behind@1: x 1'])
})

test('where many cannot be sent, the message tells a few reasons, and the cause all', async () => {
  const told = new Told()
  await using world = await told.start('a b', 1)
  world.give('told', 0, 'b')
  await world.settle()
  const tooLong = new Uint8Array(world.node('a').cluster.endpoint.maxFrameBytes('data'))
  const shares = Array.from({ length: 20 }, (_, index) => [`large-${index}`, tooLong] as const)
  let thrown: unknown
  try {
    told.at('a').tellEach('x', shares)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ message: expect.stringMatching(/ And 15 more\.$/) as unknown })
  const { message, cause } = thrown as Error & { readonly cause: AggregateError }
  expect(message.match(/told\/large-/g)).toHaveLength(5)
  expect(cause.errors).toHaveLength(20)
})

test('shares of what cannot be encoded are told to whoever sends; those who live here get them', async () => {
  const told = new Told()
  await using world = await told.start('a b', 2)
  world.giveAll('told', 'a b')
  await world.settle()
  const [here = '', there = ''] = idsByShard(2)
  const tell = (): void =>
    told.at('a').tellEach((() => {}) as unknown as string, [
      [here, one],
      [there, one],
    ])
  expect(tell).toThrow(expect.objectContaining({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }))
  await world.settle()
  expect(told.take()).toHaveLength(1)
})

test('shares for a type that is not known are dead letters, each', async () => {
  await using world = await RegionWorld.of('a b')
  world.declare({ name: 'told', numShards: 2, replicas: 0, disks: 0 })
  world.giveAll('told', 'b')
  await world.settle()
  const region = world.node('a').regions.start<Telling>(checkProxy({ name: 'told', numShards: 2 }))
  const [first = '', second = ''] = idsByShard(2)
  region.tellEach('x', [
    [first, one],
    [second, one],
  ])
  await world.settle()
  const path = `/sharding/#${hashOf('told').toString(16)}`
  expect(world.node('b').lost).toEqual([
    expect.stringContaining(`not-found ${path}/${first}: `),
    expect.stringContaining(`not-found ${path}/${second}: `),
  ])
})

test('a frame of shares that breaks off, or names a shard that there is not, is counted; what came before it arrives', async () => {
  const told = new Told()
  await using world = await told.start('a b', 1)
  world.give('told', 0, 'a')
  await world.settle()
  const { codec } = world.node('b').remoting
  const { endpoint } = world.node('b').cluster
  const to = world.identity('a')
  const common = codec.encode(to, 'x').slice()
  const send = (more: (out: ByteWriter) => ByteWriter): void => {
    const out = new ByteWriter().u32(hashOf('told')).bytes(common, common.length)
    out.varint(0).varint(1).string('good', 10).bytes(one, 1)
    endpoint.send(to, 'data', regionFrameTypes.shares, more(out).finish())
  }
  send((out) => out.varint(1).varint(1).string('none', 10).bytes(one, 1))
  send((out) => out.varint(0).varint(1).varint(200))
  await world.settle()
  expect(told.take()).toEqual(['good@1: x 1', 'good@1: x 1'])
  expect(world.node('a').cluster.endpoint.counters().dropped.malformed).toBe(2)
})

test('shares of one entity arrive once and in the order in which they were told, whatever moves meanwhile', async () => {
  const moves = fc.array(
    fc.record({ shard: fc.nat(3), to: fc.constantFrom('b', 'c'), passMs: fc.nat(8) }),
    { maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(
      moves,
      fc.array(fc.nat(40), { minLength: 3, maxLength: 3 }),
      async (all, lags) => {
        const told = new Told()
        await using world = await told.start('a b c', 4)
        world.giveAll('told', 'b c')
        await world.settle()
        world.lagOf = (index) => lags[index] ?? 0
        const ids = idsByShard(4)
        let said = 0
        const tell = (): void => {
          said++
          told.at('a').tellEach(
            'x',
            ids.map((id) => [id, Uint8Array.of(said)] as const),
          )
        }
        for (const { shard, to, passMs } of all) {
          tell()
          if (world.ownerOf('told', shard) !== to) world.move('told', shard, to)
          tell()
          await world.settle(passMs)
        }
        tell()
        await world.settle(5_000)
        for (const id of ids) {
          const heard = told.all
            .filter((line) => line.startsWith(`${id}@`))
            .map((line) => line.split(' ').at(-1))
          expect(heard).toEqual(Array.from({ length: said }, (_, at) => String(at + 1)))
        }
      },
    ),
    { numRuns: 25, seed: 5 },
  )
})

const keeper = { pathOf: (id: string) => id, takesBack: () => false, dropped: () => {} }
const addressed = fc
  .record({
    shard: fc.nat(300),
    epoch: fc.maxSafeNat(),
    entityId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    own: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ shard, epoch, entityId, own }): AddressedShare => ({
    letter: new Letter(keeper, shard, entityId, { common: 'x', own }),
    own,
    epoch,
  }))

test('shares are read as they were written', () => {
  const common = Uint8Array.of(1, 2, 3)
  fc.assert(
    fc.property(fc.array(addressed, { maxLength: 20 }), (shares) => {
      const out = new ByteWriter()
      writeShares(out, 7, common, shares)
      const from = new ByteReader(out.finish())
      expect([from.u32(), from.bytes(10)]).toEqual([7, common])
      expect([...readShares(from)]).toEqual(
        shares.map(({ epoch, own, letter: { shard, entityId } }) => ({
          shard,
          epoch,
          entityId,
          own,
        })),
      )
    }),
  )
})

test('runs of shares hold all of them in order, and none takes more than it may unless it is one share', () => {
  fc.assert(
    fc.property(
      fc.array(addressed, { maxLength: 40 }),
      fc.integer({ min: -50, max: 2_000 }),
      (shares, maxBytes) => {
        const runs = [...runsOf(shares, maxBytes)]
        expect(runs.flat()).toEqual(shares)
        for (const run of runs) {
          const out = new ByteWriter()
          writeShares(out, 7, new Uint8Array(0), run)
          expect(run.length === 1 || out.length - 5 <= maxBytes).toBe(true)
        }
      },
    ),
  )
})
