// The fixed binary codec of everything that membership sends. A message is a tag, a table of the
// nodes it names, and its fields, which refer to nodes by their place. Decoding checks every length
// and count against what is left, allocates nothing that the bytes do not hold, and throws
// `CASTY_TRANSPORT_MALFORMED` and nothing else.
import type { VectorClock } from '@casty/clock'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { maxIdBytes, maxRoleBytes } from './codec-limits.ts'
import { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'
import type { ClusterMessage, JoinRefusalReason } from './messages.ts'
import { NodeTable } from './node-table.ts'

/** The one frame type that membership uses; the message's own tag follows. */
export const membershipFrameType = 16

type MessageType = ClusterMessage['type']

const tags: Readonly<Record<MessageType, number>> = {
  heartbeat: 1,
  'heartbeat-answer': 2,
  probe: 3,
  'probe-answer': 4,
  join: 5,
  welcome: 6,
  'join-refused': 7,
  'gossip-status': 8,
  'gossip-request': 9,
  gossip: 10,
  seen: 11,
  'sections-request': 12,
  sections: 13,
  'exiting-confirmed': 14,
  'not-yours': 15,
  'evictions-status': 16,
  evictions: 17,
}

// The inverse of `tags`, whose keys are message types.
const typesByTag = new Map(Object.entries(tags).map(([type, tag]) => [tag, type as MessageType]))

const joinRefusals: readonly JoinRefusalReason[] = [
  'not-a-member',
  'leaving',
  'stale-incarnation',
  'roles-too-large',
  'cluster-full',
]

/** The bytes of one message; `decodeMessage` reads them back. */
export function encodeMessage(message: ClusterMessage): Uint8Array {
  const nodes = new NodeTable()
  const fields = new MessageWriter(nodes)
  writeFields(fields, message)
  const writer = new ByteWriter().u8(tags[message.type])
  nodes.write(writer)
  return concat(writer.view(), fields.view())
}

/**
 * @param told - the versions that this node told, by digest: messages of large clusters build on them
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED` for anything that `encodeMessage` cannot write;
 * its cause is an `UnknownVersion` where the message builds on a version that `told` does not give
 */
export function decodeMessage(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  told: (digest: number) => VectorClock | undefined = () => undefined,
): ClusterMessage {
  const reader = new ByteReader(bytes, start, end)
  try {
    const tag = reader.u8()
    const type = typesByTag.get(tag)
    if (type === undefined) throw TransportError.malformed(`No membership message has tag ${tag}`)
    const message = readFields(new MessageReader(reader, NodeTable.read(reader), told), type)
    reader.end()
    return message
  } catch (cause) {
    if (cause instanceof TransportError && cause.code === 'CASTY_TRANSPORT_MALFORMED') throw cause
    throw TransportError.malformed('A membership message holds a value that cannot be', cause)
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length)
  joined.set(head)
  joined.set(tail, head.length)
  return joined
}

function writeFields(fields: MessageWriter, message: ClusterMessage): void {
  switch (message.type) {
    case 'heartbeat':
    case 'heartbeat-answer':
      fields.varint(message.sequence).padding(message.paddingBytes)
      return
    case 'probe':
      fields.node(message.subject).varint(message.sequence)
      return
    case 'probe-answer':
      fields.node(message.subject).varint(message.sequence).bool(message.reached)
      return
    case 'join':
      fields
        .string(message.id, maxIdBytes)
        .list(message.roles, (role) => fields.string(role, maxRoleBytes))
      return
    case 'join-refused':
      fields.u8(joinRefusals.indexOf(message.reason)).optionalIncarnation(message.knownIncarnation)
      return
    case 'gossip-status':
      fields.varint(message.versionDigest).varint(message.seenDigest)
      fields.varint(message.allocationsDigest).varint(message.registryDigest)
      return
    case 'gossip-request':
      fields.version(message.version, message.since)
      return
    case 'welcome':
    case 'gossip':
      fields.gossip(message.gossip)
      return
    case 'seen':
      fields.varint(message.versionDigest).seen(message.seen)
      return
    case 'sections-request':
      fields.heldTables(message.tables).counters(message.registry)
      return
    case 'sections':
      fields.tables(message.tables).registryRows(message.registry).registryChanges(message.changes)
      return
    case 'evictions-status':
      fields.varint(message.digest).bool(message.isAnswer)
      return
    case 'evictions':
      fields.evictions(message.entries)
      return
    case 'exiting-confirmed':
      fields.node(message.node)
      return
    case 'not-yours':
      return
  }
}

function readFields(fields: MessageReader, type: MessageType): ClusterMessage {
  switch (type) {
    case 'heartbeat':
    case 'heartbeat-answer':
      return { type, sequence: fields.varint(), paddingBytes: fields.padding() }
    case 'probe':
      return { type, subject: fields.node(), sequence: fields.varint() }
    case 'probe-answer':
      return { type, subject: fields.node(), sequence: fields.varint(), reached: fields.bool() }
    case 'join':
      return {
        type,
        id: fields.string(maxIdBytes),
        roles: fields.roles(),
      }
    case 'join-refused':
      return {
        type,
        reason: fields.oneOf(joinRefusals),
        knownIncarnation: fields.optionalIncarnation(),
      }
    case 'gossip-status':
      return {
        type,
        versionDigest: fields.varint(),
        seenDigest: fields.varint(),
        allocationsDigest: fields.varint(),
        registryDigest: fields.varint(),
      }
    case 'gossip-request':
      return { type, version: fields.version() }
    case 'welcome':
    case 'gossip':
      return { type, gossip: fields.gossip() }
    case 'seen':
      return { type, versionDigest: fields.varint(), seen: fields.seen() }
    case 'sections-request':
      return { type, tables: fields.heldTables(), registry: fields.counters() }
    case 'sections':
      return {
        type,
        tables: fields.tables(),
        registry: fields.registryRows(),
        changes: fields.registryChanges(),
      }
    case 'evictions-status':
      return { type, digest: fields.varint(), isAnswer: fields.bool() }
    case 'evictions':
      return { type, entries: fields.evictions() }
    case 'exiting-confirmed':
      return { type, node: fields.node() }
    case 'not-yours':
      return { type }
  }
}

/**
 * A message in frames of at most `maxBytes`. Shard tables, services and evictions are each of use alone, so that
 * many of them are told in several messages; everything else is told whole.
 */
export function encodeInParts(message: ClusterMessage, maxBytes: number): readonly Uint8Array[] {
  const bytes = encodeMessage(message)
  if (bytes.length <= maxBytes) return [bytes]
  if (message.type === 'evictions' && message.entries.length > 1) {
    return halved(message.entries).flatMap((entries) =>
      encodeInParts({ ...message, entries }, maxBytes),
    )
  }
  if (message.type !== 'sections') return [bytes]
  const [tables, laterTables] = halved(message.tables)
  const [registry, laterRegistry] = halved(message.registry)
  const [changes, laterChanges] = halved(message.changes)
  if (laterTables.length + laterRegistry.length + laterChanges.length === 0) return [bytes]
  return [
    { ...message, tables, registry, changes },
    { ...message, tables: laterTables, registry: laterRegistry, changes: laterChanges },
  ].flatMap((half) => encodeInParts(half, maxBytes))
}

/** A list of one is not cut: its element stands alone in the first half. */
function halved<T>(items: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(items.length / 2)
  return [items.slice(0, middle), items.slice(middle)]
}
