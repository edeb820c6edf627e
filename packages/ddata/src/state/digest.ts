/**
 * 53 bits that tell some bytes from others, by two hashes in the way of FNV-1a: of Fowler, Noll and Vo, and of one more odd
 * factor. Two that differ are taken for the same by chance once in 2^53. Whoever looks for such two deceives nobody else.
 */
export function digestOf(bytes: Uint8Array): number {
  let low = 0x811c9dc5
  let high = 0x9e3779b9 ^ bytes.length
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high ^ byte, 0x85ebca6b)
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
