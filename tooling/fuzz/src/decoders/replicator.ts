import { Replica, decode, encode, gCounter, orMap, orSet } from '@casty/crdt'
import { KnownTypes, anyTypeOf } from '../../../../packages/replicator/src/any-value.ts'
import { digestOf } from '../../../../packages/replicator/src/core/digests.ts'
import { decodeMessage, encodeMessage } from '../../../../packages/replicator/src/wire/codec.ts'
import type {
  KeyState,
  ReplicatorMessage,
} from '../../../../packages/replicator/src/wire/messages.ts'
import type { FuzzedDecoder } from '../decoder.ts'

const limits = { maxValueBytes: 65_536, knownTypes: new KnownTypes([]) }
const replica = new Replica('a')
const set = orSet<string>().empty.addAll(replica, ['x', 'y', 'größe'])
const counter = gCounter().empty.increment(replica).increment(new Replica('b'))
const digest = digestOf(Uint8Array.of(1, 2, 3))

const state: KeyState = {
  key: 'basket',
  envelope: {
    value: anyTypeOf(orSet()).of({ state: set.body.state, origin: set.body.state }),
    pruning: new Map([
      ['gone', { phase: 'initialized', owner: 'a', seen: ['b', 'c'] }],
      [
        'long gone',
        {
          phase: 'performed',
          obsoleteAtMs: 7,
          by: { node: 'a', from: 3, alone: 2, both: 1, own: new Map([[0, 2]]), seen: [1, 4] },
        },
      ],
    ]),
  },
}

const messages: readonly ReplicatorMessage[] = [
  { type: 'write', id: 7, state },
  { type: 'written', id: 7 },
  { type: 'read', id: 8, key: 'k' },
  { type: 'read-answer', id: 8, state },
  { type: 'deltas', states: [state, { ...state, key: 'l' }] },
  { type: 'summary', buckets: Array.from({ length: 256 }, () => digest) },
  { type: 'bucket', bucket: 255, isWhole: false, digests: [['k', digest]] },
  { type: 'states', answers: true, states: [state] },
  { type: 'want', keys: ['k', 'é'] },
]

/** Values that every member has a copy of, and their deltas. */
export const replicatorDecoders: readonly FuzzedDecoder[] = [
  {
    name: 'replicator',
    seeds: messages.map(encodeMessage),
    refusals: [
      'CASTY_TRANSPORT_MALFORMED',
      'CASTY_CRDT_MALFORMED',
      'CASTY_CRDT_TYPE_MISMATCH',
      'UnknownType',
    ],
    decode: (bytes) => decodeMessage(bytes, 0, bytes.length, limits),
  },
  {
    name: 'crdt-sets',
    seeds: [encode(set), encode(set.remove('x')), encode(orSet().empty)],
    refusals: ['CASTY_CRDT_MALFORMED', 'CASTY_CRDT_TYPE_MISMATCH'],
    decode: (bytes) => encode(decode(orSet(), bytes)),
  },
  {
    name: 'crdt-counters',
    seeds: [encode(counter), encode(gCounter().empty)],
    refusals: ['CASTY_CRDT_MALFORMED', 'CASTY_CRDT_TYPE_MISMATCH'],
    decode: (bytes) => encode(decode(gCounter(), bytes)),
  },
  {
    name: 'crdt-maps',
    seeds: [encode(orMap(gCounter()).empty.update(replica, 'k', (one) => one.increment(replica)))],
    refusals: ['CASTY_CRDT_MALFORMED', 'CASTY_CRDT_TYPE_MISMATCH'],
    decode: (bytes) => encode(decode(orMap(gCounter()), bytes)),
  },
]
