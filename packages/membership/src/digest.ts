/**
 * A 53-bit digest of a text, as a non-negative safe integer: two rounds of 32-bit FNV-1a from
 * different offsets, finished like MurmurHash3. It tells equal contents from unequal ones at a few
 * bytes; it is no defence against somebody who looks for a collision.
 *
 * @see Fowler, Noll & Vo, "The FNV non-cryptographic hash algorithm", IETF draft; Appleby, MurmurHash3
 */
export function digestOf(text: string): number {
  let high = 0x811c9dc5
  let low = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x85ebca6b)
  }
  high = finish(high ^ (low >>> 15))
  low = finish(low ^ (high >>> 13))
  return (high & 0x1fffff) * 4_294_967_296 + (low >>> 0)
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
