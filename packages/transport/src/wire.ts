// What the two ends of a connection must agree on before they can disagree about anything else.
//
//   dialler   → magic (8 bytes), lowest and highest wire version (u16 each), hello frame
//   acceptor  → magic, versions, welcome or refusal frame
//   both      → frames
//
// Where a secret is shared, the acceptor answers the hello with a challenge, and a proof of the dialler comes before
// the welcome or refusal, which a proof of the acceptor precedes.
//
// A frame is a 4-byte big-endian length, one byte of type, and a body; the length counts type and
// body. The layouts of prelude and refusal never change, so that versions without anything in common
// can still tell each other so.

/** No HTTP request, TLS record or line of text starts with a byte of 0x89. */
const wireMagic: Uint8Array = Uint8Array.of(0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 0x0d, 0x0a)

/** Wire versions that this package speaks, inclusive. Counted on their own, not with the package. */
export const wireVersions: { readonly min: number; readonly max: number } = { min: 1, max: 1 }

export const preludeBytes = 12
export const lengthBytes = 4
export const headerBytes = 5

/** Whoever reads may be told to take no longer frames, type and body, and never to take only shorter ones. */
export const leastFrameLimitBytes = 1_024

/**
 * The body of a frame of several parts has no more bytes: so every node takes it, whatever its limits are. Whoever reads
 * frames looks at the time between two, so this bounds what can be made of one as well; and a head that fifty short messages
 * share costs hardly anything.
 */
export const maxJoinedBytes: number = leastFrameLimitBytes - 1

/** Types 0 to 15 are the transport's own, 16 to 31 the membership's, 32 to 255 free. */
export const firstUserFrameType = 16
export const firstFreeFrameType = 32
export const lastFrameType = 255

export const frameTypes = {
  hello: 1,
  welcome: 2,
  refusal: 3,
  /** That a secret is known: of the dialler when it was challenged, of the acceptor before its answer. */
  proof: 4,
  /** The sender has written its last frame here: flush yours and close, so that none is lost. */
  finish: 5,
  /** Asks for a `pong`: whether anybody is still there. */
  ping: 6,
  pong: 7,
  /** The acceptor asks for a proof. */
  challenge: 8,
} as const

/** How two ends convince each other of who they are. Where a client speaks, `fromClient` is added. */
export const authMethods = { none: 0, secret: 1 } as const
export const fromClient = 0x80

export interface Prelude {
  readonly minVersion: number
  readonly maxVersion: number
}

/** The highest version that both ranges hold. */
export function commonVersion(other: Prelude): number | undefined {
  const highest = Math.min(wireVersions.max, other.maxVersion)
  return highest >= Math.max(wireVersions.min, other.minVersion) ? highest : undefined
}

/** False as soon as one of the first `length` bytes is not of our magic. */
export function startsLikeMagic(bytes: Uint8Array, length: number): boolean {
  const checked = Math.min(length, wireMagic.length)
  for (let index = 0; index < checked; index++) {
    if (bytes[index] !== wireMagic[index]) return false
  }
  return true
}

export function encodePrelude(versions: {
  readonly min: number
  readonly max: number
}): Uint8Array {
  const bytes = new Uint8Array(preludeBytes)
  bytes.set(wireMagic)
  const view = new DataView(bytes.buffer)
  view.setUint16(8, versions.min)
  view.setUint16(10, versions.max)
  return bytes
}

/** @param bytes - at least `preludeBytes` of them, the magic already checked */
export function decodePrelude(bytes: Uint8Array): Prelude {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { minVersion: view.getUint16(8), maxVersion: view.getUint16(10) }
}

/** One frame in a buffer of its own. The hot path goes through `FrameBatch` instead. */
export function encodeFrame(frameType: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + body.length)
  new DataView(bytes.buffer).setUint32(0, body.length + 1)
  bytes[lengthBytes] = frameType
  bytes.set(body, headerBytes)
  return bytes
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
