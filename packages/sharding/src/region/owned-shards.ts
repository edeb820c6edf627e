// All shards of a type as this node owns them, or does not: has what follows from a step of one of them done, and looks again
// after those that are in a stage which ends by itself.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { OwnedShard, type OwnerEffect, type OwnerSettings } from './owned-shard.ts'

/** What owning shards needs of the rest. */
export interface OwnedShardsPort {
  readonly self: NodeIdentity
  /** Something may be due earlier than before: at that time, where it is known. */
  deadlineMoved(at?: number): void
}

export class OwnedShards {
  readonly #port: OwnedShardsPort
  readonly #perform: (shard: number, effect: OwnerEffect) => void
  readonly #shards: readonly OwnedShard[]
  /** Those in a stage that ends by itself. */
  readonly #busy = new Set<number>()

  /** @param perform - does what follows from a step of one shard, and may bring about the next one */
  constructor(
    settings: OwnerSettings & { readonly numShards: number },
    port: OwnedShardsPort,
    perform: (shard: number, effect: OwnerEffect) => void,
  ) {
    const { numShards } = settings
    this.#port = port
    this.#perform = perform
    this.#shards = Array.from({ length: numShards }, () => new OwnedShard(port, settings))
  }

  of(shard: number): OwnedShard {
    const owned = this.#shards[shard]
    if (owned) return owned
    throw new RangeError(`Shard ${shard} is none of ${this.#shards.length}`) // A bug: shards are hashed or checked.
  }

  /** One of them has made a step, with these effects. */
  stepped(shard: number, effects: readonly OwnerEffect[]): void {
    for (const effect of effects) this.#perform(shard, effect)
    const next = this.of(shard).nextDeadline()
    if (next === undefined) this.#busy.delete(shard)
    else {
      this.#busy.add(shard)
      this.#port.deadlineMoved(next)
    }
  }

  membersChanged(reachable: ReadonlySet<NodeKey>, now: number): void {
    for (const shard of new Set(this.#busy)) {
      this.stepped(shard, this.of(shard).membersChanged(reachable, now))
    }
  }

  nextDeadline(): number {
    let next = Infinity
    for (const shard of this.#busy) next = Math.min(next, this.of(shard).nextDeadline() ?? Infinity)
    return next
  }

  /** Goes on with those whose stage has had its time. */
  tick(now: number): void {
    for (const shard of new Set(this.#busy)) this.stepped(shard, this.of(shard).settle(now))
  }
}
