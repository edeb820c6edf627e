// A shard whose owner this node is, under one epoch. Nothing is read or written before all replicas in reach have told
// what they have, and refuse former owners. Then each operation is applied here, sent to all replicas, and confirmed
// when enough of them have it.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { CopyVersion } from './copy-version.ts'
import type { ShardCopies } from './copies.ts'
import type { Operation } from './copy.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import { ReplicaLink } from './replica-link.ts'

/** How an operation went, which was applied here. */
export type ReplicationOutcome =
  | { readonly type: 'confirmed' }
  /** Whether enough replicas have it is not known. */
  | { readonly type: 'timed-out'; readonly acknowledged: number }
  /** The shard is another's: whether that one knows of it is not known. */
  | { readonly type: 'over'; readonly epoch: number }

export interface ReplicatedShardPort {
  send(to: NodeIdentity, request: ReplicaRequest): void
  isReachable(node: NodeIdentity): boolean
  /** Somebody owns the shard under a higher epoch. */
  fenced(epoch: number): void
}

export interface ReplicatedShardSettings {
  readonly minAcks: number
  readonly ackTimeoutMs: number
}

interface Pending {
  readonly version: CopyVersion
  readonly until: number
  readonly settle: (outcome: ReplicationOutcome) => void
}

/** Mutable, and of its owner alone. */
export class ReplicatedShard {
  readonly epoch: number
  readonly copies: ShardCopies
  readonly settings: ReplicatedShardSettings
  readonly #port: ReplicatedShardPort
  #links = new Map<NodeKey, { readonly node: NodeIdentity; readonly link: ReplicaLink }>()
  readonly #pending = new Map<string, Pending[]>()
  #isReady = false
  #endedBy: number | undefined
  #waiting: (() => void)[] = []

  constructor(
    epoch: number,
    copies: ShardCopies,
    settings: ReplicatedShardSettings,
    port: ReplicatedShardPort,
  ) {
    this.epoch = epoch
    this.copies = copies
    this.settings = settings
    this.#port = port
    copies.raiseFence(epoch)
  }

  /** All that replicas in reach had is here. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** The epoch of whoever has the shard now; undefined while this node has it. */
  get endedBy(): number | undefined {
    return this.#endedBy
  }

  /** Calls back once it can be read and written, or is over. */
  whenReady(goOn: () => void): void {
    if (this.#isReady || this.#endedBy !== undefined) goOn()
    else this.#waiting.push(goOn)
  }

  /** Who keeps copies, or is in reach, may have changed. */
  follow(replicas: readonly NodeIdentity[], now: number): void {
    const before = this.#links
    this.#links = new Map()
    for (const node of replicas) {
      const link = before.get(node.key)?.link ?? this.#linkTo(node)
      this.#links.set(node.key, { node, link })
    }
    for (const { node, link } of this.#links.values()) {
      link.setReachable(this.#port.isReachable(node), now)
    }
    this.#look(now)
  }

  #linkTo(node: NodeIdentity): ReplicaLink {
    return new ReplicaLink(this.copies, {
      send: (request) => this.#port.send(node, request),
      advanced: (id, now) => {
        if (id === undefined) this.#look(now)
        else this.#settle(id)
      },
      fenced: (epoch) => this.end(epoch),
    })
  }

  #look(now: number): void {
    if (this.#endedBy !== undefined) return
    const links = [...this.#links.values()]
    if (!this.#isReady && links.every(({ link }) => link.isMerged)) {
      this.#isReady = true
      this.#wake()
    }
    if (this.#isReady) for (const { link } of links) link.serve(now)
    for (const id of this.#pending.keys()) this.#settle(id)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const goOn of waiting) goOn()
  }

  /**
   * Applies an operation, and tells later how that went.
   *
   * @throws JournalError: then nothing was done
   */
  perform(
    id: string,
    operation: Operation,
    now: number,
    settle: (outcome: ReplicationOutcome) => void,
  ): void {
    const previous = this.copies.version(id)
    const version = { epoch: this.epoch, count: previous.count + 1 }
    this.copies.apply(id, operation, version)
    const pending = this.#pending.get(id) ?? []
    pending.push({ version, until: now + this.settings.ackTimeoutMs, settle })
    this.#pending.set(id, pending)
    for (const { link } of this.#links.values()) link.replicate(operation, id, previous, now)
    this.#settle(id) // Where none has to confirm it.
  }

  #acksOf(id: string, version: CopyVersion): number {
    let count = 0
    for (const { link } of this.#links.values()) if (link.has(id, version)) count++
    return count
  }

  #settle(id: string): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    const done = pending.filter(({ version }) => this.#acksOf(id, version) >= this.settings.minAcks)
    if (done.length === 0) return
    this.#keep(
      id,
      pending.filter((one) => !done.includes(one)),
    )
    for (const { settle } of done) settle({ type: 'confirmed' })
  }

  #keep(id: string, pending: Pending[]): void {
    if (pending.length > 0) this.#pending.set(id, pending)
    else this.#pending.delete(id)
  }

  answered(from: NodeKey, answer: ReplicaAnswer, now: number): void {
    if (this.#endedBy === undefined) this.#links.get(from)?.link.answered(answer, now)
  }

  /** It is another's under that epoch. */
  end(epoch: number): void {
    if (this.#endedBy !== undefined) return
    this.#endedBy = epoch
    if (epoch > this.epoch) this.#port.fenced(epoch)
    this.#links.clear()
    const pending = [...this.#pending.values()].flat()
    this.#pending.clear()
    for (const { settle } of pending) settle({ type: 'over', epoch })
    this.#wake()
  }

  /** Whether all replicas in reach have all. */
  get isWhole(): boolean {
    return [...this.#links.values()].every(({ link }) => link.isWhole)
  }

  nextDeadline(): number {
    let next = Infinity
    for (const { link } of this.#links.values()) next = Math.min(next, link.nextDeadline())
    for (const [first] of this.#pending.values()) next = Math.min(next, first?.until ?? Infinity)
    return next
  }

  tick(now: number): void {
    for (const { link } of this.#links.values()) link.tick(now)
    for (const [id, pending] of this.#pending) {
      const late = pending.filter(({ until }) => until <= now)
      this.#keep(
        id,
        pending.filter(({ until }) => until > now),
      )
      for (const { version, settle } of late) {
        settle({ type: 'timed-out', acknowledged: this.#acksOf(id, version) })
      }
    }
  }
}
