// What one node does for one type of entities: it brings messages to the owners of shards, and hosts the
// shards that it owns. The shell around both halves: it keeps one timer, and says what it dropped.
import type { ActorRef, DeadLetterReason, Delivery } from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'
import { DeadlineTimer } from '../deadline-timer.ts'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError, throwAll } from '../errors.ts'
import type { Home } from './home.ts'
import { Hosting } from './hosting.ts'
import { Letter } from './letter.ts'
import { Receiving, type ReceivingPort } from './receiving.ts'
import type { RegionNode } from './region-node.ts'
import { RegionTally } from './region-tally.ts'
import { Sending } from './sending.ts'
import { shardOf } from './shard-of.ts'
import type { OwnShare, ShareLetter } from './share.ts'

export class Region implements ReceivingPort {
  readonly tally: RegionTally = new RegionTally()
  readonly #node: RegionNode
  readonly #refOf: (entityId: string) => ActorRef<never>
  readonly receiving: Receiving
  readonly sending: Sending
  readonly #timer: DeadlineTimer
  #type: CheckedType
  #hosting: Hosting
  #otherNumShards: number | undefined
  #isClosed = false

  constructor(type: CheckedType, node: RegionNode, refOf: (entityId: string) => ActorRef<never>) {
    this.#type = type
    this.#node = node
    this.#refOf = refOf
    this.#timer = new DeadlineTimer(node.clock, () => this.#tick())
    this.receiving = new Receiving(type, node, this)
    this.sending = this.#makeSending()
    this.#hosting = this.#makeHosting()
  }

  #makeSending(): Sending {
    const { type, tally } = this
    const node = this.#node
    const { settings, post } = node
    return new Sending(type.numShards, settings.buffer, {
      tally,
      around: {
        get self() {
          return node.self
        },
        ...settings.route,
        isReachable: (other) => node.canBeSentTo(other),
        nextToken: () => node.nextToken(),
      },
      now: () => node.clock.now(),
      deliverHere: (letter) => this.#hosting.deliver(letter),
      send: (to, epoch, letter) => post.sendLetter(type, to, epoch, letter),
      sendShares: (to, common, shares) => post.sendShares(type, to, common, shares),
      sendFence: (shard, fence) => post.sendFence(type, fence.to, shard, fence),
      drop: (letter, reason, cause) => this.drop(letter, reason, cause),
      deadlineMoved: (at) => this.deadlineMoved(at),
    })
  }

  #makeHosting(): Hosting {
    const { type, tally } = this
    const node = this.#node
    const { settings, post, system, gate } = node
    const { numShards, idleTimeoutMs, keepAlive } = type
    return new Hosting(
      { ...settings.hosting, numShards, idleTimeoutMs, keepAlive },
      {
        get self() {
          return node.self
        },
        system,
        type,
        gate,
        tally,
        now: () => node.clock.now(),
        mayAct: () => gate.isOpen(),
        others: () => this.#node.others(),
        senders: () => this.receiving.senders(),
        refOf: (entityId) => this.#refOf(entityId),
        journalOf: (journal, shard, epoch) => this.#node.journalOf(journal, type, shard, epoch),
        replicatedJournal: (shard, epoch) => this.#node.replicatedJournal(type, shard, epoch),
        report: (error, what) => this.#node.report(error, what),
        warn: (what) => this.#node.warn(`${type.name}: ${what}`),
        drop: (letter, reason, cause) => this.drop(letter, reason, cause),
        cameBackHere: (letter) => this.sending.cameBackHere(letter),
        maxPieceBytes: post.maxPieceBytes,
        encode: (to, state) => post.encode(to, state),
        decode: (from, bytes) => post.decode(from, bytes),
        sendPiece: (to, shard, piece) => post.sendPiece(type, to, shard, piece),
        emptied: () => this.#node.emptied(),
        released: (shard, epoch) => this.#node.released(type.name, shard, epoch),
        deadlineMoved: (at) => this.deadlineMoved(at),
      },
    )
  }

  get type(): CheckedType {
    return this.#type
  }

  /** As many shards as the others have, where that is another number. */
  get otherNumShards(): number | undefined {
    return this.#otherNumShards
  }

  /** The others split entities into another number of shards: nothing can be sent to the right one from here. */
  disagree(numShards: number): void {
    this.#otherNumShards = numShards
    this.sending.close()
  }

  /** Owns shards from now on, where it only sent before. The table has to be told anew. */
  host(type: CheckedType): void {
    this.#type = type
    this.#hosting = this.#makeHosting()
  }

  pathOf(entityId: string): string {
    return this.#refOf(entityId).path
  }

  dropped(reason: DeadLetterReason): void {
    this.tally.drop(reason)
  }

  takesBack(letter: Letter): boolean {
    return this.#hosting.takesBack(letter)
  }

  get hosting(): Hosting {
    return this.#hosting
  }

  /** How many messages wait here, for whatever reason. */
  get waiting(): number {
    return this.sending.buffered + this.receiving.held + this.#hosting.waiting
  }

  /**
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` where it cannot be sent to the node that it has to go to;
   * ShardingError `CASTY_SHARDING_TYPE_DIFFERS`
   */
  tell(shard: number, entityId: string, message: unknown, answer: Delivery | undefined): void {
    this.#checkAgrees()
    const carried = this.#carriedTo(entityId, message)
    const letter = new Letter(this, shard, entityId, message, answer, carried)
    if (this.#isClosed) this.drop(letter, 'stopped')
    else this.sending.dispatch(letter)
  }

  /** @throws ShardingError `CASTY_SHARDING_TYPE_DIFFERS` */
  #checkAgrees(): void {
    if (this.#otherNumShards === undefined) return
    const { name, numShards } = this.#type
    throw ShardingError.typeDiffers(name, numShards, this.#otherNumShards)
  }

  /** Shares of one message, each as `tell` tells it. @throws as `Sending.dispatchShares` */
  tellEach(common: unknown, shares: readonly OwnShare[]): void {
    this.#checkAgrees()
    const letters = shares.map(([entityId, own]): ShareLetter => {
      const shard = shardOf(entityId, this.#type.numShards)
      const message = { common, own }
      const carried = this.#carriedTo(entityId, message)
      return { letter: new Letter(this, shard, entityId, message, undefined, carried), own }
    })
    if (this.#isClosed) for (const { letter } of letters) this.drop(letter, 'stopped')
    else if (this.#node.system.instrument) this.#dispatchAlone(letters)
    else this.sending.dispatchShares(common, letters)
  }

  /** What an instrument gives to one is not common to all. */
  #dispatchAlone(letters: readonly ShareLetter[]): void {
    const errors: unknown[] = []
    for (const { letter } of letters) {
      try {
        this.sending.dispatch(letter)
      } catch (error) {
        errors.push(error)
      }
    }
    throwAll(errors)
  }

  #carriedTo(entityId: string, message: unknown): unknown {
    const { instrument } = this.#node.system
    if (!instrument) return undefined
    try {
      return instrument.onSend({ path: this.pathOf(entityId), message })
    } catch {
      return undefined // It looks on only.
    }
  }

  drop(letter: Letter, reason: DeadLetterReason, cause?: unknown): void {
    this.#node.system.publishDeadLetter(letter.path, letter.message, reason)
    letter.undelivered(reason, cause)
  }

  /** The committed table has another row for one shard. */
  homeChanged(shard: number, home: Home): void {
    if (this.#isClosed) return
    this.#hosting.homeChanged(shard, home)
    this.receiving.caughtUp(shard, home.epoch)
    this.sending.homeChanged(shard, home)
  }

  /** Who is a member, or in reach, has changed. */
  membersChanged(): void {
    if (this.#isClosed) return
    this.receiving.membersChanged()
    this.#hosting.membersChanged()
    this.sending.reachabilityChanged()
  }

  /** That node has given away all that it had, and goes soon. */
  leaves(node: NodeIdentity): void {
    if (!this.#isClosed) this.sending.leaves(node)
  }

  #nextDeadline(): number {
    return Math.min(
      this.sending.nextDeadline() ?? Infinity,
      this.#hosting.nextDeadline() ?? Infinity,
      this.receiving.nextDeadline() ?? Infinity,
    )
  }

  /** @param at - what is due now that was not before, where that is known */
  deadlineMoved(at?: number): void {
    if (this.#isClosed || (at !== undefined && this.#timer.at <= at)) return
    this.#timer.set(this.#nextDeadline())
  }

  #tick(): void {
    if (this.#isClosed) return
    this.#hosting.tick()
    this.sending.tick()
    this.receiving.tick()
    this.deadlineMoved()
  }

  /** Ends all that runs here, and drops what waits. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer[Symbol.dispose]()
    this.#hosting.close()
    this.sending.close()
    this.receiving.close()
  }
}
