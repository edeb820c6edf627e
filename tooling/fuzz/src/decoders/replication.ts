import type { StoredEvent } from '@casty/persistence'
import { ByteWriter } from '@casty/transport'
import { partsOfFrame } from '../../../../packages/sharding/src/replication/frames-of-turn.ts'
import type {
  ReplicaAnswer,
  ReplicaRequest,
} from '../../../../packages/sharding/src/replication/messages.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
} from '../../../../packages/sharding/src/replication/replication-codec.ts'
import type { FuzzedDecoder } from '../decoder.ts'

const refusals = ['CASTY_TRANSPORT_MALFORMED']
const header = { typeHash: 7, shard: 3, epoch: 9 }
const version = { epoch: 9, count: 300 }
const record = {
  manifest: 'item-added',
  version: 1,
  timestamp: 1_700_000_000_000,
  bytes: Uint8Array.of(1, 2, 3, 4),
}
const event: StoredEvent = { ...record, sequenceNr: 5, epoch: 9 }
const piece = {
  id: 'cart-1',
  version,
  head: { sequenceNr: 5, epoch: 9, deletedTo: 3 },
  offset: 0,
  events: [event, { ...event, sequenceNr: 6 }],
  snapshots: [{ ...record, sequenceNr: 4 }],
  isLast: true,
}
const entry = { id: 'cart-1', previous: { epoch: 9, count: 299 }, version }

/** Events and snapshots that are kept on other nodes. */
export const replicationDecoders: readonly FuzzedDecoder[] = [
  {
    name: 'replica-requests',
    seeds: framesOf([
      request({ type: 'list', token: 1, after: 'b' }),
      request({ type: 'pull', token: 2, id: 'cart-1', offset: 7 }),
      request({ type: 'push', token: 3, piece }),
      request({ type: 'check', token: 4 }),
      request({
        type: 'replicate-events',
        entries: [
          {
            ...entry,
            operation: {
              type: 'append',
              epoch: 9,
              expectedSequenceNr: 4,
              events: [record, record],
            },
          },
          { ...entry, operation: { type: 'claim', epoch: 9 } },
          {
            ...entry,
            operation: { type: 'save-snapshot', epoch: 9, snapshot: { ...record, sequenceNr: 4 } },
          },
          { ...entry, operation: { type: 'delete-events', epoch: undefined, toSequenceNr: 2 } },
        ],
      }),
      request({ type: 'dismiss' }),
    ]),
    refusals,
    decode: (bytes) =>
      Array.from(partsOfFrame(bytes, 0, bytes.length), (part) => decodeRequest(part)),
  },
  {
    name: 'replica-answers',
    seeds: framesOf([
      answer({
        type: 'listed',
        token: 1,
        copies: [{ id: 'a', version }],
        isEnd: true,
        isStored: false,
        lineage: { bornIn: 8, isConfirmed: true },
      }),
      answer({ type: 'pulled', token: 2, piece }),
      answer({ type: 'pushed', token: 3, next: 70_000 }),
      answer({ type: 'checked', token: 4 }),
      answer({
        type: 'replicate-events-ack',
        copies: [{ id: 'a', version }],
        behind: ['b'],
        full: ['c', 'd'],
      }),
      answer({ type: 'no-room', id: 'cart-1' }),
      answer({ type: 'fenced', epoch: 10 }),
      answer({ type: 'other-lineage', lineage: { bornIn: 8, isConfirmed: true } }),
    ]),
    refusals,
    decode: (bytes) =>
      Array.from(partsOfFrame(bytes, 0, bytes.length), (part) => decodeAnswer(part)),
  },
]

/** What is encoded is good until the next one is. */
function request(content: ReplicaRequest): Uint8Array {
  return encodeRequest({ ...header, lineage: 8 }, content).slice()
}

function answer(content: ReplicaAnswer): Uint8Array {
  return encodeAnswer(header, content).slice()
}

/** Each in a frame of its own, and all in one. */
function framesOf(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...parts.map((part) => [part]), parts].map((together) => {
    const writer = new ByteWriter()
    for (const part of together) writer.bytes(part, part.length)
    return writer.finish()
  })
}
