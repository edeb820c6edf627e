// A version of thousands of entries is told as what differs from one that the receiver told itself.
import type { VectorClock } from '@casty/clock'
import type { NodeKey } from '@casty/transport'

/** Smaller versions are told whole: nothing is gained, and whoever reads the bytes needs nothing else. */
export const leastForDelta = 64

/** A message builds on a version that this node does not remember, or never had. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion'
}

/** What each peer was told lately: it builds on that, whatever others were told meanwhile. */
export class ToldPeers {
  readonly #mostPeers: number
  readonly #mostVersions: number
  readonly #byPeer = new Map<NodeKey, ToldVersions>()

  /** @param mostPeers - whoever was first told longest ago is forgotten, and has to be told anew */
  constructor(mostPeers: number, mostVersions: number) {
    this.#mostPeers = mostPeers
    this.#mostVersions = mostVersions
  }

  remember(peer: NodeKey, version: VectorClock, digest: (version: VectorClock) => number): void {
    let told = this.#byPeer.get(peer)
    if (!told) {
      const [oldest] = this.#byPeer.keys()
      if (oldest !== undefined && this.#byPeer.size >= this.#mostPeers) this.#byPeer.delete(oldest)
      told = new ToldVersions(this.#mostVersions)
      this.#byPeer.set(peer, told)
    }
    told.remember(version, digest)
  }

  get(peer: NodeKey, digest: number): VectorClock | undefined {
    return this.#byPeer.get(peer)?.get(digest)
  }
}

/** Versions told lately, which others may build on. */
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
