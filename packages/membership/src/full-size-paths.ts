// Whether packets of full size get through to a peer. On some paths only small ones do: where the largest
// size of a packet differs on the way, and what would tell the sender is filtered. Heartbeats alone pass
// there for ever, while whatever is larger vanishes with all that follows it on its connection.
import type { NodeKey } from '@casty/transport'
import { digestOf } from './digest.ts'

/** More than an Ethernet frame holds, so that it takes a packet of full size. */
export const fullSizeBytes = 1_600

/** As often as that is looked at, in milliseconds. */
export const fullSizeEveryMs = 60_000

/**
 * Says which heartbeats are padded to full size: the first one to a peer, one a minute from then on, and
 * all of them while none was answered. A peer that fell silent counts as reached only when it answers such
 * a heartbeat, or one behind a bad path would come and go for ever: its small frames get through on
 * another connection, or in the other direction, until one of full size blocks that as well.
 */
export class FullSizePaths {
  readonly #self: NodeKey
  readonly #dueAt = new Map<NodeKey, number>()
  readonly #doubted = new Map<NodeKey, 'silent' | 'asked'>()

  constructor(self: NodeKey) {
    this.#self = self
  }

  /** Forgets everybody else. */
  follow(watched: ReadonlySet<NodeKey>): void {
    for (const peer of this.#dueAt.keys()) if (!watched.has(peer)) this.#dueAt.delete(peer)
    for (const peer of this.#doubted.keys()) if (!watched.has(peer)) this.#doubted.delete(peer)
  }

  /** How many bytes the heartbeat that is sent to a peer now carries for nothing. */
  paddingFor(peer: NodeKey, now: number): number {
    return now >= (this.#dueAt.get(peer) ?? now) ? fullSizeBytes : 0
  }

  answered(peer: NodeKey, paddingBytes: number, now: number): void {
    if (paddingBytes < fullSizeBytes) return
    this.#doubted.delete(peer)
    // Each pair has its own time within the minute, or nodes that start together burst together for ever.
    const isFirst = !this.#dueAt.has(peer)
    const share = isFirst ? (digestOf(`${this.#self} ${peer}`) % 1_000) / 1_000 : 1
    this.#dueAt.set(peer, now + fullSizeEveryMs * share)
  }

  /** The peer fell silent. */
  doubt(peer: NodeKey): void {
    this.#dueAt.delete(peer)
    this.#doubted.set(peer, 'silent')
  }

  /** Whether small frames of the peer are signs of life. */
  isTrusted(peer: NodeKey): boolean {
    return !this.#doubted.has(peer)
  }

  /** A frame of a doubted peer arrived: whether that is the first, and worth a heartbeat at once. */
  isWorthAsking(peer: NodeKey): boolean {
    if (this.#doubted.get(peer) !== 'silent') return false
    this.#doubted.set(peer, 'asked')
    return true
  }
}
