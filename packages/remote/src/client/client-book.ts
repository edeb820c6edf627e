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
  | 'stranger' // It has not greeted, and others like it took what one client may.
  | 'too-many-frames'
  | 'too-many-bytes'
  | 'too-many-pulls' // It asked for news more often than every 100 ms.

/** What a client has of the cluster, as far as this member told it or was told. */
export interface Known {
  readonly version: ToldVersion
  readonly registry: ToldServices
}

interface Budgets {
  readonly frameBudget: Budget
  readonly byteBudget: Budget
}

/** One client. */
export interface ClientRecord extends Budgets {
  readonly node: NodeIdentity
  readonly since: number
  until: number
  /** Is told what changes: where this member is its contact. */
  known: Known | undefined
  pulledAt: number
  /** When it was told last that it sends too much. */
  toldBusyAt: number
  frames: number
  bytes: number
  /** How many of its frames were dropped. */
  dropped: number
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

/** Takes one frame out of both. @returns which of them has not as much */
function overdrawn(
  { frameBudget, byteBudget }: Budgets,
  sizeBytes: number,
  now: number,
): ClientDropReason | undefined {
  if (!frameBudget.has(1, now)) return 'too-many-frames'
  if (!byteBudget.has(sizeBytes, now)) return 'too-many-bytes'
  frameBudget.take(1)
  byteBudget.take(sizeBytes)
  return undefined
}

/** A client that asks for news is not answered more often. */
const minPullMs = 100

export class ClientBook {
  readonly #limits: BookLimits
  /** By how long they were not heard of, the longest first. */
  readonly #clients = new Map<NodeKey, ClientRecord>()
  /** Those that there was no room for, until when that is remembered. */
  readonly #refused = new Map<NodeKey, number>()
  /** Of all together that are neither members nor clients: members that are not known yet, or clients that do not greet. */
  #strangers: Budgets | undefined
  readonly #dropped: Record<ClientDropReason, number> = {
    'not-admitted': 0,
    stranger: 0,
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
    return {
      node,
      since: now,
      until,
      known: undefined,
      pulledAt: -Infinity,
      toldBusyAt: -Infinity,
      frames: 0,
      bytes: 0,
      dropped: 0,
      ...this.#budgets(now),
    }
  }

  #budgets(now: number): Budgets {
    const { maxFramesPerSecond, maxBytesPerSecond } = this.#limits
    return {
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

  /**
   * Whether a frame of that node, which may be no client at all, is to be handled.
   *
   * @param isMember - asked of those that are no clients
   */
  takes(
    node: NodeIdentity,
    sizeBytes: number,
    now: number,
    isMember: (node: NodeIdentity) => boolean,
  ): boolean {
    const client = this.#clients.get(node.key)
    if (client === undefined) return this.#takesOther(node, sizeBytes, now, isMember)
    const reason = overdrawn(client, sizeBytes, now)
    if (reason !== undefined) {
      this.#drop(client, reason)
      return false
    }
    client.frames++
    client.bytes += sizeBytes
    return true
  }

  #takesOther(
    node: NodeIdentity,
    sizeBytes: number,
    now: number,
    isMember: (node: NodeIdentity) => boolean,
  ): boolean {
    if (isMember(node)) return true
    if (this.#refused.has(node.key)) {
      this.#dropped['not-admitted']++
      return false
    }
    this.#strangers ??= this.#budgets(now)
    if (overdrawn(this.#strangers, sizeBytes, now) === undefined) return true
    this.#dropped.stranger++
    return false
  }

  /** Whether what a client says of so many topics is to be heeded: each of them costs as much as a frame. */
  takesTopics(client: ClientRecord, count: number, now: number): boolean {
    if (client.frameBudget.has(count, now)) {
      client.frameBudget.take(count)
      return true
    }
    this.#drop(client, 'too-many-frames')
    return false
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
