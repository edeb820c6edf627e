// A version of thousands of entries is told as what differs from one that the receiver told itself.
import type { VectorClock } from '@casty/clock'

/** Smaller versions are told whole: nothing is gained, and whoever reads the bytes needs nothing else. */
export const leastForDelta = 64

/** A message builds on a version that this node does not remember, or never had. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion'
}

/** The versions that this node told lately, which others may build on. */
export class ToldVersions {
  readonly #most: number
  readonly #byDigest = new Map<number, VectorClock>()
  #last: VectorClock | undefined

  /** @param most - how many are remembered: a peer that builds on an older one has to be told anew */
  constructor(most: number) {
    this.#most = most
  }

  remember(version: VectorClock, digest: (version: VectorClock) => number): void {
    if (version === this.#last || version.size < leastForDelta) return
    this.#last = version
    const name = digest(version)
    this.#byDigest.delete(name)
    this.#byDigest.set(name, version)
    for (const oldest of this.#byDigest.keys()) {
      if (this.#byDigest.size <= this.#most) return
      this.#byDigest.delete(oldest)
    }
  }

  get(digest: number): VectorClock | undefined {
    return this.#byDigest.get(digest)
  }
}
