// The messages of sharding as bytes: a tag, the nodes that are named, then fields in a fixed order.
import { ByteReader, TransportError } from '@casty/transport'
import { maxCounter, maxReplicas } from './codec-limits.ts'
import { MessageReader } from './codec-reader.ts'
import { MessageWriter } from './codec-writer.ts'
import type {
  Grant,
  RefusalReason,
  RecoveryOutcome,
  RoundMessage,
  ShardingMessage,
} from './protocol.ts'
import { readReports, writeReports } from './report-codec.ts'
import { maxSnapshotParts } from './table/snapshot.ts'

/** In the order of their tags on the wire, from 1. */
const types: readonly ShardingMessage['type'][] = [
  'round',
  'answer',
  'refusal',
  'entries',
  'accepted',
  'fetch',
  'snapshot',
  'regions',
  'released',
  'epoch-behind',
  'resign',
  'replica-query',
  'replica-report',
  'replicated',
  'contested',
  'recover',
  'recovered',
  'give-up',
]

/** In the order of their place on the wire. */
const reasons: readonly RefusalReason[] = [
  'promised',
  'old-term',
  'not-lost',
  'not-yet',
  'no-member',
]

/** In the order of their place on the wire. */
const outcomes: readonly RecoveryOutcome[] = [
  'recovered',
  'not-waiting',
  'lineage-needed',
  'unknown-lineage',
]

/** The body of a frame of type `shardingFrameType`. */
export function encodeShardingMessage(message: ShardingMessage): Uint8Array {
  const writer = new MessageWriter()
  writeBody(writer, message)
  return writer.finish(types.indexOf(message.type) + 1)
}

/**
 * Reads the body of a frame of type `shardingFrameType`.
 *
 * @param highest - term, epoch, round or position that is believed
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED`, and nothing else, whatever the bytes are
 */
export function decodeShardingMessage(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  highest: number = maxCounter,
): ShardingMessage {
  const reader = new ByteReader(bytes, start, end)
  const tag = reader.u8()
  const type = types[tag - 1]
  if (type === undefined) throw TransportError.malformed(`No message of sharding has tag ${tag}`)
  const fields = new MessageReader(reader, highest)
  const message = readBody(fields, type)
  fields.end()
  return message
}

function writeBody(writer: MessageWriter, message: ShardingMessage): void {
  const { body } = writer
  switch (message.type) {
    case 'round':
      writeRound(writer, message)
      break
    case 'answer':
      body.varint(message.term).varint(message.round)
      writer.version(message.version).version(message.applied)
      body.varint(message.regionsVersion).f64(message.leasesForMs)
      break
    case 'refusal':
      body.varint(message.term).varint(message.round).u8(reasons.indexOf(message.reason))
      body.varint(message.highestTerm).f64(message.retryAfterMs)
      break
    case 'entries':
      body.varint(message.term)
      writer.list(message.batches, (batch) => writer.batch(batch))
      break
    case 'accepted':
      body.varint(message.term)
      writer.version(message.version)
      break
    case 'fetch':
      body.varint(message.term)
      break
    case 'snapshot':
      body.varint(message.term)
      writer.version(message.version)
      body.varint(message.part).varint(message.parts)
      writer.list(message.changes, (change) => writer.change(change))
      break
    case 'regions':
      body.varint(message.version)
      writer.list(message.types, (settings) => writer.settings(settings))
      break
    case 'released':
    case 'replica-query':
    case 'contested':
      writer.list(message.shards, (shard) => writer.shard(shard))
      break
    case 'epoch-behind':
      writer.shard(message.shard)
      body.varint(message.written)
      break
    case 'resign':
      body.varint(message.term).f64(message.leasesForMs)
      break
    case 'replica-report':
      writeReports(writer, message.shards)
      break
    case 'replicated':
      writer.list(message.shards, (shard) =>
        writer.shard(shard).nodes(shard.replicas).nodes(shard.superfluous),
      )
      break
    case 'recover':
      body.varint(message.id).bool(message.isAgain)
      writer.shard({ ...message, epoch: message.lineage })
      break
    case 'recovered':
      body.varint(message.id).u8(outcomes.indexOf(message.outcome)).varint(message.missing)
      writer.list(message.lineages, ({ lineage, nodes }) => {
        body.varint(lineage)
        writer.nodes(nodes)
      })
      break
    case 'give-up':
      writer.shard({ ...message, epoch: message.kept })
      break
  }
}

function writeRound(writer: MessageWriter, message: RoundMessage): void {
  const { grant } = message
  writer.body.varint(message.term).varint(message.round)
  writer.version(message.committed).version(message.version)
  writer.body.bool(message.isFounding).bool(grant !== undefined)
  if (grant) {
    writer.body.varint(grant.round).f64(grant.forMs)
    writer.version(grant.after)
  }
  writer.body.varint(message.regionsVersion)
}

function readBody(fields: MessageReader, type: ShardingMessage['type']): ShardingMessage {
  switch (type) {
    case 'round':
      return readRound(fields)
    case 'answer':
      return {
        type,
        term: fields.counter(),
        round: fields.counter(),
        version: fields.version(),
        applied: fields.version(),
        regionsVersion: fields.counter(),
        leasesForMs: fields.durationMs(),
      }
    case 'refusal':
      return {
        type,
        term: fields.counter(),
        round: fields.counter(),
        reason: readReason(fields),
        highestTerm: fields.counter(),
        retryAfterMs: fields.durationMs(),
      }
    case 'entries':
      return { type, term: fields.counter(), batches: fields.list(5, () => fields.batch()) }
    case 'accepted':
      return { type, term: fields.counter(), version: fields.version() }
    case 'fetch':
      return { type, term: fields.counter() }
    case 'snapshot':
      return readSnapshot(fields)
    case 'regions':
      return { type, version: fields.counter(), types: fields.list(5, () => fields.settings()) }
    case 'released':
    case 'replica-query':
    case 'contested':
      return { type, shards: fields.list(4, () => fields.shard()) }
    case 'epoch-behind':
      return { type, shard: fields.shard(), written: fields.counter() }
    case 'resign':
      return { type, term: fields.counter(), leasesForMs: fields.durationMs() }
    case 'replica-report':
      return { type, shards: readReports(fields) }
    case 'replicated':
      return {
        type,
        shards: fields.list(6, () => ({
          ...fields.shard(),
          replicas: fields.nodes(maxReplicas),
          superfluous: fields.nodes(maxReplicas),
        })),
      }
    case 'recover': {
      const [id, isAgain] = [fields.counter(), fields.bool()]
      const { epoch: lineage, ...shard } = fields.shard()
      return { type, id, ...shard, lineage, isAgain }
    }
    case 'recovered':
      return {
        type,
        id: fields.counter(),
        outcome: readOutcome(fields),
        missing: fields.counter(),
        lineages: fields.list(2, () => ({
          lineage: fields.counter(),
          nodes: fields.nodes(Number.POSITIVE_INFINITY),
        })),
      }
    case 'give-up': {
      const { epoch: kept, ...shard } = fields.shard()
      return { type, ...shard, kept }
    }
  }
}

function readRound(fields: MessageReader): RoundMessage {
  const [term, round] = [fields.counter(), fields.counter()]
  const [committed, version] = [fields.version(), fields.version()]
  const [isFounding, hasGrant] = [fields.bool(), fields.bool()]
  const grant: Grant | undefined = hasGrant
    ? { round: fields.counter(), forMs: fields.durationMs(), after: fields.version() }
    : undefined
  const regionsVersion = fields.counter()
  return { type: 'round', term, round, committed, version, isFounding, grant, regionsVersion }
}

function readOutcome(fields: MessageReader): RecoveryOutcome {
  const place = fields.u8()
  const outcome = outcomes[place]
  if (outcome) return outcome
  throw TransportError.malformed(`No outcome of a recovery has number ${place}`)
}

function readReason(fields: MessageReader): RefusalReason {
  const place = fields.u8()
  const reason = reasons[place]
  if (reason === undefined) throw TransportError.malformed(`No refusal has reason ${place}`)
  return reason
}

function readSnapshot(fields: MessageReader): ShardingMessage {
  const [term, version] = [fields.counter(), fields.version()]
  const part = fields.upTo(maxSnapshotParts - 1, 'A part')
  const parts = fields.upTo(maxSnapshotParts, 'The number of parts')
  if (part >= parts) throw TransportError.malformed(`Part ${part} of ${parts} of a table`)
  const changes = fields.list(2, () => fields.change())
  return { type: 'snapshot', term, version, part, parts, changes }
}
