// The way from this node to the owner of one shard. A pure state machine: what is to be sent goes out as data.
//
// Messages from here to one entity must arrive in the order in which they were sent, also when the shard moves
// between two of them. So a way to a new owner opens only when the old one is *drained*: a fence was sent
// behind all that was sent there, and its echo came back behind all that the old owner sent back. Until then
// messages wait here. Where the old owner is out of reach, or silent for long, nobody waits for it; what
// it sends back after that comes too late to be in order, and is dropped.
import type { NodeIdentity } from '@casty/transport'
import { nowhere, type Home } from './home.ts'

/** What a route needs to know of its surroundings. */
export interface RouteSurroundings {
  readonly self: NodeIdentity
  /** Nobody waits for the echo of a fence for longer, in milliseconds. */
  readonly drainTimeoutMs: number
  /** A fence is sent again after so long without an echo, in milliseconds. */
  readonly fenceAgainMs: number
  /** A table that somebody told of is not waited for any longer, in milliseconds. */
  readonly behindTimeoutMs: number
  isReachable(node: NodeIdentity): boolean
  /** A number that no other fence of this node has. */
  nextToken(): number
}

/** To be sent to `to`, on the lane of the messages, behind all of them. */
export interface Fence {
  readonly to: NodeIdentity
  readonly epoch: number
  readonly token: number
}

export type RouteKind =
  | 'here' // This node owns the shard.
  | 'there' // `node` does, and can be reached.
  | 'waiting' // Messages have to wait.

interface Drain extends Fence {
  readonly until: number
  againAt: number
}

/** Mutable, and of its owner alone. */
export class ShardRoute {
  kind: RouteKind = 'waiting'
  /** Where to send, and under which epoch: of kinds other than `waiting`. */
  node: NodeIdentity | undefined
  epoch = 0
  #home: Home = nowhere
  /** Where messages may be under way, or on their way back. */
  #used: { readonly node: NodeIdentity; readonly epoch: number } | undefined
  #drain: Drain | undefined
  /** The highest epoch at which a fence was sent because of a handoff. */
  #fencedEpoch = 0
  /** The table here is behind: somebody told of that epoch. */
  #needed: { readonly epoch: number; readonly until: number } | undefined

  /** The table says so now. @returns fences to send */
  homeChanged(home: Home, around: RouteSurroundings, now: number): readonly Fence[] {
    this.#home = home
    return this.settle(around, now)
  }

  /**
   * A message that was sent under `sentEpoch` came back from `from`, whose table is at `neededEpoch`.
   *
   * @returns whether it can still be sent on in order, and fences to send
   */
  returned(
    from: NodeIdentity,
    sentEpoch: number,
    neededEpoch: number,
    around: RouteSurroundings,
    now: number,
  ): readonly [inOrder: boolean, fences: readonly Fence[]] {
    if (!this.#used?.node.equals(from) || this.#used.epoch !== sentEpoch) return [false, []]
    this.#waitFor(neededEpoch, around, now)
    const fences = this.#drain ? [] : [this.#startDrain(this.#used, around, now)]
    return [true, [...fences, ...this.settle(around, now)]]
  }

  /** That node has given away all that it had, and goes soon: the table that says so is on its way. @returns fences to send */
  leaves(node: NodeIdentity, around: RouteSurroundings, now: number): readonly Fence[] {
    const { owner, epoch } = this.#home
    if (owner?.equals(node)) this.#waitFor(epoch + 1, around, now)
    const isUsed = this.#used?.node.equals(node) === true
    const fences =
      this.#used && isUsed && !this.#drain ? [this.#startDrain(this.#used, around, now)] : []
    return [...fences, ...this.settle(around, now)]
  }

  /** Nothing is sent until the table here is at that epoch. */
  #waitFor(epoch: number, { behindTimeoutMs }: RouteSurroundings, now: number): void {
    if (epoch <= this.#home.epoch || epoch <= (this.#needed?.epoch ?? 0)) return
    this.#needed = { epoch, until: now + behindTimeoutMs }
  }

  /** The echo of a fence: whatever was sent before it has arrived, or was sent back before the echo. */
  drained(
    from: NodeIdentity,
    token: number,
    around: RouteSurroundings,
    now: number,
  ): readonly Fence[] {
    if (this.#drain?.token !== token || !this.#drain.to.equals(from)) return []
    this.#endDrain()
    return this.settle(around, now)
  }

  /** When it wants to be settled next. */
  nextDeadline(): number | undefined {
    const drain = this.#drain && Math.min(this.#drain.until, this.#drain.againAt)
    const needed = this.#needed?.until
    return drain === undefined || needed === undefined ? (drain ?? needed) : Math.min(drain, needed)
  }

  /** Works out the way anew: after any change, and when its deadline has come. */
  settle(around: RouteSurroundings, now: number): readonly Fence[] {
    if (this.#needed && (this.#needed.until <= now || this.#needed.epoch <= this.#home.epoch)) {
      this.#needed = undefined
    }
    const fences = [...this.#fencesOf(around, now)]
    this.#open(around)
    return fences
  }

  *#fencesOf(around: RouteSurroundings, now: number): Iterable<Fence> {
    const drain = this.#drain
    if (drain && (drain.until <= now || !around.isReachable(drain.to))) this.#endDrain()
    else if (drain && drain.againAt <= now) {
      drain.againAt = now + around.fenceAgainMs
      yield drain
    }
    const { owner, epoch, movingTo } = this.#home
    if (movingTo && owner && this.#fencedEpoch < epoch && !this.#drain) {
      const isElsewhere = !owner.equals(around.self) && around.isReachable(owner)
      // The owner waits for the fences of all who ever sent it something, also for other shards.
      if (isElsewhere) {
        this.#fencedEpoch = epoch
        yield this.#startDrain({ node: owner, epoch }, around, now)
      }
    }
    const used = this.#used
    if (!used || this.#drain || this.#isHome(used)) return
    if (around.isReachable(used.node)) yield this.#startDrain(used, around, now)
    else this.#used = undefined
  }

  #isHome({ node, epoch }: { readonly node: NodeIdentity; readonly epoch: number }): boolean {
    const { owner } = this.#home
    return owner !== undefined && this.#home.epoch === epoch && owner.equals(node)
  }

  #startDrain(
    { node, epoch }: { readonly node: NodeIdentity; readonly epoch: number },
    around: RouteSurroundings,
    now: number,
  ): Fence {
    const { drainTimeoutMs, fenceAgainMs } = around
    const token = around.nextToken()
    const until = now + drainTimeoutMs
    this.#drain = { to: node, epoch, token, until, againAt: now + fenceAgainMs }
    return this.#drain
  }

  #endDrain(): void {
    this.#drain = undefined
    this.#used = undefined
  }

  #open(around: RouteSurroundings): void {
    const { owner, epoch, movingTo } = this.#home
    const isFree = !this.#drain && !this.#needed && !movingTo
    const isHere = owner !== undefined && owner.equals(around.self)
    const isOpen = isFree && owner !== undefined && (isHere || around.isReachable(owner))
    this.kind = isOpen ? (isHere ? 'here' : 'there') : 'waiting'
    this.node = isOpen ? owner : undefined
    this.epoch = isOpen ? epoch : 0
    if (isOpen && !isHere) this.#used = { node: owner, epoch }
    else if (isOpen) this.#used = undefined
  }
}
