import type { VectorClock, VectorClockEntry } from '@casty/clock'

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

/** Digests are added up to less than this, so that every sum is a safe integer. */
const digests = 2 ** 53

/** Made once for each version: thousands of entries are looked at. */
const versionDigests = new WeakMap<VectorClock, number>()

/** Names a version of one cluster. */
export function versionDigestOf(clusterId: string, version: VectorClock): number {
  return addDigests(digestOf(clusterId), clockDigest(version))
}

/** Names a version, whatever the cluster. */
export function clockDigest(version: VectorClock): number {
  const known = versionDigests.get(version)
  if (known !== undefined) return known
  let digest = 0
  for (const entry of version.unordered()) digest = addDigests(digest, entryDigest(entry))
  versionDigests.set(version, digest)
  return digest
}

/** Has the digest of `version` follow from that of a version before it, where that one is known. */
export function derivedFrom(former: VectorClock, version: VectorClock): VectorClock {
  let digest = versionDigests.get(former)
  if (digest === undefined || versionDigests.has(version)) return version
  for (const entry of version.changesSince(former)) {
    const [node] = entry
    const before = former.versionOf(node)
    if (before > 0) digest = minus(digest, entryDigest([node, before]))
    if (entry[1] > 0) digest = addDigests(digest, entryDigest(entry))
  }
  versionDigests.set(version, digest)
  return version
}

function entryDigest([node, count]: VectorClockEntry): number {
  return digestOf(`${node}:${count}`)
}

/** The digest of a set is the sum of those of its elements: their order does not matter. */
export function addDigests(left: number, right: number): number {
  const sum = left - digests + right // Never beyond the safe integers on the way.
  return sum < 0 ? sum + digests : sum
}

function minus(left: number, right: number): number {
  const difference = left - right
  return difference < 0 ? difference + digests : difference
}
