// Who is a client of one member, for how long yet, and how much it may still send. Without time of its own.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ToldServices, ToldVersion } from './client-messages.ts'

export interface BookLimits {
  readonly maxClients: number
  readonly clientTimeoutMs: number
  readonly maxFramesPerSecond: number
  readonly maxBytesPerSecond: number
}

/** Why a frame of a client was dropped. */
export type ClientDropReason =
  | 'not-admitted' // There was no room for it, which it was told.
  | 'too-many-frames'
  | 'too-many-bytes'
  | 'too-many-pulls' // It asked for news more often than every 100 ms.

/** What a client has of the cluster, as far as this member told it or was told. */
export interface Known {
  readonly version: ToldVersion
  readonly registry: ToldServices
}

/** One client. */
export interface ClientRecord {
  readonly node: NodeIdentity
  readonly since: number
  until: number
  /** Is told what changes: where this member is its contact. */
  known: Known | undefined
  pulledAt: number
  frames: number
  bytes: number
  /** How many of its frames were dropped. */
  dropped: number
  readonly frameBudget: Budget
  readonly byteBudget: Budget
}

/** So much each second, and never more than that at once. */
class Budget {
  readonly #perSecond: number
  #left: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#at = now
  }

  has(amount: number, now: number): boolean {
    const earned = ((now - this.#at) / 1_000) * this.#perSecond
    this.#left = Math.min(this.#perSecond, this.#left + earned)
    this.#at = now
    return this.#left >= Math.min(amount, this.#perSecond)
  }

  take(amount: number): void {
    this.#left -= amount
  }
}

/** A client that asks for news is not answered more often. */
const minPullMs = 100

export class ClientBook {
  readonly #limits: BookLimits
  /** By how long they were not heard of, the longest first. */
  readonly #clients = new Map<NodeKey, ClientRecord>()
  /** Those that there was no room for, until when that is remembered. */
  readonly #refused = new Map<NodeKey, number>()
  readonly #dropped: Record<ClientDropReason, number> = {
    'not-admitted': 0,
    'too-many-frames': 0,
    'too-many-bytes': 0,
    'too-many-pulls': 0,
  }

  constructor(limits: BookLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#clients.size
  }

  get all(): Iterable<ClientRecord> {
    return this.#clients.values()
  }

  get dropped(): Readonly<Record<ClientDropReason, number>> {
    return { ...this.#dropped }
  }

  find(node: NodeIdentity): ClientRecord | undefined {
    return this.#clients.get(node.key)
  }

  /** A client is there. @returns whether it was let in only now; `full` where it was not */
  greeted(node: NodeIdentity, now: number): 'known' | 'new' | 'full' {
    const until = now + this.#limits.clientTimeoutMs
    const known = this.#clients.get(node.key)
    if (known) {
      known.until = until
      this.#clients.delete(node.key)
      this.#clients.set(node.key, known)
      return 'known'
    }
    if (this.#clients.size >= this.#limits.maxClients) {
      this.#refuse(node, until, now)
      return 'full'
    }
    this.#refused.delete(node.key)
    this.#clients.set(node.key, this.#recordOf(node, until, now))
    return 'new'
  }

  #recordOf(node: NodeIdentity, until: number, now: number): ClientRecord {
    const { maxFramesPerSecond, maxBytesPerSecond } = this.#limits
    return {
      node,
      since: now,
      until,
      known: undefined,
      pulledAt: -Infinity,
      frames: 0,
      bytes: 0,
      dropped: 0,
      frameBudget: new Budget(maxFramesPerSecond, now),
      byteBudget: new Budget(maxBytesPerSecond, now),
    }
  }

  #refuse(node: NodeIdentity, until: number, now: number): void {
    this.#refused.delete(node.key)
    for (const [key, over] of this.#refused) {
      if (over > now && this.#refused.size < this.#limits.maxClients) break
      this.#refused.delete(key)
    }
    this.#refused.set(node.key, until)
  }

  /** Whether a frame of that node, which may be no client at all, is to be handled. */
  takes(node: NodeIdentity, sizeBytes: number, now: number): boolean {
    const client = this.#clients.get(node.key)
    if (client === undefined) {
      if (!this.#refused.has(node.key)) return true
      this.#dropped['not-admitted']++
      return false
    }
    const reason = !client.frameBudget.has(1, now)
      ? 'too-many-frames'
      : !client.byteBudget.has(sizeBytes, now)
        ? 'too-many-bytes'
        : undefined
    if (reason !== undefined) {
      this.#drop(client, reason)
      return false
    }
    client.frameBudget.take(1)
    client.byteBudget.take(sizeBytes)
    client.frames++
    client.bytes += sizeBytes
    return true
  }

  /** A client asks for news. @returns undefined where it is none, or asks too often */
  pulled(node: NodeIdentity, now: number): ClientRecord | undefined {
    const client = this.#clients.get(node.key)
    if (client === undefined) {
      this.#dropped['not-admitted']++
      return undefined
    }
    if (now - client.pulledAt < minPullMs) {
      this.#drop(client, 'too-many-pulls')
      return undefined
    }
    client.pulledAt = now
    return client
  }

  #drop(client: ClientRecord, reason: ClientDropReason): void {
    client.dropped++
    this.#dropped[reason]++
  }

  /** @returns whether it was a client */
  left(node: NodeIdentity): boolean {
    return this.#clients.delete(node.key)
  }

  /** When to come back for `takeOverdue`. */
  get nextDeadline(): number | undefined {
    for (const { until } of this.#clients.values()) return until
    return undefined
  }

  /** Those that were not heard of for too long: they are clients no more. */
  takeOverdue(now: number): readonly NodeIdentity[] {
    const overdue: NodeIdentity[] = []
    for (const [key, { until, node }] of this.#clients) {
      if (until > now) break
      this.#clients.delete(key)
      overdue.push(node)
    }
    return overdue
  }
}
