// What a client that holds values and a member tell each other, as bytes: a tag, then fields in a fixed order.
//
//   watch      replica, what the client holds: keys, types, digests if it has any
//   change     id, replica, what changed, how many members must have it, for how long that is waited for
//   read       id, key, type, how many members are asked, for how long that is waited for
//   have       replica, whole values
//   told       whether values are whole, values, keys that have none
//   answered   id, what came of it
//   denied     keys
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import type { Consistency } from '../consistency.ts'
import type { Digest } from '../core/digests.ts'
import {
  FieldReader,
  maxKeyBytes,
  maxNodeBytes,
  maxTypeBytes,
  UnknownType,
  writeDigest,
  writeStates,
  type DecodeLimits,
} from '../wire/fields.ts'
import type { KeyState } from '../wire/messages.ts'

/** A key that a client holds. */
export interface Held {
  readonly key: string
  /** Of what the client has; undefined where it wants to be told whatever there is. */
  readonly digest: Digest | undefined
}

/** Why a change or a question of a client came to nothing. */
export type ClientRefusal =
  /** Clients may not do that with this key. */
  | 'denied'
  /** The member has pruned the name of the client out of that value: it was gone for too long. */
  | 'stale'
  | 'busy'
  | 'full'
  | 'too-large'
  | 'type-mismatch'
  | 'failed'
  /** It says of other nodes what they cannot have done. */
  | 'implausible'

export type ClientOutcome =
  | { readonly type: 'confirmed'; readonly nodes: number }
  | { readonly type: 'unconfirmed'; readonly nodes: number; readonly needed: number }
  | { readonly type: 'refused'; readonly reason: ClientRefusal }

export type ClientMessage =
  /** From a client, again and again: this is all that it holds. */
  | { readonly type: 'watch'; readonly replica: string; readonly held: readonly Held[] }
  | {
      readonly type: 'change'
      readonly id: number
      readonly replica: string
      readonly state: KeyState
      readonly consistency: Consistency
      readonly timeoutMs: number
    }
  | {
      readonly type: 'read'
      readonly id: number
      readonly key: string
      readonly typeName: string
      readonly consistency: Consistency
      readonly timeoutMs: number
    }
  /** Where the client has more than the member told. */
  | { readonly type: 'have'; readonly replica: string; readonly states: readonly KeyState[] }
  /** From a member: whole values, or what changed in them. */
  | {
      readonly type: 'told'
      readonly isWhole: boolean
      readonly states: readonly KeyState[]
      readonly absent: readonly string[]
    }
  | { readonly type: 'answered'; readonly id: number; readonly outcome: ClientOutcome }
  /** The client may not hold these. */
  | { readonly type: 'denied'; readonly keys: readonly string[] }

/** The place of a type, or of a reason, is its byte on the wire. */
const types = [
  'watch',
  'change',
  'read',
  'have',
  'told',
  'answered',
  'denied',
] as const satisfies readonly ClientMessage['type'][]
const outcomes = ['confirmed', 'unconfirmed', 'refused'] as const
const refusals: readonly ClientRefusal[] = [
  'denied',
  'stale',
  'busy',
  'full',
  'too-large',
  'type-mismatch',
  'failed',
  'implausible',
]

export function encodeClientMessage(message: ClientMessage): Uint8Array {
  const writer = new ByteWriter().u8(types.indexOf(message.type))
  switch (message.type) {
    case 'watch':
      writer.string(message.replica, maxNodeBytes).count(message.held.length)
      for (const { key, digest } of message.held) {
        writer.string(key, maxKeyBytes).bool(digest !== undefined)
        if (digest) writeDigest(writer, digest)
      }
      break
    case 'change':
      writer.varint(message.id).string(message.replica, maxNodeBytes)
      writeStates(writer, [message.state])
      writeConsistency(writer, message.consistency).varint(message.timeoutMs)
      break
    case 'read':
      writer.varint(message.id).string(message.key, maxKeyBytes)
      writer.string(message.typeName, maxTypeBytes)
      writeConsistency(writer, message.consistency).varint(message.timeoutMs)
      break
    case 'have':
      writeStates(writer.string(message.replica, maxNodeBytes), message.states)
      break
    case 'told':
      writeStates(writer.bool(message.isWhole), message.states)
      writeKeys(writer, message.absent)
      break
    case 'answered':
      writeOutcome(writer.varint(message.id), message.outcome)
      break
    case 'denied':
      writeKeys(writer, message.keys)
      break
  }
  return writer.finish()
}

function writeKeys(writer: ByteWriter, keys: readonly string[]): void {
  writer.count(keys.length)
  for (const key of keys) writer.string(key, maxKeyBytes)
}

function writeConsistency(writer: ByteWriter, consistency: Consistency): ByteWriter {
  if (consistency === 'local') return writer.u8(0)
  if (consistency === 'majority') return writer.u8(1)
  if (consistency === 'all') return writer.u8(2)
  if ('nodes' in consistency) return writer.u8(3).varint(consistency.nodes)
  return writer
    .u8(4)
    .varint(consistency.atLeast ?? 0)
    .varint(consistency.additional ?? 0)
}

function writeOutcome(writer: ByteWriter, outcome: ClientOutcome): void {
  writer.u8(outcomes.indexOf(outcome.type))
  if (outcome.type === 'refused') writer.u8(refusals.indexOf(outcome.reason))
  else writer.varint(outcome.nodes)
  if (outcome.type === 'unconfirmed') writer.varint(outcome.needed)
}

/**
 * Reads what `encodeClientMessage` wrote.
 *
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED`; CrdtError `CASTY_CRDT_MALFORMED`; UnknownType
 */
export function decodeClientMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: DecodeLimits,
): ClientMessage {
  const reader = new ByteReader(bytes, start, end)
  const type = types[reader.u8()]
  if (type === undefined) throw new UnknownType('A message of a client is of no known type')
  const message = readBody(type, reader, new FieldReader(reader, limits))
  reader.end()
  return message
}

function readBody(
  type: ClientMessage['type'],
  reader: ByteReader,
  fields: FieldReader,
): ClientMessage {
  switch (type) {
    case 'watch': {
      const replica = reader.string(maxNodeBytes)
      const held = fields.list(2, () => {
        const key = fields.key()
        return { key, digest: reader.bool() ? fields.digest() : undefined }
      })
      return { type, replica, held }
    }
    case 'change': {
      const id = reader.varint()
      const replica = reader.string(maxNodeBytes)
      const [state, ...others] = fields.states()
      if (state === undefined || others.length > 0) {
        throw TransportError.malformed('A change is of one key')
      }
      const consistency = readConsistency(reader)
      return { type, id, replica, state, consistency, timeoutMs: reader.varint() }
    }
    case 'read': {
      const id = reader.varint()
      const key = fields.key()
      const typeName = reader.string(maxTypeBytes)
      const consistency = readConsistency(reader)
      return { type, id, key, typeName, consistency, timeoutMs: reader.varint() }
    }
    case 'have':
      return { type, replica: reader.string(maxNodeBytes), states: fields.states() }
    case 'told': {
      const isWhole = reader.bool()
      const states = fields.states()
      return { type, isWhole, states, absent: fields.list(2, () => fields.key()) }
    }
    case 'answered':
      return { type, id: reader.varint(), outcome: readOutcome(reader) }
    case 'denied':
      return { type, keys: fields.list(2, () => fields.key()) }
  }
}

function readConsistency(reader: ByteReader): Consistency {
  const kind = reader.u8()
  if (kind === 0) return 'local'
  if (kind === 1) return 'majority'
  if (kind === 2) return 'all'
  if (kind === 3) return { nodes: Math.max(1, reader.varint()) }
  if (kind === 4) return { atLeast: reader.varint(), additional: reader.varint() }
  throw TransportError.malformed(`No consistency has number ${kind}`)
}

function readOutcome(reader: ByteReader): ClientOutcome {
  const type = outcomes[reader.u8()]
  switch (type) {
    case 'confirmed':
      return { type, nodes: reader.varint() }
    case 'unconfirmed':
      return { type, nodes: reader.varint(), needed: reader.varint() }
    case 'refused': {
      const reason = refusals[reader.u8()]
      if (reason !== undefined) return { type, reason }
      break
    }
    default:
  }
  throw TransportError.malformed('What came of a change is not known')
}
