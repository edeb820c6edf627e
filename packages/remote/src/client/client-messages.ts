// What clients of a cluster and its members tell each other, as bytes: a tag, then fields in a fixed order. What is
// said of the cluster is said in membership's own messages.
//
//   greeting   sequence, whether the member is the client's contact
//   welcome    sequence, standing, since when, digests of members and services
//   pull       version and services that the client has
//   news       whether it is all that there is, whether more of it follows, a message
//   topics     names, and refs as text: all that the client subscribes to
//   touch      nothing: keeps a lane open
//   bye        nothing
//   busy       how many frames were dropped
import {
  decodeMessage,
  encodeMessage,
  type ClusterMessage,
  type MembershipMessage,
} from '@casty/membership'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { maxServiceNameLength } from '../receptionist/service-key.ts'
import { maxRefTextBytes } from '../ref-kinds.ts'

/** What a member answers to a greeting. */
export type Standing =
  | 'welcome'
  /** It has as many clients as it may. */
  | 'full'
  /** It is a client there, but the member is no good contact: not up yet, or on its way out. */
  | 'not-up'

/** As many topics a client subscribes to at most: they fit a frame together. */
export const maxClientTopics = 500
const maxTopicBytes = 3 * maxServiceNameLength

/** What a client says it has. */
export type ToldVersion = Extract<MembershipMessage, { readonly type: 'gossip-request' }>['version']
export type ToldServices = Extract<
  MembershipMessage,
  { readonly type: 'sections-request' }
>['registry']

export type NewsContent = Extract<MembershipMessage, { readonly type: 'gossip' | 'sections' }>

export type ClientMessage =
  /** From a client, again and again: "I am there." */
  | { readonly type: 'greeting'; readonly sequence: number; readonly isContact: boolean }
  | {
      readonly type: 'welcome'
      readonly sequence: number
      readonly standing: Standing
      /** Another number each time that it is let in: what was before that, the member has forgotten. */
      readonly life: number
      /** See `contentDigest`. */
      readonly contentDigest: number
      readonly registryDigest: number
    }
  /** "This is what I have: tell me the rest, and go on to." */
  | { readonly type: 'pull'; readonly version: ToldVersion; readonly registry: ToldServices }
  | {
      readonly type: 'news'
      /** It was asked for by somebody who has nothing: what it does not say is not so. */
      readonly isWhole: boolean
      /** Nothing of the same answer follows. */
      readonly isLast: boolean
      readonly content: NewsContent
    }
  /** Has what is published handed to these refs, of actors of the client, in place of all that were told before. */
  | {
      readonly type: 'topics'
      readonly topics: readonly { readonly name: string; readonly ref: string }[]
    }
  | { readonly type: 'touch' }
  | { readonly type: 'bye' }
  /** From a member: the client sends more than it may, and so many of its frames were dropped since it was let in. */
  | { readonly type: 'busy'; readonly dropped: number }

/** In the order of their tags on the wire, from 1. */
const types: readonly ClientMessage['type'][] = [
  'greeting',
  'welcome',
  'pull',
  'news',
  'topics',
  'touch',
  'bye',
  'busy',
]

/** In the order of their place on the wire. */
const standings: readonly Standing[] = ['welcome', 'full', 'not-up']

/** The body of a frame of type `remoteFrameTypes.client`. */
export function encodeClientMessage(message: ClientMessage): Uint8Array {
  const writer = new ByteWriter().u8(types.indexOf(message.type) + 1)
  switch (message.type) {
    case 'greeting':
      writer.varint(message.sequence).bool(message.isContact)
      break
    case 'welcome':
      writer.varint(message.sequence).u8(standings.indexOf(message.standing)).varint(message.life)
      writer.varint(message.contentDigest).varint(message.registryDigest)
      break
    case 'pull':
      nested(writer, { type: 'gossip-request', version: message.version })
      nested(writer, { type: 'sections-request', tables: new Map(), registry: message.registry })
      break
    case 'news':
      writer.bool(message.isWhole).bool(message.isLast)
      nested(writer, message.content)
      break
    case 'topics':
      writer.count(message.topics.length)
      for (const { name, ref } of message.topics) {
        writer.string(name, maxTopicBytes).string(ref, maxRefTextBytes)
      }
      break
    case 'busy':
      writer.varint(message.dropped)
      break
    case 'touch':
    case 'bye':
      break
  }
  return writer.finish()
}

/** @throws TransportError `CASTY_TRANSPORT_MALFORMED`, and nothing else, whatever the bytes are */
export function decodeClientMessage(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): ClientMessage {
  const reader = new ByteReader(bytes, start, end)
  const tag = reader.u8()
  const type = types[tag - 1]
  if (type === undefined) throw TransportError.malformed(`No message of clients has tag ${tag}`)
  const message = readBody(reader, type)
  reader.end()
  return message
}

function readBody(reader: ByteReader, type: ClientMessage['type']): ClientMessage {
  switch (type) {
    case 'greeting':
      return { type, sequence: reader.varint(), isContact: reader.bool() }
    case 'welcome':
      return {
        type,
        sequence: reader.varint(),
        standing: standingOf(reader.u8()),
        life: reader.varint(),
        contentDigest: reader.varint(),
        registryDigest: reader.varint(),
      }
    case 'pull': {
      const { version } = read(reader, 'gossip-request')
      return { type, version, registry: read(reader, 'sections-request').registry }
    }
    case 'news':
      return { type, isWhole: reader.bool(), isLast: reader.bool(), content: readNews(reader) }
    case 'topics': {
      const count = reader.count(2)
      if (count > maxClientTopics) throw TransportError.malformed(`A client has ${count} topics`)
      const topics = Array.from({ length: count }, () => ({
        name: reader.string(maxTopicBytes),
        ref: reader.string(maxRefTextBytes),
      }))
      return { type, topics }
    }
    case 'busy':
      return { type, dropped: reader.varint() }
    case 'touch':
    case 'bye':
      return { type }
  }
}

function standingOf(place: number): Standing {
  const standing = standings[place]
  if (standing !== undefined) return standing
  throw TransportError.malformed(`No standing of a client has number ${place}`)
}

function nested(writer: ByteWriter, message: MembershipMessage): void {
  writer.bytes(encodeMessage(message), Number.MAX_SAFE_INTEGER)
}

function readNested(reader: ByteReader): ClusterMessage {
  return decodeMessage(reader.bytes(Number.MAX_SAFE_INTEGER))
}

function readNews(reader: ByteReader): NewsContent {
  const content = readNested(reader)
  if (content.type === 'gossip' || content.type === 'sections') return content
  throw TransportError.malformed(`News hold a message of type ${content.type}`)
}

function read<T extends ClusterMessage['type']>(
  reader: ByteReader,
  type: T,
): Extract<ClusterMessage, { readonly type: T }> {
  const message = readNested(reader)
  if (message.type === type) {
    // Its type was compared on the line above.
    return message as Extract<ClusterMessage, { readonly type: T }>
  }
  throw TransportError.malformed(`A ${message.type} stands in the place of a ${type}`)
}
