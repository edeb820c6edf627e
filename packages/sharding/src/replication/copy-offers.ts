// Copies on a disk of this node that their owner does not count on. They may be of a life before this one, of which the table knows nothing:
// so they are offered to the owner, now and then, until that takes them, or says that nothing of them is needed.
import type { Clock } from '@casty/clock'
import type { NodeIdentity } from '@casty/transport'
import type { ShardTable } from '../table/shard-table.ts'
import type { ReplicatedType } from './replicated-type.ts'
import type { ReplicationFrames } from './replication-frames.ts'

export interface CopyOffersPort {
  readonly self: NodeIdentity
  readonly clock: Pick<Clock, 'now'>
  readonly table: ShardTable
  isReachable(node: NodeIdentity): boolean
}

type OfferedType = Pick<ReplicatedType, 'name' | 'hash' | 'offered'>

/** How often owners are told, in milliseconds. */
const offerMs = 1_000

/** Mutable. While there may be something to offer, it is known when that is done next. */
export class CopyOffers {
  readonly #port: CopyOffersPort
  readonly #types: ReadonlyMap<number, OfferedType>
  readonly #frames: Pick<ReplicationFrames, 'answer'>
  #dueAt = Infinity

  constructor(
    port: CopyOffersPort,
    types: ReadonlyMap<number, OfferedType>,
    frames: Pick<ReplicationFrames, 'answer'>,
  ) {
    this.#port = port
    this.#types = types
    this.#frames = frames
  }

  /** There may be something to offer. */
  soon(): void {
    this.#dueAt = Math.min(this.#dueAt, this.#port.clock.now() + offerMs)
  }

  nextDeadline(): number {
    return this.#dueAt
  }

  tick(now: number): void {
    if (now < this.#dueAt) return
    this.#dueAt = Infinity
    for (const type of this.#types.values()) {
      for (const shard of type.offered()) this.#offer(type, shard)
    }
  }

  #offer({ name, hash }: OfferedType, shard: number): void {
    const { self, table } = this.#port
    const { owner, epoch, replicas } = table.row(name, shard)
    const isCountedOn = owner?.equals(self) || replicas.some((node) => node.equals(self))
    if (!owner || isCountedOn) return
    this.soon() // It may not be heard.
    if (!this.#port.isReachable(owner)) return
    this.#frames.answer(owner, { typeHash: hash, shard, epoch }, { type: 'offer' })
  }
}
