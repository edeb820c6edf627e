// Floating point numbers as eight bytes, high bytes first: a view of a buffer takes longer to be made than all else that is
// written or read of most messages.

const number = new Float64Array(1)
const bytes = new Uint8Array(number.buffer)
number[0] = 1 // 3f f0 00 …
const isLittleEndian = bytes[0] === 0

export function writeFloat(to: Uint8Array, at: number, value: number): void {
  number[0] = value
  for (let index = 0; index < 8; index++) {
    to[at + index] = bytes[isLittleEndian ? 7 - index : index] ?? 0
  }
}

/** Of eight bytes that are there. */
export function readFloat(from: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index++) {
    bytes[isLittleEndian ? 7 - index : index] = from[at + index] ?? 0
  }
  return number[0] ?? 0
}
