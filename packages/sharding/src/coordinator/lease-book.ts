// What a coordinator grants, and until when it must reckon with what it granted.
import type { NodeKey } from '@casty/transport'
import { driftShare } from '../core/core-settings.ts'
import type { Grant } from '../protocol.ts'
import type { Version } from '../table/version.ts'
import type { Follower } from './follower.ts'

/** Outlives a term: the next one of the same node must reckon with its grants as well. Mutable. */
export class LeaseBook {
  readonly #leaseMs: number
  readonly #ends = new Map<NodeKey, number>()
  /** Leases of a coordinator that resigned. */
  #formerEnd = Number.NEGATIVE_INFINITY

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  /**
   * The lease that an answer earned: never longer than the coordinator's own right. The region counts it
   * from when it asked, which was before the answer came here.
   */
  grant(follower: Follower, after: Version, rightUntil: number): Grant | undefined {
    const { receivedAt, round, node } = follower
    const longest = Math.min(this.#leaseMs, rightUntil - receivedAt)
    if (!(longest > 0)) return undefined
    this.#ends.set(node.key, Math.max(this.#endOf(node.key), receivedAt + longest))
    return { round, forMs: longest * driftShare, after }
  }

  /** When no lease of that node can last any more, by this node's clock. */
  endsAt(node: NodeKey): number {
    return Math.max(this.#endOf(node), this.#formerEnd)
  }

  #endOf(node: NodeKey): number {
    return this.#ends.get(node) ?? Number.NEGATIVE_INFINITY
  }

  /** A member told that a coordinator resigned while leases last for `forMs` more. */
  noteFormer(forMs: number, now: number): void {
    if (forMs > 0) this.#formerEnd = Math.max(this.#formerEnd, now + forMs / driftShare)
  }

  /** How long any lease lasts yet, in milliseconds. */
  longestFrom(now: number): number {
    return Math.max(0, this.#formerEnd - now, ...[...this.#ends.values()].map((end) => end - now))
  }

  /** Forgets what is over. */
  prune(now: number): void {
    for (const [node, end] of this.#ends) if (end <= now) this.#ends.delete(node)
  }
}
