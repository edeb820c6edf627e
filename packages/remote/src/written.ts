import type { RefCodec, Serializer } from './serializer.ts'

/** As much room is in front of a message that was written: for the headers of most frames. */
export const frontRoomBytes = 1_024

/**
 * A message that was written: `bytes[start, end)`, and in front of it room for a header, which goes there without a
 * copy of the rest. Good until the next one is written.
 */
export interface Written {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** A serializer that leaves such room. Those of users need not. */
export interface FrontRoomSerializer extends Serializer {
  /** As `serialize`, with `frontRoomBytes` in front. */
  write(message: unknown, refs: RefCodec): Written
}

/** A buffer that would be larger is made for one message alone. */
const keptBytes = 1_048_576

/** Makes room in front of what comes without. */
export class RoomMaker {
  #kept = new Uint8Array(0)

  /** @returns a copy, good until the next one */
  copy(from: Uint8Array, start: number, end: number, roomBytes: number): Written {
    const size = roomBytes + end - start
    const bytes = this.#withSize(size)
    bytes.set(from.subarray(start, end), roomBytes) // Also where it came out of here before.
    return { bytes, start: roomBytes, end: size }
  }

  #withSize(size: number): Uint8Array {
    if (size > keptBytes) return new Uint8Array(size)
    if (size > this.#kept.length) this.#kept = new Uint8Array(Math.max(size, this.#kept.length * 2))
    return this.#kept
  }
}
