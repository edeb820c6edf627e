import type { VectorClock } from '@casty/clock'
import { TransportError, type Endpoint, type NodeIdentity, type NodeKey } from '@casty/transport'
import { decodeMessage, encodeInParts, membershipFrameType } from './codec.ts'
import { clockDigest } from './digest.ts'
import { Tally } from './tally.ts'
import type { ClusterMessage } from './messages.ts'
import { ToldPeers, UnknownVersion } from './version-delta.ts'

/** Bulk goes on the data lane, so that neither a large view nor a shard table delays a heartbeat. */
const maxControlBytes = 49_152
/** More than a node has neighbours; of each, more than are under way between two nodes at a time. */
const rememberedPeers = 64
const rememberedVersions = 4

/** Membership's messages over an endpoint: encoded, counted, and connections kept as asked. */
export class Messenger {
  readonly #endpoint: Endpoint
  readonly #maxFrameBytes: number
  readonly #kept = new Map<NodeKey, NodeIdentity>()
  readonly sent: Tally = new Tally()
  readonly received: Tally = new Tally()
  readonly #told = new ToldPeers(rememberedPeers, rememberedVersions)
  #bytesSent = 0
  #bytesReceived = 0

  /** @param maxFrameBytes - largest frame of the data lane */
  constructor(endpoint: Endpoint, maxFrameBytes: number) {
    this.#endpoint = endpoint
    this.#maxFrameBytes = maxFrameBytes
  }

  get bytesSent(): number {
    return this.#bytesSent
  }

  get bytesReceived(): number {
    return this.#bytesReceived
  }

  /** What cannot be decoded is counted by the endpoint, as malformed. */
  listen(
    receive: (from: NodeIdentity, message: ClusterMessage) => void,
    unreadable: (from: NodeIdentity) => void,
  ): void {
    this.#endpoint.handle(membershipFrameType, (from, bytes, start, end) => {
      const told = (digest: number): VectorClock | undefined => this.#told.get(from.key, digest)
      let message: ClusterMessage
      try {
        message = decodeMessage(bytes, start, end, told)
      } catch (error) {
        if (!(error instanceof TransportError && error.cause instanceof UnknownVersion)) throw error
        unreadable(from)
        return
      }
      this.#bytesReceived += end - start
      this.received.count(message.type)
      receive(from, message)
    })
  }

  /** A peer will build on the version held, once it is told of it in any form. */
  tells(to: NodeIdentity, version: VectorClock): void {
    this.#told.remember(to.key, version, clockDigest)
  }

  /** Best effort: what is lost is told again by the next round of gossip, or the next heartbeat. */
  send(to: NodeIdentity, message: ClusterMessage): void {
    this.sent.count(message.type)
    for (const bytes of encodeInParts(message, this.#maxFrameBytes)) {
      const isBulk = message.type === 'sections' || bytes.length > maxControlBytes
      const lane = isBulk ? 'data' : 'control'
      this.#bytesSent += bytes.length
      this.#endpoint.send(to, lane, membershipFrameType, bytes)
    }
  }

  /** Keeps a control connection to exactly these peers. */
  keepConnected(peers: readonly NodeIdentity[]): void {
    const wanted = new Map(peers.map((peer) => [peer.key, peer]))
    for (const [key, peer] of this.#kept) {
      if (wanted.has(key)) continue
      this.#kept.delete(key)
      this.#endpoint.unkeep(peer)
    }
    for (const [key, peer] of wanted) {
      if (this.#kept.has(key)) continue
      this.#kept.set(key, peer)
      this.#endpoint.keep(peer)
    }
  }
}
