import type { Random } from '@casty/clock'
import type { NodeAddress, NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterView } from './cluster-view.ts'
import type { Guests } from './guests.ts'
import { Peer, type NameLimits } from './peer.ts'
import { isOver } from './standing.ts'

export interface PeersOptions extends NameLimits {
  readonly cluster: ClusterView
  readonly guests: Guests
  readonly random: Random
  readonly maxPeers: number
}

/** All nodes that this one has to do with. Those that are no members make room for others. */
export class Peers {
  readonly #options: PeersOptions
  readonly #byKey = new Map<NodeKey, Peer>()
  #isClosed = false
  #lastNode: NodeIdentity | undefined
  #lastPeer: Peer | undefined

  constructor(options: PeersOptions) {
    this.#options = options
  }

  get all(): readonly Peer[] {
    return [...this.#byKey.values()]
  }

  of(node: NodeIdentity): Peer {
    if (node === this.#lastNode && this.#lastPeer !== undefined) return this.#lastPeer
    const peer = this.#byKey.get(node.key) ?? this.#add(node)
    this.#lastNode = node
    this.#lastPeer = peer
    return peer
  }

  at(address: NodeAddress): readonly Peer[] {
    return this.all.filter(({ node }) => node.address.equals(address))
  }

  /** It has left in order: what it sent before may be on its way still. @returns as `gone` */
  left(node: NodeIdentity): Peer | undefined {
    const peer = this.#byKey.get(node.key)
    if (peer) peer.hasLeft = true
    return peer
  }

  /** It is no member any more. @returns undefined where it has nothing to do with this node */
  gone(node: NodeIdentity): Peer | undefined {
    const peer = this.#byKey.get(node.key)
    this.#lastNode = this.#lastPeer = undefined
    this.#byKey.delete(node.key)
    if (peer) peer.hasLeft = peer.isGone = true
    return peer
  }

  /** Nothing is sent to anybody any more: nodes that turn up from now on count as gone, too. */
  close(): void {
    this.#isClosed = true
  }

  #add(node: NodeIdentity): Peer {
    const { cluster, random, maxPeers } = this.#options
    if (this.#byKey.size >= maxPeers) this.#makeRoom()
    const peer = new Peer(node, Math.floor(random() * 0x1_0000), this.#options)
    peer.hasLeft = peer.isGone = this.#isClosed || isOver(cluster.getState(), node)
    this.#byKey.set(node.key, peer)
    return peer
  }

  #makeRoom(): void {
    const { cluster, guests } = this.#options
    const state = cluster.getState()
    for (const peer of this.#byKey.values()) {
      if (peer.pendingAsks > 0 || state.member(peer.node) || guests.has(peer.node)) continue
      peer.known.clear()
      this.#byKey.delete(peer.node.key)
      return
    }
  }
}
