// System messages between this node and all others: a link to each life that there is something to say
// to, or that said something. A link ends with the life of its peer, which its owner is told once.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { SystemLink, type GivenUp, type LinkEvent, type LinkLimits } from './system-link.ts'
import type { LinkFrame } from './system-frame.ts'

export interface DeliveryLimits extends LinkLimits {
  /**
   * How long to wait until somebody whom this node has not heard of turns out to be a member, in
   * milliseconds: refs come faster than gossip. Until then nothing is sent there.
   */
  readonly unknownNodeMs: number
  /** For how many of those to wait at a time; one more is given up at once. */
  readonly maxUnknownNodes: number
}

/** Why what was under way to a node is given up, and what came from it holds no more. */
export type GiveUpReason =
  | 'overflow' // More waited for it than there is room for.
  | 'by-peer' // The same at the other end.
  | 'gone' // It was downed or removed, or this node was.
  | 'unknown' // It did not turn out to be a member.

export type PeersEvent =
  | {
      readonly type: 'send'
      readonly to: NodeIdentity
      readonly message: Uint8Array
      /** Whether this node knows it as a member. */
      readonly isMember: boolean
    }
  | { readonly type: 'frame-received'; readonly from: NodeIdentity; readonly frame: LinkFrame }
  | { readonly type: 'lane-opened'; readonly peer: NodeIdentity }
  | { readonly type: 'member-known'; readonly node: NodeIdentity }
  /** That life is over. */
  | { readonly type: 'node-gone'; readonly node: NodeIdentity }
  /** A node that is no member is treated as one from now on … */
  | { readonly type: 'guest-came'; readonly node: NodeIdentity }
  /** … and counts as gone, until it comes again. */
  | { readonly type: 'guest-left'; readonly node: NodeIdentity }
  | { readonly type: 'due' }

export type PeersEffect =
  | { readonly type: 'send-frame'; readonly to: NodeIdentity; readonly frame: LinkFrame }
  | { readonly type: 'deliver'; readonly from: NodeIdentity; readonly message: Uint8Array }
  | {
      readonly type: 'give-up'
      readonly node: NodeIdentity
      readonly reason: GiveUpReason
      readonly lostMessages: number
    }

interface Peer {
  readonly node: NodeIdentity
  readonly link: SystemLink
  /**
   * Until when it has to turn out to be a member; undefined where it did. Until then nothing was sent: if
   * it is given up, it may become one later, and would take a second link for the first.
   */
  unknownUntil: number | undefined
}

const reasons: Readonly<Record<GivenUp, GiveUpReason>> = { here: 'overflow', there: 'by-peer' }

/** As many guests that left are remembered. */
const maxLeft = 16_384

export class SystemPeers {
  readonly #limits: DeliveryLimits
  readonly #peers = new Map<NodeKey, Peer>()
  /** Those of them that have a deadline. */
  readonly #waiting = new Set<Peer>()
  /** Sessions of links to guests that left: if one comes again, both ends have to begin anew. */
  readonly #left = new Map<NodeKey, number>()
  /** How many have to turn out to be members. */
  #unknown = 0

  /** @param former - the sessions of links that there were in this life of the node, and are not continued */
  constructor(limits: DeliveryLimits, former: ReadonlyMap<NodeIdentity, number> = new Map()) {
    this.#limits = limits
    for (const [node, session] of former) {
      const link = new SystemLink(limits, session + 1)
      const peer: Peer = { node, link, unknownUntil: undefined }
      this.#peers.set(node.key, peer)
      this.#waiting.add(peer)
    }
  }

  /** How many nodes there is a link to. */
  get size(): number {
    return this.#peers.size
  }

  /** How many messages wait to be acknowledged, by all nodes together. */
  get pending(): number {
    let pending = 0
    for (const { link } of this.#peers.values()) pending += link.pending
    return pending
  }

  /** Every life that there is a link to, with the session of that. */
  get sessions(): ReadonlyMap<NodeIdentity, number> {
    return new Map([...this.#peers.values()].map(({ node, link }) => [node, link.session]))
  }

  /** When to come back with `due`. */
  get nextDeadline(): number | undefined {
    let earliest: number | undefined
    for (const peer of this.#waiting) {
      const deadline = deadlineOf(peer)
      if (earliest === undefined || (deadline ?? Infinity) < earliest) earliest = deadline
    }
    return earliest
  }

  step(event: PeersEvent, now: number): readonly PeersEffect[] {
    switch (event.type) {
      case 'send':
        return this.#send(event, now)
      case 'frame-received':
        return this.#step(this.#peer(event.from), event, now)
      case 'lane-opened':
        return this.#stepKnown(event.peer, event, now)
      case 'member-known':
        return this.#settled(event.node)
      case 'node-gone':
        return this.#gone(this.#peers.get(event.node.key), 'gone')
      case 'guest-came':
        return this.#guestCame(event.node)
      case 'guest-left':
        return this.#guestLeft(event.node)
      case 'due':
        return this.#due(now)
    }
  }

  #guestCame(node: NodeIdentity): readonly PeersEffect[] {
    const session = this.#left.get(node.key)
    if (session === undefined) return this.#settled(node)
    this.#left.delete(node.key)
    const link = new SystemLink(this.#limits, session + 1)
    const peer: Peer = { node, link, unknownUntil: undefined }
    this.#peers.set(node.key, peer)
    this.#look(peer)
    return []
  }

  #guestLeft(node: NodeIdentity): readonly PeersEffect[] {
    const peer = this.#peers.get(node.key)
    if (!peer) return []
    const [oldest] = this.#left.keys()
    if (this.#left.size >= maxLeft && oldest !== undefined) this.#left.delete(oldest)
    this.#left.set(node.key, peer.link.session)
    return this.#gone(peer, 'gone')
  }

  #send(event: Extract<PeersEvent, { type: 'send' }>, now: number): readonly PeersEffect[] {
    if (event.isMember || this.#peers.has(event.to.key)) {
      return this.#step(this.#peer(event.to), event, now)
    }
    if (this.#unknown >= this.#limits.maxUnknownNodes) {
      return [{ type: 'give-up', node: event.to, reason: 'unknown', lostMessages: 1 }]
    }
    const peer = this.#peer(event.to)
    peer.unknownUntil = now + this.#limits.unknownNodeMs
    this.#unknown++
    return this.#step(peer, event, now)
  }

  #peer(node: NodeIdentity): Peer {
    const known = this.#peers.get(node.key)
    if (known) return known
    const peer: Peer = { node, link: new SystemLink(this.#limits), unknownUntil: undefined }
    this.#peers.set(node.key, peer)
    return peer
  }

  #stepKnown(node: NodeIdentity, event: LinkEvent, now: number): readonly PeersEffect[] {
    const peer = this.#peers.get(node.key)
    return peer ? this.#step(peer, event, now) : []
  }

  #step(peer: Peer, event: LinkEvent, now: number): readonly PeersEffect[] {
    const { node } = peer
    const effects = peer.link.step(event, now).map((effect): PeersEffect => {
      switch (effect.type) {
        case 'send-frame':
          return { ...effect, to: node }
        case 'deliver':
          return { ...effect, from: node }
        case 'give-up':
          return {
            type: 'give-up',
            node,
            reason: reasons[effect.by],
            lostMessages: effect.lostMessages,
          }
      }
    })
    this.#look(peer)
    return effects
  }

  /** Keeps it among those that wait where it does. */
  #look(peer: Peer): void {
    if (deadlineOf(peer) === undefined) this.#waiting.delete(peer)
    else this.#waiting.add(peer)
  }

  #settled(node: NodeIdentity): readonly PeersEffect[] {
    const peer = this.#peers.get(node.key)
    if (peer?.unknownUntil === undefined) return []
    peer.unknownUntil = undefined
    this.#unknown--
    this.#look(peer)
    return []
  }

  #gone(peer: Peer | undefined, reason: GiveUpReason): readonly PeersEffect[] {
    if (!peer) return []
    this.#peers.delete(peer.node.key)
    this.#waiting.delete(peer)
    if (peer.unknownUntil !== undefined) this.#unknown--
    return [{ type: 'give-up', node: peer.node, reason, lostMessages: peer.link.pending }]
  }

  #due(now: number): readonly PeersEffect[] {
    return [...this.#waiting].flatMap((peer) => {
      if (peer.unknownUntil === undefined) return this.#step(peer, { type: 'due' }, now)
      return peer.unknownUntil <= now ? this.#gone(peer, 'unknown') : []
    })
  }
}

function deadlineOf({ link, unknownUntil }: Peer): number | undefined {
  return unknownUntil ?? link.nextDeadline
}
