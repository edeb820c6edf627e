import { decodeShardingMessage, encodeShardingMessage } from '@casty/sharding'
import { ByteReader, ByteWriter } from '@casty/transport'
import fc from 'fast-check'
import {
  decodeTableMessage,
  encodeTableMessage,
} from '../../../../packages/sharding/src/client/table-frames.ts'
import { Letter } from '../../../../packages/sharding/src/region/letter.ts'
import {
  readShares,
  writeShares,
  type AddressedShare,
} from '../../../../packages/sharding/src/region/share.ts'
import {
  readEnvelope,
  readPiece,
  readReturned,
  writeEnvelope,
  writePiece,
  writeReturned,
} from '../../../../packages/sharding/src/region/wire.ts'
import { messages } from '../../../../packages/sharding/test/codec-messages.ts'
import type { FuzzedDecoder } from '../decoder.ts'
import { replicationDecoders } from './replication.ts'

const refusals = ['CASTY_TRANSPORT_MALFORMED']
const letter = { shard: 300, epoch: 7, returns: 3, carries: true, entityId: 'cart-größe' }

const common = Uint8Array.of(1, 2, 3)
const keeper = { pathOf: (id: string) => id, takesBack: () => false, dropped: () => {} }

const samples = fc.sample(messages, { seed: 4, numRuns: 300 })

const sharding: FuzzedDecoder = {
  name: 'sharding',
  seeds: samples.map(encodeShardingMessage),
  refusals,
  decode: (bytes) => decodeShardingMessage(bytes),
}

const tables: FuzzedDecoder = {
  name: 'client-tables',
  seeds: [
    encodeTableMessage({ type: 'has', dataCenter: 'west', version: { term: 3, seq: 300 } }),
    ...samples
      .filter((message) => message.type === 'entries' || message.type === 'snapshot')
      .map((content) => encodeTableMessage({ type: 'told', dataCenter: 'west', content })),
  ],
  refusals,
  decode: (bytes) => decodeTableMessage(bytes),
}

/** Headers of messages to entities, of those that came back, and what an entity leaves behind when it moves. */
const regions: readonly FuzzedDecoder[] = [
  {
    name: 'letters',
    seeds: [written((writer) => writeEnvelope(writer, 7, letter))],
    refusals,
    decode: behindHash((reader) => readEnvelope(reader, { ...letter })),
  },
  {
    name: 'shares',
    seeds: [0, 1, 3].map((count) =>
      written((writer) => writeShares(writer, 7, common, sharesOf(count))),
    ),
    refusals,
    decode: behindHash((reader) => [reader.view(reader.remaining), ...readShares(reader)]),
  },
  {
    name: 'returned-letters',
    seeds: [written((writer) => writeReturned(writer, 7, letter, 9))],
    refusals,
    decode: behindHash(readReturned),
  },
  {
    name: 'handed-over',
    seeds: [
      written((writer) => {
        const states = [
          { entityId: 'a', bytes: Uint8Array.of(1, 2, 3) },
          { entityId: 'b', bytes: new Uint8Array(40) },
        ]
        writePiece(writer, 7, 3, { epoch: 9, index: 0, count: 2, states })
      }),
    ],
    refusals,
    decode: behindHash((reader) => [reader.varint(), readPiece(reader)]),
  },
]

function sharesOf(count: number): readonly AddressedShare[] {
  return Array.from({ length: count }, (_, at) => {
    const own = new Uint8Array(at * 20)
    const message = { common, own }
    return { letter: new Letter(keeper, at * 100, `cart-${at}`, message, undefined), own, epoch: 7 }
  })
}

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter()
  write(writer)
  return writer.finish()
}

/** The hash of the name of the type stands in front. */
function behindHash(read: (reader: ByteReader) => unknown): (bytes: Uint8Array) => unknown {
  return (bytes) => {
    const reader = new ByteReader(bytes)
    return [reader.u32(), read(reader)]
  }
}

export const shardingDecoders: readonly FuzzedDecoder[] = [
  sharding,
  tables,
  ...regions,
  ...replicationDecoders,
]
