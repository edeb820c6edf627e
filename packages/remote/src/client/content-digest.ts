// What a client and its contact compare to find out whether they know the same.
import type { ClusterState } from '@casty/membership'

/** Made once for each state of the members. */
const known = new WeakMap<ClusterState['records'], number>()

/**
 * Names what is known of the members, by their status and not by version alone: a client may have heard of the decision
 * of a member that told it to nobody else before it died, or have missed what was told between two other things. Then
 * versions are the same, or will be, and what is known is not.
 */
export function contentDigest({ records, membersByKey, versionDigest }: ClusterState): number {
  let digest = known.get(records)
  if (digest === undefined) {
    digest = 0
    // Added up: their order does not matter.
    for (const [key, { status }] of membersByKey)
      digest = (digest + hashOf(`${key} ${status}`)) >>> 0
    known.set(records, digest)
  }
  return (versionDigest + digest) % Number.MAX_SAFE_INTEGER
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
