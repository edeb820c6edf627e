// Which shard an entity belongs to. Every node must come to the same answer, in every release: the function is
// part of the wire format, and changing it would have entities in two shards at once.

/**
 * The shard of an entity: FNV-1a (32 bits) over the UTF-8 of its id, finished with `fmix32` of MurmurHash3,
 * modulo `numShards`. FNV alone spreads ids that differ in their last letter badly over few shards.
 *
 * @param numShards - an integer from 1
 * @returns an integer from 0 to `numShards - 1`
 * @see Fowler, Noll, Vo, "FNV hash", IETF draft; Appleby, MurmurHash3, 2011
 * @example shardOf('account-17', 100) // => 30
 */
export function shardOf(entityId: string, numShards: number): number {
  return hashOf(entityId) % numShards
}

/** The same hash before the modulo: 32 bits, unsigned. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) hash = added(hash, unit)
    else {
      const point = text.codePointAt(index) ?? unit
      hash = addedEncoded(hash, point)
      if (point > 0xffff) index++ // A pair of surrogates is one character.
    }
  }
  return fmix32(hash)
}

function added(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x0100_0193)
}

/** The UTF-8 of what is no ASCII, without an array for it. A lone surrogate is U+FFFD, as in every encoder. */
function addedEncoded(hash: number, point: number): number {
  const scalar = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
  const last = 0x80 | (scalar & 0x3f)
  if (scalar < 0x800) return added(added(hash, 0xc0 | (scalar >> 6)), last)
  const second = 0x80 | ((scalar >> 6) & 0x3f)
  if (scalar < 0x1_0000) return added(added(added(hash, 0xe0 | (scalar >> 12)), second), last)
  const third = 0x80 | ((scalar >> 12) & 0x3f)
  return added(added(added(added(hash, 0xf0 | (scalar >> 18)), third), second), last)
}

function fmix32(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85eb_ca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2_ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
