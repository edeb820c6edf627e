// The way of messages from this node: to an entity here, to the node that owns the shard, or into a buffer.
import type { DeadLetterReason } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { throwAll } from '../errors.ts'
import type { Home } from './home.ts'
import { LetterBuffer, type BufferLimits } from './letter-buffer.ts'
import type { Letter } from './letter.ts'
import type { SharesSent } from './region-node.ts'
import type { RegionTally } from './region-tally.ts'
import type { AddressedShare, ShareLetter } from './share.ts'
import { ShardRoute, type Fence, type RouteSurroundings } from './shard-route.ts'

/** What sending needs of the rest. */
export interface SendingPort {
  readonly around: RouteSurroundings
  readonly tally: RegionTally
  now(): number
  /** To an entity of this node. */
  deliverHere(letter: Letter): void
  /** To the owner. @returns false where there was no room for it; throws where it cannot be sent at all */
  send(to: NodeIdentity, epoch: number, letter: Letter): boolean
  sendShares(to: NodeIdentity, common: unknown, shares: readonly AddressedShare[]): SharesSent
  sendFence(shard: number, fence: Fence): void
  /** It will not arrive. */
  drop(letter: Letter, reason: DeadLetterReason, cause?: unknown): void
  /** Something may be due earlier than before: at that time, where it is known. */
  deadlineMoved(at?: number): void
}

/** Shares that go to one node now. */
interface Party {
  readonly node: NodeIdentity
  readonly shares: AddressedShare[]
}

/** Where there was no room on the way, it is tried again after so long, in milliseconds. */
const flushAgainMs = 20
/** A message that no node takes is dropped after so many. */
const maxReturns = 8

export class Sending {
  readonly #port: SendingPort
  readonly #routes: readonly ShardRoute[]
  readonly #buffer: LetterBuffer<Letter>
  readonly #timeoutMs: number
  /** Routes that wait for something. */
  readonly #busy = new Set<number>()
  /** Shards whose owner is in reach, and has no room yet for what waits here. */
  readonly #blocked = new Set<number>()
  #flushesAt = Infinity
  /** What waits for these is being sent. */
  readonly #flushing = new Set<number>()

  constructor(numShards: number, limits: BufferLimits, port: SendingPort) {
    this.#port = port
    this.#buffer = new LetterBuffer(limits)
    this.#timeoutMs = limits.timeoutMs
    this.#routes = Array.from({ length: numShards }, () => new ShardRoute())
  }

  /** How many messages wait. */
  get buffered(): number {
    return this.#buffer.size
  }

  bufferedOf(shard: number): number {
    return this.#buffer.sizeOf(shard)
  }

  routeOf(shard: number): ShardRoute {
    const route = this.#routes[shard]
    if (route) return route
    throw new RangeError(`Shard ${shard} is none of ${this.#routes.length}`) // A bug: shards are hashed or checked.
  }

  /** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` where it cannot be sent to the node that it has to go to */
  dispatch(letter: Letter): void {
    const route = this.routeOf(letter.shard)
    const goesAtOnce = route.kind !== 'waiting' && !this.#isBehind(letter.shard)
    if (goesAtOnce && route.kind === 'here') this.#port.deliverHere(letter)
    else if (goesAtOnce && route.node) this.#sendThere(route.node, route.epoch, letter)
    else this.#put(letter, this.#buffer.add(letter.shard, letter, this.#port.now()))
  }

  /**
   * Each as `dispatch` does; those that go to one node go together. @throws as `dispatch`, once the others are on
   * their way; ShardingError `CASTY_SHARDING_NOT_SENT` where that happens several times
   */
  dispatchShares(common: unknown, shares: readonly ShareLetter[]): void {
    const parties = new Map<NodeKey, Party>()
    for (const { letter, own } of shares) {
      const { kind, node, epoch } = this.routeOf(letter.shard)
      const goesThere = kind === 'there' && !this.#isBehind(letter.shard)
      if (goesThere && node) partyOf(parties, node).shares.push({ letter, own, epoch })
      else this.dispatch(letter)
    }
    const errors = [...parties.values()].flatMap((party) => this.#sendParty(common, party))
    throwAll(errors)
  }

  #sendParty(common: unknown, { node, shares }: Party): readonly unknown[] {
    const { sent, dropped, errors } = this.#port.sendShares(node, common, shares)
    this.#port.tally.sent += sent
    for (const letter of dropped) this.#port.drop(letter, 'not-sent')
    return errors
  }

  /** Whether something for the shard still waits, since there is no room on the way there, or it is being sent just now. */
  #isBehind(shard: number): boolean {
    if (this.#blocked.size === 0 && this.#flushing.size === 0) return false
    return this.#blocked.has(shard) || this.#flushing.has(shard)
  }

  #sendThere(node: NodeIdentity, epoch: number, letter: Letter): void {
    if (this.#port.send(node, epoch, letter)) this.#port.tally.sent++
    else this.#port.drop(letter, 'not-sent')
  }

  #put(letter: Letter, isKept: boolean): void {
    if (!isKept) this.#port.drop(letter, 'buffer-full')
    else if (this.#buffer.sizeOf(letter.shard) === 1)
      this.#port.deadlineMoved(this.#port.now() + this.#timeoutMs)
  }

  homeChanged(shard: number, home: Home): void {
    const { around } = this.#port
    const route = this.routeOf(shard)
    this.#follow(shard, route, route.homeChanged(home, around, this.#port.now()))
  }

  /** A letter of this node came back from `from`, to which it was sent under `sentEpoch`. */
  returned(from: NodeIdentity, sentEpoch: number, neededEpoch: number, letter: Letter): void {
    const { around, tally } = this.#port
    const { shard } = letter
    const route = this.routeOf(shard)
    const now = this.#port.now()
    tally.cameBack++
    const [isInOrder, fences] = route.returned(from, sentEpoch, neededEpoch, around, now)
    if (!isInOrder) this.#port.drop(letter, 'lost')
    else if (letter.returns >= maxReturns) this.#port.drop(letter, 'not-found')
    else this.#put(letter, this.#buffer.addReturned(shard, letter, now))
    this.#follow(shard, route, fences)
  }

  /** An entity here was stopped before it came to a letter of this node, whose shard is about to move. */
  cameBackHere(letter: Letter): boolean {
    const isWaiting = this.routeOf(letter.shard).kind === 'waiting'
    return isWaiting && this.#buffer.addReturned(letter.shard, letter, this.#port.now())
  }

  drained(shard: number, from: NodeIdentity, token: number): void {
    const { around } = this.#port
    const route = this.routeOf(shard)
    this.#follow(shard, route, route.drained(from, token, around, this.#port.now()))
  }

  /** That node has given away all that it had, and goes soon. */
  leaves(node: NodeIdentity): void {
    const { around } = this.#port
    for (const [shard, route] of this.#routes.entries()) {
      this.#follow(shard, route, route.leaves(node, around, this.#port.now()))
    }
  }

  /** Who is in reach has changed. */
  reachabilityChanged(): void {
    for (const shard of this.#routes.keys()) this.#settle(shard)
  }

  #settle(shard: number): void {
    const route = this.routeOf(shard)
    this.#follow(shard, route, route.settle(this.#port.around, this.#port.now()))
  }

  #follow(shard: number, route: ShardRoute, fences: readonly Fence[]): void {
    for (const fence of fences) this.#port.sendFence(shard, fence)
    if (route.nextDeadline() === undefined) this.#busy.delete(shard)
    else {
      this.#busy.add(shard)
      this.#port.deadlineMoved(route.nextDeadline())
    }
    if (route.kind !== 'waiting' && this.#buffer.sizeOf(shard) > 0) this.#flush(shard, route)
  }

  /** Sends what waited, as far as there is room on the way; the rest a little later, and what comes meanwhile behind it. */
  #flush(shard: number, route: ShardRoute): void {
    if (this.#flushing.has(shard)) return // What comes of it goes with it.
    this.#flushing.add(shard)
    this.#buffer.drain(shard, (letter) => this.#takesOn(route, letter))
    this.#flushing.delete(shard)
    this.#blocked.delete(shard)
    if (route.kind === 'waiting' || this.#buffer.sizeOf(shard) === 0) return
    this.#blocked.add(shard)
    this.#flushesAt = Math.min(this.#flushesAt, this.#port.now() + flushAgainMs)
    this.#port.deadlineMoved(this.#flushesAt)
  }

  /** @returns false where it has to wait on */
  #takesOn({ kind, node, epoch }: ShardRoute, letter: Letter): boolean {
    try {
      if (kind === 'here') this.#port.deliverHere(letter)
      else if (kind !== 'there' || !node || !this.#port.send(node, epoch, letter)) return false
      else this.#port.tally.sent++
    } catch (error) {
      this.#port.drop(letter, 'not-serializable', error) // Its sender has gone on long ago.
    }
    return true
  }

  #flushBlocked(now: number): void {
    if (now < this.#flushesAt) return
    this.#flushesAt = Infinity
    for (const shard of new Set(this.#blocked)) {
      const route = this.routeOf(shard)
      if (route.kind === 'waiting') this.#blocked.delete(shard)
      else this.#flush(shard, route)
    }
  }

  nextDeadline(): number | undefined {
    let next = this.#buffer.nextDeadline()
    if (this.#flushesAt !== Infinity) next = Math.min(next ?? Infinity, this.#flushesAt)
    for (const shard of this.#busy) {
      const deadline = this.routeOf(shard).nextDeadline()
      if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline
    }
    return next
  }

  /** Does what is due. */
  tick(): void {
    const now = this.#port.now()
    for (const shard of new Set(this.#busy)) {
      const deadline = this.routeOf(shard).nextDeadline()
      if (deadline !== undefined && deadline <= now) this.#settle(shard)
    }
    this.#flushBlocked(now)
    for (const [, letter] of this.#buffer.takeOverdue(now)) this.#port.drop(letter, 'overdue')
  }

  /** Nothing is sent any more. */
  close(): void {
    for (const shard of new Set(this.#buffer.shards())) {
      for (const letter of this.#buffer.takeAll(shard)) this.#port.drop(letter, 'stopped')
    }
  }
}

function partyOf(parties: Map<NodeKey, Party>, node: NodeIdentity): Party {
  let party = parties.get(node.key)
  if (!party) parties.set(node.key, (party = { node, shares: [] }))
  return party
}
