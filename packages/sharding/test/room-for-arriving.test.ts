// Pieces of copies that are not whole yet, in the room that all shards of a type share.
import { Behaviors } from '@casty/actor'
import { inMemoryJournal } from '@casty/persistence'
import { ByteWriter } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkType } from '../src/entity-type.ts'
import { hashOf } from '../src/region/shard-of.ts'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import type { Operation, Piece } from '../src/replication/copy.ts'
import { partsOfFrame } from '../src/replication/frames-of-turn.ts'
import type { ReplicaAnswer, ReplicaRequest } from '../src/replication/messages.ts'
import { Replica } from '../src/replication/replica.ts'
import {
  decodeAnswer,
  encodeRequest,
  replicationFrameTypes,
} from '../src/replication/replication-codec.ts'
import { unowned } from '../src/table/shard-row.ts'
import { RegionWorld } from './region-world.ts'

/** What an event of these tests takes of the room. */
const eventBytes = 1_000

function appended(expectedSequenceNr: number, count: number): Operation {
  const bytes = new Uint8Array(eventBytes - 96 - 2)
  const events = Array.from({ length: count }, () => {
    return { manifest: 'e', version: 0, timestamp: 0, bytes }
  })
  return { type: 'append', epoch: 1, expectedSequenceNr, events }
}

/** A copy of so many events, in pieces of one each. */
function piecesOf(id: string, count: number): readonly Piece[] {
  const copies = new ShardCopies(new CopyRoom(Infinity))
  copies.apply(id, appended(0, count), { epoch: 1, count })
  return Array.from({ length: count }, (_, offset) => {
    const piece = copies.find(id)?.piece(offset, 1)
    if (!piece) throw new Error(`No copy of ${id}`)
    return piece
  })
}

/** A replica of one shard, in a room that it may share. */
class Subject {
  readonly copies: ShardCopies
  readonly #replica: Replica

  constructor(room: CopyRoom) {
    this.copies = new ShardCopies(room)
    this.#replica = new Replica(this.copies)
  }

  asked(request: ReplicaRequest, epoch = 1): ReplicaAnswer | undefined {
    const answers: ReplicaAnswer[] = []
    this.#replica.answer({ epoch, lineage: undefined }, request, (answer) => answers.push(answer))
    return answers[0]
  }

  push(piece: Piece | undefined, epoch = 1): number | string | undefined {
    if (!piece) throw new Error('There is no such piece')
    const answer = this.asked({ type: 'push', token: 1, piece }, epoch)
    return answer?.type === 'pushed' ? answer.next : answer?.type
  }
}

function subjects(count: number, room: CopyRoom): readonly Subject[] {
  return Array.from({ length: count }, () => new Subject(room))
}

/** Each shard in turn gets its next piece, until its copy is whole or refused. @returns how many are whole */
function fillInTurns(all: readonly Subject[], room: CopyRoom, count: number): number {
  const pieces = piecesOf('a', count)
  const refused = new Set<Subject>()
  for (const piece of pieces) {
    for (const one of all) {
      if (refused.has(one)) continue
      if (one.push(piece) === 'no-room') refused.add(one)
      expect(room.usedBytes + room.arrivingBytes).toBeLessThanOrEqual(room.maxBytes)
    }
  }
  return all.filter(({ copies }) => copies.count > 0).length
}

test.each([
  ['all of which fit', 64, 640_000],
  ['of which some fit', 16, 160_000],
  ['none of which fits', 0, 9_999],
])(
  'copies of many shards that arrive at once, %s, take no more than the room',
  (_, most, bytes) => {
    const room = new CopyRoom(bytes)
    const whole = fillInTurns(subjects(64, room), room, 10)
    expect(whole).toBe(most)
    expect([room.usedBytes, room.arrivingBytes]).toEqual([most * 10_000, 0])
  },
)

test('what arrives is refused where only what arrives elsewhere is in its way, and comes once that is gone', () => {
  const room = new CopyRoom(5_000)
  const [here, there] = [new Subject(room), new Subject(room)]
  const pieces = piecesOf('a', 4)
  for (const piece of pieces.slice(0, 3)) here.push(piece)
  expect(pieces.slice(0, 3).map((piece) => there.push(piece))).toEqual([1, 2, 'no-room'])
  expect(room.arrivingBytes).toBe(3_000)
  here.asked({ type: 'dismiss' })
  expect(pieces.map((piece) => there.push(piece))).toEqual([1, 2, 3, 4])
})

test.each<[string, (subject: Subject, rest: readonly Piece[]) => unknown]>([
  ['it is whole', (subject, rest) => rest.map((piece) => subject.push(piece))],
  ['it is dismissed', (subject) => subject.asked({ type: 'dismiss' })],
  ['all that is here is forgotten', ({ copies }) => copies.forget()],
  ['another one comes whole', (subject) => subject.push(piecesOf('b', 1)[0])],
  ['it does not go on with the next piece', (subject, rest) => subject.push(rest[1])],
  ['a later owner asks', (subject) => subject.asked({ type: 'check', token: 2 }, 2)],
  ['the shard is another owner’s, as the table says', ({ copies }) => copies.raiseFence(2)],
])('what has arrived of a copy takes no room any more where %s', (_, end) => {
  const room = new CopyRoom(8_000)
  const subject = new Subject(room)
  const [first, second, ...rest] = piecesOf('a', 4)
  subject.push(first)
  subject.push(second)
  expect(room.arrivingBytes).toBe(2_000)
  end(subject, rest)
  expect([room.arrivingBytes, room.usedBytes]).toEqual([0, subject.copies.sizeBytes])
  subject.copies.forget()
  expect([room.arrivingBytes, room.usedBytes]).toEqual([0, 0])
})

test('a copy that begins anew, and one that another takes the place of, count as what has arrived of them', () => {
  const room = new CopyRoom(8_000)
  const subject = new Subject(room)
  const [first, second, third] = piecesOf('a', 4)
  for (const piece of [first, second, first, second, third]) subject.push(piece)
  expect(room.arrivingBytes).toBe(3_000)
  subject.push(piecesOf('b', 4)[0])
  expect(room.arrivingBytes).toBe(1_000)
})

test('a copy that is to take the place of one that is here needs room for what it is longer by, and no more', () => {
  const room = new CopyRoom(10_000)
  const subject = new Subject(room)
  subject.copies.apply('a', appended(0, 9), { epoch: 1, count: 1 })
  expect(piecesOf('a', 10).map((piece) => subject.push(piece))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ])
  expect([room.usedBytes, room.arrivingBytes]).toEqual([10_000, 0])
})

test('what is written goes before what arrives, of which the copy without a piece for longest comes again', () => {
  const room = new CopyRoom(6_000)
  const [quiet, lively, writer] = [new Subject(room), new Subject(room), new Subject(room)]
  const pieces = piecesOf('a', 4)
  quiet.push(pieces[0])
  quiet.push(pieces[1])
  lively.push(pieces[0])
  lively.push(pieces[1])
  writer.copies.apply('b', appended(0, 3), { epoch: 1, count: 1 })
  expect([room.usedBytes, room.arrivingBytes]).toEqual([3_000, 2_000])
  expect(lively.push(pieces[2])).toBe(3)
  expect(quiet.push(pieces[2])).toBe(0)
})

test('a copy that has had no piece for long makes room for others', () => {
  let now = 0
  const room = new CopyRoom(4_000, { now: () => now })
  const [stalled, next] = [new Subject(room), new Subject(room)]
  const pieces = piecesOf('a', 4)
  for (const piece of pieces.slice(0, 3)) stalled.push(piece)
  now = 9_999
  expect(pieces.slice(0, 2).map((piece) => next.push(piece))).toEqual([1, 'no-room'])
  now = 10_000
  expect(pieces.map((piece) => next.push(piece))).toEqual([1, 2, 3, 4])
  expect(stalled.push(pieces[3])).toBe(0)
})

test('whatever becomes of copies, the room for them is neither exceeded nor lost', () => {
  const copies = ['a', 'b'].flatMap((id) => [piecesOf(id, 3), piecesOf(id, 5)])
  const shard = fc.nat(2)
  const push = fc.record({ type: fc.constant('push' as const), shard, copy: fc.nat(3), at: fc.nat(4) }) // prettier-ignore
  const other = fc.record({
    type: fc.constantFrom('write', 'forget', 'dismiss', 'fence', 'wait'),
    shard,
  })
  const step = fc.oneof({ weight: 8, arbitrary: push }, { weight: 1, arbitrary: other })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let now = 0
      let epoch = 1
      const room = new CopyRoom(9_000, { now: () => now })
      const all = subjects(3, room)
      for (const done of steps) {
        const one = all[done.shard]
        if (done.type === 'push') {
          const piece = copies[done.copy]?.[done.at]
          if (piece) one?.push(piece, epoch)
        } else if (done.type === 'write' && room.leftBytes >= eventBytes) {
          const head = one?.copies.headOf('b').sequenceNr ?? 0
          one?.copies.apply('b', { ...appended(head, 1), epoch }, { epoch, count: head + 1 })
        } else if (done.type === 'forget') one?.copies.forget()
        else if (done.type === 'dismiss') one?.asked({ type: 'dismiss' }, epoch)
        else if (done.type === 'fence') one?.copies.raiseFence(++epoch)
        else now += 6_000
        const used = all.reduce((sum, { copies: { sizeBytes } }) => sum + sizeBytes, 0)
        expect(room.usedBytes).toBe(used)
        expect(room.arrivingBytes).toBeGreaterThanOrEqual(0)
        expect(room.usedBytes + room.arrivingBytes).toBeLessThanOrEqual(room.maxBytes)
      }
      for (const { copies: here } of all) here.forget()
      expect([room.usedBytes, room.arrivingBytes]).toEqual([0, 0])
    }),
    { numRuns: 300 },
  )
})

test('a node that is to keep copies of a shard no more keeps nothing of one that was to arrive', async () => {
  await using world = await RegionWorld.of('a b')
  const [a, b] = [world.identity('a'), world.identity('b')]
  const type = { name: 'kept', numShards: 1, entity: () => Behaviors.ignore }
  const journal = inMemoryJournal({ clock: world.clock })
  const here = world.node('b')
  here.regions.start(checkType({ ...type, journal, replication: { replicas: 1 } }))
  world.declare({ name: 'kept', numShards: 1, replicas: 1, disks: 2 }, 1)
  const row = { ...unowned, epoch: 1, owner: a, replicas: [b], lineage: 1 }
  world.set('kept', 0, row)
  await world.settle()

  const { endpoint } = world.node('a').cluster
  const answers: ReplicaAnswer[] = []
  using _ = endpoint.handle(replicationFrameTypes.answer, (_from, bytes, start, end) => {
    for (const part of partsOfFrame(bytes, start, end)) answers.push(decodeAnswer(part).answer)
  })
  const push = async (piece: Piece | undefined): Promise<unknown> => {
    if (!piece) throw new Error('There is no such piece')
    const header = { typeHash: hashOf('kept'), shard: 0, epoch: 1, lineage: 1 }
    const part = encodeRequest(header, { type: 'push', token: 1, piece })
    const frame = new ByteWriter(4_096)
    frame.bytes(part, part.length)
    endpoint.send(b, 'data', replicationFrameTypes.request, frame.view())
    await world.until(() => answers.length > 0)
    return answers.pop()
  }
  const [first, second, third] = piecesOf('a', 4)
  expect(await push(first)).toMatchObject({ next: 1 })
  expect(await push(second)).toMatchObject({ next: 2 })
  world.set('kept', 0, { ...row, replicas: [] })
  await world.settle()
  expect(await push(third)).toMatchObject({ next: 0 })
})
