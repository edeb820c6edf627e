// The frames that open a connection, as a fixed codec: every field has its own limit, and all of
// them together fit the handshake budget. Bytes behind the last known field are skipped, so that a
// later version can add fields without a new wire version.
import { proofBytes, type Trust } from './authentication.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Lane, Refusal, RefusalReason } from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import { NodeAddress } from './node-address.ts'
import { NodeIdentity, toIncarnation, type Incarnation } from './node-identity.ts'
import { authMethods, frameTypes, fromClient } from './wire.ts'

/** What both sides say of themselves. */
export interface HandshakeParty {
  readonly clusterName: string
  readonly identity: NodeIdentity
  /**
   * A count of the sender's hellos and welcomes. Of two connections, the one with the higher number
   * is the one that the sender believes in: it makes no new one while it holds one.
   */
  readonly sequence: number
  readonly capabilities: readonly string[]
  readonly configDigest?: string
  readonly trust: Trust
}

export interface Hello extends HandshakeParty {
  readonly type: 'hello'
  /** Of a `probe` nothing comes but the answer: who lives here. */
  readonly lane: Lane | 'probe'
  readonly dialled: NodeAddress
  /** Absent when the dialler takes whoever lives at the address. */
  readonly expected?: Incarnation
  /** What its proof will be made over; absent where it has no secret. */
  readonly nonce?: Uint8Array
  /** The nonce of the hello that a `probe` asks about; absent where that had none. */
  readonly about?: Uint8Array
}

/** One that asks for a connection. */
export type LaneHello = Hello & { readonly lane: Lane }

/** The acceptor says who it is, so that the proof that it asks for is worth nothing to anybody else. */
export interface Challenge {
  readonly type: 'challenge'
  readonly identity: NodeIdentity
  readonly trust: Trust
  readonly nonce: Uint8Array
}

export interface Welcome extends HandshakeParty {
  readonly type: 'welcome'
  readonly wireVersion: number
}

export type HandshakeMessage =
  | Hello
  | Challenge
  | { readonly type: 'proof'; readonly proof: Uint8Array }
  | Welcome
  | { readonly type: 'refusal'; readonly refusal: Refusal }
  | { readonly type: 'finish' }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }

export const handshakeLimits = {
  clusterNameBytes: 400,
  hostBytes: 255,
  capabilityBytes: 64,
  capabilities: 32,
  configDigestBytes: 128,
  nonceBytes: 64,
  detailCharacters: 200,
  detailBytes: 800,
} as const

/** Their places are the codes on the wire: add at the end only. */
const refusalReasons: readonly RefusalReason[] = [
  'wire-version',
  'cluster-name',
  'config',
  'wrong-incarnation',
  'stale-incarnation',
  'removed',
  'duplicate',
  'self',
  'busy',
  'closing',
  'malformed',
  'identity',
  'authentication',
  'forbidden',
  'unreachable-address',
]

const lanes: readonly Hello['lane'][] = ['control', 'data', 'probe']
const noNonce = new Uint8Array(0)

/** What either end says of how it proves itself. */
interface Credential {
  readonly trust: Trust
  readonly nonce?: Uint8Array
}

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new ByteWriter(256)
  writer.u8(lanes.indexOf(hello.lane))
  writeParty(writer, hello)
  writeAddress(writer, hello.dialled)
  writeOptional(writer, hello.expected, (incarnation) => writer.varint(incarnation))
  writeCredential(writer, hello)
  if (hello.lane === 'probe') writer.bytes(hello.about ?? noNonce, handshakeLimits.nonceBytes)
  return writer.finish()
}

export function encodeChallenge(challenge: Challenge): Uint8Array {
  const writer = new ByteWriter()
  writeIdentity(writer, challenge.identity)
  writeCredential(writer, challenge)
  return writer.finish()
}

export function encodeProof(proof: Uint8Array): Uint8Array {
  return new ByteWriter(proofBytes + 1).bytes(proof, proofBytes).finish()
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  const writer = new ByteWriter(256)
  writer.u16(welcome.wireVersion)
  writeParty(writer, welcome)
  writeCredential(writer, { trust: welcome.trust })
  return writer.finish()
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  const writer = new ByteWriter()
  writer.u8(refusalReasons.indexOf(refusal.reason))
  writeOptional(writer, refusal.actual, (actual) => writeIdentity(writer, actual))
  writeOptional(writer, refusal.knownIncarnation, (incarnation) => writer.varint(incarnation))
  writer.string(shorten(refusal.detail), handshakeLimits.detailBytes)
  return writer.finish()
}

/**
 * Reads the body `bytes[start, end)` of a transport frame; `undefined` for a type that this version
 * does not know.
 *
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED`, `CASTY_TRANSPORT_INVALID_ADDRESS`
 */
export function decodeHandshake(
  frameType: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): HandshakeMessage | undefined {
  const reader = new ByteReader(bytes, start, end)
  switch (frameType) {
    case frameTypes.hello:
      return readHello(reader)
    case frameTypes.welcome:
      return readWelcome(reader)
    case frameTypes.refusal:
      return { type: 'refusal', refusal: readRefusal(reader) }
    case frameTypes.challenge:
      return readChallenge(reader)
    case frameTypes.proof:
      return { type: 'proof', proof: readProof(reader) }
    case frameTypes.finish:
      return { type: 'finish' }
    case frameTypes.ping:
      return { type: 'ping' }
    case frameTypes.pong:
      return { type: 'pong' }
    default:
      return undefined
  }
}

function readHello(reader: ByteReader): Hello {
  const lane = lanes[reader.u8()]
  if (lane === undefined) throw TransportError.malformed('A hello names an unknown lane')
  const party = readParty(reader)
  const dialled = readAddress(reader)
  const expected = readOptional(reader, () => toIncarnation(reader.varint()))
  const credential = readCredential(reader)
  const about = lane === 'probe' ? readAbout(reader) : undefined
  return {
    type: 'hello',
    lane,
    ...party,
    dialled,
    ...(expected !== undefined && { expected }),
    ...credential,
    ...(about && { about }),
  }
}

function readAbout(reader: ByteReader): Uint8Array | undefined {
  const about = reader.bytes(handshakeLimits.nonceBytes)
  if (about.length === 0) return undefined
  if (about.length === proofBytes) return about
  throw TransportError.malformed(`A probe asks about a hello by ${about.length} bytes`)
}

function readChallenge(reader: ByteReader): Challenge {
  const identity = readIdentity(reader)
  const { trust, nonce } = readCredential(reader)
  if (nonce === undefined) throw TransportError.malformed('A challenge has no nonce')
  return { type: 'challenge', identity, trust, nonce }
}

function readProof(reader: ByteReader): Uint8Array {
  const proof = reader.bytes(proofBytes)
  if (proof.length === proofBytes) return proof
  throw TransportError.malformed(`A proof has ${proof.length} bytes`)
}

function readWelcome(reader: ByteReader): Welcome {
  const wireVersion = reader.u16()
  const party = readParty(reader)
  const { trust } = readCredential(reader)
  return { type: 'welcome', wireVersion, ...party, trust }
}

function readRefusal(reader: ByteReader): Refusal {
  const reason = refusalReasons[reader.u8()]
  // A reason of a later version: the peer said no, and its detail says why.
  const known = reason ?? 'malformed'
  const actual = readOptional(reader, () => readIdentity(reader))
  const knownIncarnation = readOptional(reader, () => toIncarnation(reader.varint()))
  const detail = shorten(reader.string(handshakeLimits.detailBytes))
  return {
    reason: known,
    ...(actual !== undefined && { actual }),
    ...(knownIncarnation !== undefined && { knownIncarnation }),
    detail,
  }
}

function writeParty(writer: ByteWriter, party: Omit<HandshakeParty, 'trust'>): void {
  writer.string(party.clusterName, handshakeLimits.clusterNameBytes)
  writeIdentity(writer, party.identity)
  writer.varint(party.sequence)
  writer.count(party.capabilities.length)
  for (const capability of party.capabilities) {
    writer.string(capability, handshakeLimits.capabilityBytes)
  }
  writeOptional(writer, party.configDigest, (digest) =>
    writer.string(digest, handshakeLimits.configDigestBytes),
  )
}

function readParty(reader: ByteReader): Omit<HandshakeParty, 'trust'> {
  const clusterName = reader.string(handshakeLimits.clusterNameBytes)
  const identity = readIdentity(reader)
  const sequence = reader.varint()
  const capabilities = readCapabilities(reader)
  const configDigest = readOptional(reader, () => reader.string(handshakeLimits.configDigestBytes))
  return {
    clusterName,
    identity,
    sequence,
    capabilities,
    ...(configDigest !== undefined && { configDigest }),
  }
}

function readCapabilities(reader: ByteReader): readonly string[] {
  const count = reader.count(1)
  if (count > handshakeLimits.capabilities) {
    throw TransportError.malformed(`${count} capabilities are more than can be named`)
  }
  return Array.from({ length: count }, () => reader.string(handshakeLimits.capabilityBytes))
}

function writeAddress(writer: ByteWriter, address: NodeAddress): void {
  writer.string(address.host, handshakeLimits.hostBytes).u16(address.port)
}

function readAddress(reader: ByteReader): NodeAddress {
  const host = reader.string(handshakeLimits.hostBytes)
  return NodeAddress.of(host, reader.u16())
}

function writeIdentity(writer: ByteWriter, identity: NodeIdentity): void {
  writeAddress(writer, identity.address)
  writer.varint(identity.incarnation)
}

function readIdentity(reader: ByteReader): NodeIdentity {
  const address = readAddress(reader)
  if (address.port === 0) throw TransportError.malformed('A node has no port')
  return NodeIdentity.of(address, reader.varint())
}

function writeCredential(writer: ByteWriter, { trust, nonce }: Credential): void {
  const method = nonce === undefined ? authMethods.none : authMethods.secret
  writer.u8(trust === 'client' ? method + fromClient : method)
  writer.bytes(nonce ?? noNonce, handshakeLimits.nonceBytes)
}

function readCredential(reader: ByteReader): Credential {
  const byte = reader.u8()
  const trust = byte >= fromClient ? 'client' : 'member'
  const method = byte % fromClient
  const nonce = reader.bytes(handshakeLimits.nonceBytes)
  if (method === authMethods.none) return { trust }
  if (method === authMethods.secret && nonce.length === proofBytes) return { trust, nonce }
  throw TransportError.malformed(`The authentication method ${method} is not known`)
}

function writeOptional<T>(
  writer: ByteWriter,
  value: T | undefined,
  write: (value: T) => void,
): void {
  writer.bool(value !== undefined)
  if (value !== undefined) write(value)
}

function readOptional<T>(reader: ByteReader, read: () => T): T | undefined {
  return reader.bool() ? read() : undefined
}

/** At most 200 characters, whole ones: half of a surrogate pair that was cut is replaced. */
function shorten(text: string): string {
  return text.slice(0, handshakeLimits.detailCharacters).replaceAll(/\p{Surrogate}/gu, '\ufffd')
}
