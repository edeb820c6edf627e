// What a replica or an owner tells, where it counts beyond what anybody can have come to.
import { expect, test } from 'vitest'
import { readBelieved } from '../src/believed.ts'
import type { Operation, Piece } from '../src/replication/copy.ts'
import type { ReplicaAnswer, ReplicaRequest } from '../src/replication/messages.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
} from '../src/replication/replication-codec.ts'

/** What is believed in 1970. */
const highest = 2 ** 42
const readCount = readBelieved(() => 0)
const record = { manifest: 'm', version: 0, timestamp: 5, bytes: new Uint8Array() }
const noCopy = { epoch: 0, count: 0 }

function pieceWith(change: Partial<Piece>): Piece {
  const version = { epoch: 1, count: 1 }
  const head = { sequenceNr: 1, epoch: 1, deletedTo: 0 }
  return { id: 'x', version, head, offset: 0, events: [], snapshots: [], isLast: true, ...change }
}

function entryOf(operation: Operation, version = noCopy, previous = noCopy): ReplicaRequest {
  return { type: 'replicate-events', entries: [{ id: 'x', previous, version, operation }] }
}

const claim: Operation = { type: 'claim', epoch: 1 }

const requests: Readonly<Record<string, (count: number) => ReplicaRequest>> = {
  'the epoch of a version': (epoch) => entryOf(claim, { epoch, count: 0 }),
  'the count of a version': (count) => entryOf(claim, { epoch: 0, count }),
  'the count of the version before': (count) => entryOf(claim, noCopy, { epoch: 0, count }),
  // An epoch travels as the number above it.
  'the epoch of a claim': (count) => entryOf({ type: 'claim', epoch: count - 1 }),
  'the number that events follow': (expectedSequenceNr) =>
    entryOf({ type: 'append', epoch: 1, expectedSequenceNr, events: [] }),
  'the number up to which is deleted': (toSequenceNr) =>
    entryOf({ type: 'delete-events', epoch: 1, toSequenceNr }),
  'the number of a snapshot': (sequenceNr) =>
    entryOf({ type: 'save-snapshot', epoch: 1, snapshot: { ...record, sequenceNr } }),
  'the version of a piece': (count) => {
    return { type: 'push', token: 1, piece: pieceWith({ version: { epoch: 1, count } }) }
  },
  'how far the events of a piece go': (sequenceNr) => {
    const head = { sequenceNr, epoch: 1, deletedTo: 0 }
    return { type: 'push', token: 1, piece: pieceWith({ head }) }
  },
}

test.each(Object.entries(requests))('an owner is not believed %s', (_what, requestWith) => {
  const header = { typeHash: 7, shard: 3, epoch: 9, lineage: 8 }
  const decode = (count: number): unknown =>
    decodeRequest(encodeRequest(header, requestWith(count)), readCount)
  expect(decode(highest)).toEqual({ header, request: requestWith(highest) })
  expect(() => decode(highest + 1)).toThrow('nobody has come to')
})

// Nobody counts on from it, and `Number.MAX_SAFE_INTEGER` is a way to say: all. On disk it is written as it is sent.
test('snapshots are deleted up to any number, as a journal allows', () => {
  const toSequenceNr = Number.MAX_SAFE_INTEGER
  const request = entryOf({ type: 'delete-snapshots', epoch: 1, toSequenceNr })
  const header = { typeHash: 7, shard: 3, epoch: 9, lineage: 8 }
  const bytes = encodeRequest(header, request)
  expect(decodeRequest(bytes, readCount)).toEqual({ header, request })
  expect(decodeRequest(bytes)).toEqual({ header, request })
})

const answers: Readonly<Record<string, (count: number) => ReplicaAnswer>> = {
  'the epoch that it refuses others for': (epoch) => ({ type: 'fenced', epoch }),
  'the lineage of what it has': (bornIn) => {
    return { type: 'other-lineage', lineage: { bornIn, isConfirmed: true } }
  },
  'the version of what it has': (count) => {
    const copies = [{ id: 'x', version: { epoch: 1, count } }]
    return { type: 'replicate-events-ack', copies, behind: [], full: [] }
  },
}

test.each(Object.entries(answers))('a replica is not believed %s', (_what, answerWith) => {
  const header = { typeHash: 7, shard: 3, epoch: 9 }
  const decode = (count: number): unknown =>
    decodeAnswer(encodeAnswer(header, answerWith(count)), readCount)
  expect(decode(highest)).toEqual({ header, answer: answerWith(highest) })
  expect(() => decode(highest + 1)).toThrow('nobody has come to')
})

test('nobody is believed the epoch under which it speaks', () => {
  const header = { typeHash: 7, shard: 3, epoch: highest + 1 }
  const dismiss = encodeRequest({ ...header, lineage: undefined }, { type: 'dismiss' }).slice()
  const offer = encodeAnswer(header, { type: 'offer' }).slice()
  expect(() => decodeRequest(dismiss, readCount)).toThrow('nobody has come to')
  expect(() => decodeAnswer(offer, readCount)).toThrow('nobody has come to')
})
