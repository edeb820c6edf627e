// The first write of each side of a connection: a prelude, and behind it whole frames, of which the
// dialing side's first is a hello.

/** The first byte of the prelude. It starts no frame that is not absurdly long. */
const preludeStart = 0x89
const preludeBytes = 12
/** Before the type of a frame stands its length. */
const lengthBytes = 4
const helloFrameType = 1

/** The frames of a write, without the prelude. */
export function framesOf(bytes: Uint8Array): Uint8Array {
  return bytes[0] === preludeStart ? bytes.subarray(preludeBytes) : bytes
}

/** Whether a write opens a connection. */
export function isHello(bytes: Uint8Array): boolean {
  return bytes[0] === preludeStart && bytes[preludeBytes + lengthBytes] === helloFrameType
}
