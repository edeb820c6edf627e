// Events of a shard on its owner and on replicas.
import { journalCompliance } from '@casty/persistence/compliance'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReplicatedShard } from '../src/replication/replicated-shard.ts'
import type { ReplicationOutcome } from '../src/replication/replication-outcome.ts'
import type { Operation } from '../src/replication/copy.ts'
import { atEndOfTurn } from '../src/replication/end-of-turn.ts'
import { partsOfFrame } from '../src/replication/frames-of-turn.ts'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { Replica } from '../src/replication/replica.ts'
import { ReplicatedJournal } from '../src/replication/replicated-journal.ts'
import { ReplicatedShard as Shard } from '../src/replication/replicated-shard.ts'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { decodeAnswer, decodeRequest, encodeRequest } from '../src/replication/replication-codec.ts'
import { limits, ReplicationWorld, type CopyNode } from './replication-world.ts'

/** Where something is on its way to a node, or from it; -1 where nothing is. */
function flightOf({ flights }: ReplicationWorld, { node: { key } }: CopyNode): number {
  return flights.findIndex(({ from, to }) => from === key || to === key)
}

journalCompliance('ReplicatedJournal', {
  async create() {
    const room = new CopyRoom(1_000_000_000)
    const copies = new ShardCopies(room)
    const node = NodeIdentity.of(NodeAddress.of('replica', 1), 1)
    const replica = new Replica(new ShardCopies(new CopyRoom(1_000_000_000)))
    const shard: Shard = new Shard(
      1,
      copies,
      { replicas: 1, minAcks: 1, ackTimeoutMs: 1_000, ownAck: true, batchBytes: 200_000 },
      {
        send: (_to, request) =>
          queueMicrotask(() => {
            replica.answer({ epoch: 1, lineage: undefined }, request, (answer) =>
              shard.answered(node, answer, 0),
            )
          }),
        isReachable: () => true,
        stays: () => true,
        fenced: () => {},
        replicated: () => {},
        contested: () => {},
        mayBeElsewhere: () => false,
        noRoom: () => {},
        atEndOfTurn,
      },
    )
    shard.follow([node], 0)
    return {
      open: async () =>
        new ReplicatedJournal(shard, limits, {
          now: () => 0,
          deadlineMoved: () => {},
          timedOut: () => {},
        }),
      fill: async () => void (room.maxBytes = room.usedBytes),
      makeRoom: async () => void (room.maxBytes = 1_000_000_000),
      [Symbol.asyncDispose]: async () => {},
    }
  },
  lacks: ['crash', 'damage'],
})

const record = { manifest: 'state', version: 1, timestamp: 5, bytes: Uint8Array.of(1, 2) }

const text = (value: string): Operation => ({
  type: 'append',
  epoch: 0,
  expectedSequenceNr: 0,
  events: [{ manifest: 'text', version: 0, timestamp: 0, bytes: new TextEncoder().encode(value) }],
})

/** Appends behind all that there is. */
function write(
  world: ReplicationWorld,
  shard: ReplicatedShard,
  id: string,
  value: string,
  settle: (outcome: ReplicationOutcome) => void = () => {},
): void {
  const head = shard.copies.find(id)?.head
  const operation = {
    ...text(value),
    epoch: shard.epoch,
    expectedSequenceNr: head?.sequenceNr ?? 0,
  }
  // Of a text it is an append.
  shard.submit(id, operation as Operation, world.now, settle)
}

async function append(world: ReplicationWorld, shard: ReplicatedShard, id: string): Promise<void> {
  await world.journal(shard).append(id, { epoch: 1, expectedSequenceNr: 0, events: [] })
}

function textsOf({ copies }: Pick<CopyNode, 'copies'>, id: string): readonly string[] {
  const copy = copies.find(id)
  const texts: string[] = []
  for (let next = 1; copy && next <= copy.head.sequenceNr; next++) {
    texts.push(new TextDecoder().decode(copy.read(next)?.bytes))
  }
  return texts
}

test('frames of replication that are cut or spoilt are refused as malformed, and nothing else', () => {
  const header = { typeHash: 7, shard: 3, epoch: 9, lineage: 8 }
  const copies = new ShardCopies(new CopyRoom(10_000))
  copies.apply('a', text('x'), { epoch: 9, count: 1 })
  copies.apply(
    'a',
    { type: 'save-snapshot', epoch: 0, snapshot: { ...record, sequenceNr: 1 } },
    { epoch: 9, count: 2 },
  )
  const piece = copies.find('a')?.piece(0, 1_000)
  const requests = [
    encodeRequest(header, { type: 'list', token: 1, after: 'b' }).slice(),
    ...(piece ? [encodeRequest(header, { type: 'push', token: 2, piece }).slice()] : []),
    encodeRequest(header, { type: 'check', token: 3 }).slice(),
  ]
  expect(requests.map((bytes) => decodeRequest(bytes))).toEqual([
    { header, request: { type: 'list', token: 1, after: 'b' } },
    { header, request: { type: 'push', token: 2, piece } },
    { header, request: { type: 'check', token: 3 } },
  ])
  fc.assert(
    fc.property(
      fc.constantFrom(...requests),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      (frame, at, byte, cut) => {
        const bytes = frame.slice(0, 1 + (cut % frame.length))
        bytes[at % bytes.length] = byte
        const decodeFrame = (): unknown =>
          Array.from(partsOfFrame(bytes, 0, bytes.length), (part) => decodeRequest(part))
        const decoders = [() => decodeRequest(bytes), () => decodeAnswer(bytes), decodeFrame]
        for (const decode of decoders) {
          try {
            decode()
          } catch (error) {
            expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
          }
        }
      },
    ),
    { seed: 3, numRuns: 500 },
  )
})

describe('A shard with replicas', () => {
  test('confirms a write once enough replicas have it', () => {
    const world = new ReplicationWorld(3, 2)
    const shard = world.own(0, 1)
    world.settle()
    const outcomes: ReplicationOutcome[] = []
    write(world, shard, 'a', 'x', (outcome) => outcomes.push(outcome))
    world.next(0)
    world.next(1)
    expect(outcomes).toEqual([])
    world.settle()
    expect(outcomes).toMatchObject([{ type: 'confirmed' }])
    for (const node of world.nodes) expect(textsOf(node, 'a')).toEqual(['x'])
  })

  test('tells of a write that is not confirmed in time that its outcome is unknown', async () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    const appended = append(world, shard, 'a')
    world.at(1).isAlive = false
    const failed = expect(appended).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_UNAVAILABLE',
      outcome: 'unknown',
      cause: { code: 'CASTY_SHARDING_REPLICATION_TIMEOUT' },
    })
    world.pass(1_000)
    await failed
    expect(shard.copies.version('a')).toEqual({ epoch: 1, count: 1 })
  })

  test('tells of a write for which too few replicas are in reach that nothing was written', async () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    world.kill(1)
    const appended = append(world, shard, 'a')
    const failed = expect(appended).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_UNAVAILABLE',
      outcome: 'nothing-written',
      cause: { code: 'CASTY_SHARDING_REPLICAS_OUT_OF_REACH' },
    })
    world.pass(1_000)
    await failed
    expect(shard.copies.version('a')).toEqual({ epoch: 0, count: 0 })
  })

  test('has a write wait for replicas that are about to come into reach', async () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    world.kill(1)
    const appended = append(world, shard, 'a')
    world.pass(500)
    world.at(1).isAlive = true
    shard.follow([world.at(1).node], world.now)
    world.pass(500)
    await appended
    expect(world.at(1).copies.version('a')).toEqual({ epoch: 1, count: 1 })
  })

  test('sends what is written in one turn to each replica in one frame', async () => {
    const world = new ReplicationWorld(3)
    const shard = world.own(0, 1)
    world.settle()
    world.isImmediate = false
    const journal = world.journal(shard)
    const appended = Array.from({ length: 100 }, async (_, at) =>
      journal.append(`id ${at}`, { epoch: 1, expectedSequenceNr: 0, events: [record] }),
    )
    world.endTurn()
    expect(world.framesSent).toBe(2)
    world.settle()
    await Promise.all(appended)
    for (const { copies } of world.nodes) expect(copies.count).toBe(100)
  })

  test('cuts what is written in one turn into as many frames as it needs', async () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    world.isImmediate = false
    const journal = world.journal(shard)
    const large = { ...record, bytes: new Uint8Array(90_000) }
    const appended = Array.from({ length: 5 }, async (_, at) =>
      journal.append(`id ${at}`, { epoch: 1, expectedSequenceNr: 0, events: [large] }),
    )
    world.endTurn()
    expect(world.framesSent).toBe(3)
    world.settle()
    await Promise.all(appended)
  })

  test('sends no copy to a replica that is always one write behind, however long that goes on', async () => {
    const world = new ReplicationWorld(3)
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'a', 'first')
    for (let ms = 0; ms < 5_000; ms += 100) {
      world.now += 100
      write(world, shard, 'a', `at ${ms}`)
      shard.tick(world.now)
      while (world.flights.length > 2) world.next(0)
    }
    world.settle()
    expect(world.piecesSent).toBe(0)
    for (const node of world.nodes) expect(textsOf(node, 'a')).toHaveLength(51)
  })

  test('asks a replica that answers late all the time for a word, and sends it no copy', () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    for (let ms = 0; ms < 10_000; ms += 100) {
      world.now += 100
      write(world, shard, `id ${ms}`, 'x')
      shard.tick(world.now)
      while (world.flights.length > 12) world.next(0)
    }
    world.settle()
    expect(world.checksSent).toBe(1)
    expect(world.piecesSent).toBe(0)
    expect(shard.isWhole).toBe(true)
  })

  test('sends no copy to a replica that says nothing for long and has all', () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    for (let count = 0; count < 100; count++) write(world, shard, `id ${count}`, 'x')
    for (let ms = 0; ms < 4_000; ms += 100) {
      world.now += 100
      shard.tick(world.now)
    }
    // It was asked for a word again: each time after twice as long.
    expect(world.checksSent).toBe(3)
    world.settle()
    expect(world.checksSent).toBe(3)
    expect(world.piecesSent).toBe(0)
    expect(shard.isWhole).toBe(true)
  })

  test('sends all that was lost, once a word tells that it was', () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    const outcomes: ReplicationOutcome[] = []
    for (let count = 0; count < 20; count++) {
      write(world, shard, `id ${count}`, 'x', (outcome) => outcomes.push(outcome))
    }
    world.flights.length = 0
    world.pass(500)
    expect(outcomes.map(({ type }) => type)).toEqual(Array.from({ length: 20 }, () => 'confirmed'))
    expect(shard.isWhole).toBe(true)
  })

  test('takes nothing for lost that left behind the word that tells', () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'lost', 'x')
    world.flights.length = 0
    world.now += 600
    world.isImmediate = false
    write(world, shard, 'other', 'x')
    world.now += 1
    shard.tick(world.now)
    world.endTurn()
    world.settle()
    world.endTurn()
    expect(world.piecesSent).toBe(1)
    expect(shard.isWhole).toBe(true)
  })

  test('notices what was lost while all that follows is acknowledged', () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'lost', 'x')
    world.flights.length = 0
    for (let count = 0; count < 20; count++) {
      world.pass(100)
      write(world, shard, `id ${count}`, 'x')
      world.settle()
    }
    world.pass(100)
    expect(textsOf(world.at(1), 'lost')).toEqual(['x'])
    expect(shard.isWhole).toBe(true)
  })

  test('has no former replica forget before those that are to keep copies have all', () => {
    const world = new ReplicationWorld(4, 1, { replicas: 1 })
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    shard.follow([b.node], world.now)
    world.settle()
    write(world, shard, 'x', 'confirmed by b')
    world.settle()
    // The row gives c its place, and keeps b behind it.
    shard.follow([c.node, b.node], world.now)
    world.next(0) // c is asked what it has, and has yet to answer.
    expect(world.told).toEqual([])
    world.settle()
    expect(world.told).toEqual([{ epoch: 1, replicas: 'n2 n1', superfluous: 'n1' }])
    expect(textsOf(c, 'x')).toEqual(['confirmed by b'])
    expect(a.owned?.isReplicated).toBe(true)
  })

  test('has no former replica forget what is still on its way to those that are to keep copies', () => {
    const world = new ReplicationWorld(3, 1, { replicas: 2 })
    const [b, c] = [world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'x', 'confirmed by b')
    for (let at = flightOf(world, b); at >= 0; at = flightOf(world, b)) world.next(at)
    world.leaving.add(b.node.key)
    shard.follow([c.node, b.node], world.now)
    expect(world.told).toEqual([])
    expect(textsOf(c, 'x')).toEqual([])
    world.settle()
    expect(textsOf(c, 'x')).toEqual(['confirmed by b'])
    expect(world.told).toEqual([{ epoch: 1, replicas: 'n2 n1', superfluous: 'n1' }])
  })

  test('has a replica that leaves its place forget nothing that is still on its way to the others', () => {
    const world = new ReplicationWorld(3, 1, { replicas: 2 })
    const [b, c] = [world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'x', 'confirmed by b')
    for (let at = flightOf(world, b); at >= 0; at = flightOf(world, b)) world.next(at)
    world.leaving.add(b.node.key)
    // The row is the same yet.
    shard.follow([b.node, c.node], world.now)
    expect(world.told).toEqual([])
    expect(textsOf(c, 'x')).toEqual([])
    world.settle()
    expect(textsOf(c, 'x')).toEqual(['confirmed by b'])
    expect(world.told).toEqual([{ epoch: 1, replicas: 'n1 n2', superfluous: 'n1' }])
  })

  test('waits for nothing that was acknowledged late', () => {
    const world = new ReplicationWorld(3, 1, { replicas: 2 })
    const [b, c] = [world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'x', 'late')
    for (let at = flightOf(world, b); at >= 0; at = flightOf(world, b)) world.next(at)
    world.now += 1_000
    shard.tick(world.now)
    expect(world.checksSent).toBe(1)
    world.next(flightOf(world, c)) // Behind it comes the question whether it was lost.
    world.next(world.flights.findIndex(({ from }) => from === c.node.key))
    world.leaving.add(b.node.key)
    shard.follow([c.node, b.node], world.now)
    world.settle()
    expect(world.told).toEqual([{ epoch: 1, replicas: 'n2 n1', superfluous: 'n1' }])
  })

  test('counts no word of replicas that are not to keep copies', () => {
    const world = new ReplicationWorld(3, 1, { replicas: 1 })
    const [b, c] = [world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    shard.follow([b.node, c.node], world.now)
    world.settle()
    world.at(1).isAlive = false // It is silent, and nobody knows that yet.
    const outcomes: ReplicationOutcome[] = []
    write(world, shard, 'a', 'x', (outcome) => outcomes.push(outcome))
    world.settle()
    expect(textsOf(c, 'a')).toEqual([])
    expect(outcomes).toEqual([])
  })

  test('counts no replica again that it told to be superfluous', () => {
    const world = new ReplicationWorld(3, 1, { replicas: 1 })
    const [b, c] = [world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    shard.follow([b.node, c.node], world.now)
    world.settle()
    expect(world.told.at(-1)?.superfluous).toBe('n2')
    // Its place would be c's now, which may be about to forget.
    world.leaving.add(b.node.key)
    shard.follow([b.node, c.node], world.now)
    const outcomes: ReplicationOutcome[] = []
    write(world, shard, 'a', 'x', (outcome) => outcomes.push(outcome))
    world.pass(2_000)
    expect(outcomes).toMatchObject([{ type: 'unavailable' }])
  })

  test('keeps a replica that it could not ask', () => {
    const world = new ReplicationWorld(3, 1, { replicas: 1 })
    const [b, c] = [world.at(1), world.at(2)]
    const shard = world.own(0, 1)
    c.isAlive = false
    shard.follow([b.node, c.node], world.now)
    world.settle()
    expect(shard.isReplicated).toBe(true)
    expect(world.told).toEqual([])
  })

  test('has a former owner refused once the next one has asked', () => {
    const world = new ReplicationWorld(3)
    const former = world.own(0, 1)
    world.settle()
    const next = world.own(1, 2)
    world.settle()
    const outcomes: ReplicationOutcome[] = []
    write(world, former, 'a', 'stale', (outcome) => outcomes.push(outcome))
    world.settle()
    expect(outcomes).toEqual([{ type: 'over', epoch: 2, wasApplied: true }])
    expect(former.endedBy).toBe(2)
    expect(textsOf(next, 'a')).toEqual([])
  })

  test('takes from each replica what goes furthest, before anybody reads', () => {
    const world = new ReplicationWorld(4)
    const shard = world.own(0, 1)
    world.settle()
    for (const id of ['a', 'b']) write(world, shard, id, 'first')
    world.settle()
    // Each of the last writes reaches one replica.
    write(world, shard, 'a', 'to 2')
    world.next(0, true)
    world.next(0)
    world.next(0, true)
    world.flights.length = 0
    write(world, shard, 'b', 'to 3')
    world.next(0, true)
    world.next(0, true)
    world.settle()
    world.kill(0)
    const next = world.own(1, 2)
    expect(next.isReady).toBe(false)
    world.settle()
    expect(next.isReady).toBe(true)
    expect(textsOf(next, 'a')).toEqual(['first', 'to 2'])
    expect(textsOf(next, 'b')).toEqual(['first', 'to 3'])
    world.pass(2_000)
    expect(next.isWhole).toBe(true)
    for (const index of [2, 3]) expect(textsOf(world.at(index), 'b')).toEqual(['first', 'to 3'])
  })

  test('replaces what a former owner wrote and nobody confirmed', () => {
    const world = new ReplicationWorld(3)
    const former = world.own(0, 1)
    world.settle()
    write(world, former, 'a', 'kept')
    world.settle()
    write(world, former, 'a', 'lost')
    world.flights.length = 0
    world.at(0).isAlive = false
    const next = world.own(1, 2)
    world.settle()
    write(world, next, 'a', 'new')
    world.settle()
    world.at(0).isAlive = true
    next.follow([world.at(0).node, world.at(2).node], world.now)
    world.pass(2_000)
    expect(next.isWhole).toBe(true)
    // The one that was lost was never confirmed: it goes, or comes back as a whole, and all have the same.
    for (const node of world.nodes) expect(textsOf(node, 'a')).toEqual(['kept', 'new'])
  })

  test('sends a replica that was out of reach all that it lacks, in pieces', () => {
    const world = new ReplicationWorld(2)
    world.at(1).isAlive = false
    const shard = world.own(0, 1)
    const long = 'x'.repeat(50_000)
    for (let count = 0; count < 12; count++) write(world, shard, 'long', `${count} ${long}`)
    for (let count = 0; count < 700; count++) write(world, shard, `id ${count}`, 'y')
    world.at(1).isAlive = true
    shard.follow([world.at(1).node], world.now)
    world.next(0)
    write(world, shard, 'long', 'last')
    world.pass(1_000)
    expect(shard.isWhole).toBe(true)
    expect(textsOf(world.at(1), 'long')).toEqual(textsOf(world.at(0), 'long'))
    expect([...world.at(1).copies.ids()]).toHaveLength(701)
  })

  test('refuses what there is no room for', () => {
    const world = new ReplicationWorld(2, 1, { maxBytes: 150 })
    const shard = world.own(0, 1)
    world.settle()
    write(world, shard, 'a', 'x')
    world.settle()
    const outcomes: ReplicationOutcome[] = []
    write(world, shard, 'a', 'y', (outcome) => outcomes.push(outcome))
    expect(outcomes).toMatchObject([{ type: 'refused', error: { code: 'CASTY_JOURNAL_FULL' } }])
    expect(textsOf(world.at(1), 'a')).toEqual(['x'])
  })

  test('leaves a sixteenth of the room to others, and to what lets go of more than it takes', () => {
    const world = new ReplicationWorld(2, 1, { maxBytes: 3_200 })
    const shard = world.own(0, 1)
    world.settle()
    const { room, copies } = world.at(0)
    room.usedBytes = 2_900 // Of other shards.
    const outcomes: string[] = []
    const settle = ({ type }: ReplicationOutcome): void => void outcomes.push(type)
    const append = { type: 'append', epoch: 1, events: [record] } as const
    shard.submit('a', { ...append, expectedSequenceNr: 0 }, world.now, settle)
    expect(outcomes).toEqual(['refused'])
    const freeing = { ...append, expectedSequenceNr: 0, freesRoom: 'later' } as const
    shard.submit('a', freeing, world.now, settle)
    world.settle()
    expect(outcomes).toEqual(['refused', 'confirmed'])
    room.usedBytes = 3_050
    shard.submit('a', { ...freeing, expectedSequenceNr: 1 }, world.now, settle)
    shard.submit('a', { ...freeing, expectedSequenceNr: 1, freesRoom: 'now' }, world.now, settle)
    world.settle()
    expect(outcomes).toEqual(['refused', 'confirmed', 'refused', 'confirmed'])
    room.usedBytes = 3_000
    const version = { epoch: 1, count: 1 }
    expect(() => copies.apply('b', { ...append, expectedSequenceNr: 0 }, version)).not.toThrow()
  })

  test('sends no more of a copy than what there is room for', () => {
    const world = new ReplicationWorld(2, 0)
    const shard = world.own(0, 1)
    world.settle()
    world.at(1).isAlive = false
    shard.follow([world.at(1).node], world.now)
    for (let count = 0; count < 400; count++) write(world, shard, 'a', 'x'.repeat(10_000))
    const { room } = world.at(1)
    room.maxBytes = 200_000
    world.at(1).isAlive = true
    shard.follow([world.at(1).node], world.now)
    world.pass(400)
    expect(world.noRoom).toEqual(['replica'])
    expect(world.piecesSent).toBe(2)
    room.maxBytes = 10_000_000
    world.pass(2_000)
    expect(shard.isWhole).toBe(true)
    expect(textsOf(world.at(1), 'a')).toHaveLength(400)
  })

  test('says of a write that was not confirmed how many replicas had no room', () => {
    const world = new ReplicationWorld(3, 2)
    const shard = world.own(0, 1)
    world.settle()
    world.at(2).room.maxBytes = 10
    const outcomes: ReplicationOutcome[] = []
    write(world, shard, 'a', 'x', (outcome) => outcomes.push(outcome))
    world.pass(1_500)
    expect(outcomes).toMatchObject([{ type: 'timed-out', acknowledged: 1, withoutRoom: 1 }])
    world.at(2).room.maxBytes = 10_000
    world.pass(1_000)
    world.at(1).isAlive = false
    write(world, shard, 'a', 'y', (outcome) => outcomes.push(outcome))
    world.pass(1_500)
    expect(outcomes).toMatchObject([
      { withoutRoom: 1 },
      { type: 'timed-out', acknowledged: 1, withoutRoom: 0 },
    ])
  })

  test('goes on with a replica that has no room, once it has', () => {
    const world = new ReplicationWorld(2)
    const shard = world.own(0, 1)
    world.settle()
    const { room } = world.at(1)
    room.maxBytes = 150
    write(world, shard, 'a', 'x')
    write(world, shard, 'a', 'y')
    world.pass(600)
    expect(textsOf(world.at(1), 'a')).toEqual(['x'])
    expect(world.noRoom).toContain('replica')
    room.maxBytes = 10_000
    world.pass(1_000)
    expect(textsOf(world.at(1), 'a')).toEqual(['x', 'y'])
    expect(shard.isWhole).toBe(true)
  })
})

type Step =
  | { readonly type: 'write'; readonly id: string }
  | { readonly type: 'deliver' | 'lose'; readonly pick: number }
  | { readonly type: 'pass' }
  | { readonly type: 'move'; readonly to: number }
  | { readonly type: 'crash-owner'; readonly to: number }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('write' as const), id: fc.constantFrom('a', 'b') }),
    },
    {
      weight: 20,
      arbitrary: fc.record({ type: fc.constant('deliver' as const), pick: fc.nat(50) }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('lose' as const), pick: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('move' as const), to: fc.nat(3) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('crash-owner' as const), to: fc.nat(3) }),
    },
  ),
  // Short ones prove little: most do not come as far as a write.
  { maxLength: 150, size: 'max' },
)

test.each([1, 2])(
  'whatever is lost, what was confirmed outlives as many nodes as confirmed it (minAcks %i)',
  (minAcks) => {
    fc.assert(
      fc.property(steps, (list) => {
        const world = new ReplicationWorld(4, minAcks)
        let [owner, epoch, crashes, count] = [0, 1, 0, 0]
        let shard = world.own(owner, epoch)
        const confirmed = new Map<string, string[]>([
          ['a', []],
          ['b', []],
        ])
        const begin = (to: number): void => {
          owner = to
          shard = world.own(to, ++epoch)
        }
        const check = (): void => {
          for (const [id, texts] of confirmed) {
            const there = textsOf(shard, id)
            expect(there).toEqual(expect.arrayContaining(texts))
          }
        }
        for (const step of list) {
          const former = shard
          if (step.type === 'deliver') world.next(step.pick)
          else if (step.type === 'lose') world.next(step.pick, true)
          else if (step.type === 'pass') {
            world.now += 300
            shard.tick(world.now)
          } else if (step.type === 'write' && shard.isReady) {
            const value = `${count++}`
            write(world, shard, step.id, value, ({ type }) => {
              if (type !== 'confirmed') return
              expect(former.endedBy).toBeUndefined()
              confirmed.get(step.id)?.push(value)
            })
          } else if (step.type === 'move' && world.at(step.to).isAlive && step.to !== owner) {
            begin(step.to)
          } else if (step.type === 'crash-owner' && crashes < minAcks && step.to !== owner) {
            if (!world.at(step.to).isAlive) continue
            crashes++
            world.at(owner).isAlive = false
            begin(step.to)
          }
        }
        world.pass(5_000)
        expect(shard.isReady).toBe(true)
        check()
        const copies = world.nodes.filter(({ isAlive }) => isAlive)
        for (const node of copies) {
          for (const id of ['a', 'b']) expect(textsOf(node, id)).toEqual(textsOf(shard, id))
        }
      }),
      { numRuns: Number(process.env['CASTY_REPLICATION_RUNS'] ?? 150), seed: 17 },
    )
  },
)
