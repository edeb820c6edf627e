// What one node does for one type of entities: it brings messages to the owners of shards, and hosts the
// shards that it owns. The shell around both halves: it keeps one timer, and says what it dropped.
import type { ActorRef, DeadLetterReason, Delivery } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { isBelieved } from '../believed.ts'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError, throwAll } from '../errors.ts'
import { Arrivals } from './arrivals.ts'
import type { HandOverPiece } from './hand-over.ts'
import type { Home } from './home.ts'
import { Hosting } from './hosting.ts'
import { Letter, type LetterKeeper } from './letter.ts'
import type { ForeignFrame, Opened, RegionNode } from './region-node.ts'
import { RegionTally } from './region-tally.ts'
import { Sending } from './sending.ts'
import { shardOf } from './shard-of.ts'
import type { OwnShare, ShareLetter } from './share.ts'
import type { ReturnedHeader } from './wire.ts'

export class Region implements LetterKeeper {
  readonly tally: RegionTally = new RegionTally()
  readonly #node: RegionNode
  readonly #refOf: (entityId: string) => ActorRef<never>
  readonly #sending: Sending
  #type: CheckedType
  #hosting: Hosting
  readonly #arrivals: Arrivals
  #alarm: { readonly at: number; readonly timer: Disposable } | undefined
  #otherNumShards: number | undefined
  /**
   * Nodes that have sent messages here. Nobody else's fence is waited for: a member that is new, or has nothing to do with the type,
   * never sends one. Of those who send for the first time just then, messages go back and are sent on.
   */
  readonly #senders = new Set<NodeKey>()
  #lastSender: NodeKey | undefined
  #isClosed = false
  readonly #wallNow = (): number => this.#node.clock.wallNow()

  constructor(type: CheckedType, node: RegionNode, refOf: (entityId: string) => ActorRef<never>) {
    this.#type = type
    this.#node = node
    this.#refOf = refOf
    this.#arrivals = this.#makeArrivals()
    this.#sending = this.#makeSending()
    this.#hosting = this.#makeHosting()
  }

  #makeArrivals(): Arrivals {
    const { type } = this
    const { settings, post } = this.#node
    return new Arrivals(settings.held, {
      now: () => this.#now,
      admit: (shard, epoch) => this.#hosting.admit(shard, epoch),
      epochOf: (shard) => this.#hosting.ownedShard(shard).epoch,
      take: (frame) => this.#take(frame),
      drop: (frame) => this.#tooLate(frame),
      sendBack: (frame, neededEpoch) => {
        this.tally.sentBack++
        post.sendBack(type, frame, neededEpoch)
      },
      fenced: (shard, from, epoch) => this.#hosting.fenced(shard, from, epoch),
      sendDrained: (to, shard, token) => post.sendDrained(type, to, shard, token),
      report: (error, what) => this.#node.report(error, what),
      deadlineMoved: () => this.#arm(),
    })
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
      now: () => this.#now,
      deliverHere: (letter) => this.#hosting.deliver(letter),
      send: (to, epoch, letter) => post.sendLetter(type, to, epoch, letter),
      sendShares: (to, common, shares) => post.sendShares(type, to, common, shares),
      sendFence: (shard, fence) => post.sendFence(type, fence.to, shard, fence),
      drop: (letter, reason, cause) => this.#drop(letter, reason, cause),
      deadlineMoved: (at) => this.#arm(at),
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
        now: () => this.#now,
        mayAct: () => gate.isOpen(),
        others: () => this.#node.others(),
        senders: () => this.#sendersInReach(),
        refOf: (entityId) => this.#refOf(entityId),
        journalOf: (journal, shard, epoch) => this.#node.journalOf(journal, type, shard, epoch),
        replicatedJournal: (shard, epoch) => this.#node.replicatedJournal(type, shard, epoch),
        report: (error, what) => this.#node.report(error, what),
        warn: (what) => this.#node.warn(`${type.name}: ${what}`),
        drop: (letter, reason, cause) => this.#drop(letter, reason, cause),
        cameBackHere: (letter) => this.#sending.cameBackHere(letter),
        maxPieceBytes: post.maxPieceBytes,
        encode: (to, state) => post.encode(to, state),
        decode: (from, bytes) => post.decode(from, bytes),
        sendPiece: (to, shard, piece) => post.sendPiece(type, to, shard, piece),
        emptied: () => this.#node.emptied(),
        released: (shard, epoch) => this.#node.released(type.name, shard, epoch),
        deadlineMoved: (at) => this.#arm(at),
      },
    )
  }

  get #now(): number {
    return this.#node.clock.now()
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
    this.#sending.close()
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

  get sending(): Sending {
    return this.#sending
  }

  /** How many messages wait here, for whatever reason. */
  get waiting(): number {
    return this.#sending.buffered + this.#arrivals.size + this.#hosting.waiting
  }

  /**
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` where it cannot be sent to the node that it has to go to;
   * ShardingError `CASTY_SHARDING_TYPE_DIFFERS`
   */
  tell(shard: number, entityId: string, message: unknown, answer: Delivery | undefined): void {
    this.#checkAgrees()
    const carried = this.#carriedTo(entityId, message)
    const letter = new Letter(this, shard, entityId, message, answer, carried)
    if (this.#isClosed) this.#drop(letter, 'stopped')
    else this.#sending.dispatch(letter)
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
    if (this.#isClosed) for (const { letter } of letters) this.#drop(letter, 'stopped')
    else if (this.#node.system.instrument) this.#dispatchAlone(letters)
    else this.#sending.dispatchShares(common, letters)
  }

  /** What an instrument gives to one is not common to all. */
  #dispatchAlone(letters: readonly ShareLetter[]): void {
    const errors: unknown[] = []
    for (const { letter } of letters) {
      try {
        this.#sending.dispatch(letter)
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

  #drop(letter: Letter, reason: DeadLetterReason, cause?: unknown): void {
    this.#node.system.publishDeadLetter(letter.path, letter.message, reason)
    letter.undelivered(reason, cause)
  }

  /** The committed table has another row for one shard. */
  homeChanged(shard: number, home: Home): void {
    if (this.#isClosed) return
    this.#hosting.homeChanged(shard, home)
    this.#arrivals.caughtUp(shard, home.epoch)
    this.#sending.homeChanged(shard, home)
  }

  /** Who is a member, or in reach, has changed. */
  membersChanged(): void {
    if (this.#isClosed) return
    this.#forgetSenders()
    this.#hosting.membersChanged()
    this.#sending.reachabilityChanged()
  }

  /** That node has given away all that it had, and goes soon. */
  leaves(node: NodeIdentity): void {
    if (!this.#isClosed) this.#sending.leaves(node)
  }

  /** A message of another node. @throws where it cannot be read */
  received(frame: ForeignFrame): void {
    if (this.#isShard(frame.shard, frame.epoch)) {
      this.#noteSender(frame.from.key)
      this.#arrivals.received(frame)
    } else this.#tooLate(frame)
  }

  /** It comes to a node that hosts nothing any more: whoever sent it did not know yet. */
  #tooLate(frame: ForeignFrame): void {
    this.#drop(this.#node.post.open(frame, this), 'stopped')
  }

  #noteSender(key: NodeKey): void {
    if (key === this.#lastSender) return
    this.#lastSender = key
    this.#senders.add(key)
  }

  *#sendersInReach(): Iterable<NodeKey> {
    const others = this.#node.others()
    for (const key of this.#senders) if (others.has(key)) yield key
  }

  #forgetSenders(): void {
    const others = this.#node.others()
    for (const key of this.#senders) if (!others.has(key)) this.#senders.delete(key)
    this.#lastSender = undefined
  }

  #take(frame: ForeignFrame): void {
    const letter = this.#node.post.open(frame, this)
    this.tally.received++
    this.#hosting.deliver(letter)
  }

  /** A letter that was sent from here, and came back. */
  returned(from: NodeIdentity, header: ReturnedHeader, open: () => Opened): void {
    const { shard, entityId, epoch, neededEpoch, returns } = header
    const isOpen = this.#isShard(shard, Math.max(epoch, neededEpoch))
    const { message, answer, carried } = open()
    const letter = new Letter(this, shard, entityId, message, answer, carried)
    letter.returns = returns + 1
    if (isOpen) this.#sending.returned(from, epoch, neededEpoch, letter)
    else this.#drop(letter, 'stopped')
  }

  /** Behind this, nothing comes from there under that epoch. */
  fenced(from: NodeIdentity, shard: number, epoch: number, token: number): void {
    if (this.#isShard(shard, epoch)) this.#arrivals.fenced(from, shard, epoch, token)
    else this.#node.post.sendDrained(this.type, from, shard, token)
  }

  drained(from: NodeIdentity, shard: number, token: number): void {
    if (this.#isShard(shard)) this.#sending.drained(shard, from, token)
  }

  pieceArrived(from: NodeIdentity, shard: number, piece: HandOverPiece): void {
    if (!this.#isShard(shard, piece.epoch)) return
    const count = this.#hosting.pieceArrived(shard, from, piece)
    if (count === undefined) return
    this.#node.post.sendArrived(this.type, from, shard, piece.epoch, count)
  }

  piecesAcknowledged(from: NodeIdentity, shard: number, epoch: number, count: number): void {
    if (this.#isShard(shard, epoch)) this.#hosting.piecesAcknowledged(shard, from, epoch, count)
  }

  /**
   * @param epoch - the highest that was told with it
   * @throws ShardingError `CASTY_SHARDING_MALFORMED`, by which it is counted
   */
  #isShard(shard: number, epoch = 0): boolean {
    const { name, numShards } = this.type
    // One at its highest could not be followed by another, ever.
    if (!isBelieved(epoch, this.#wallNow)) {
      throw ShardingError.malformed(`Shard ${shard} of ${name} cannot be at epoch ${epoch} yet`)
    }
    if (shard < numShards) return !this.#isClosed
    throw ShardingError.malformed(`Shard ${shard} is none of ${numShards} of ${name}`)
  }

  /** @param at - what is due now that was not before, where that is known */
  #arm(at?: number): void {
    if (this.#isClosed || (at !== undefined && this.#alarm && this.#alarm.at <= at)) return
    const next = this.#nextDeadline()
    if (next === this.#alarm?.at) return
    this.#alarm?.timer[Symbol.dispose]()
    this.#alarm = undefined
    if (next === undefined) return
    const delayMs = Math.max(0, next - this.#now)
    const timer = this.#node.clock.schedule(delayMs, () => {
      this.#alarm = undefined
      this.#tick()
    })
    this.#alarm = { at: next, timer }
  }

  #nextDeadline(): number | undefined {
    const next = Math.min(
      this.#sending.nextDeadline() ?? Infinity,
      this.#hosting.nextDeadline() ?? Infinity,
      this.#arrivals.nextDeadline() ?? Infinity,
    )
    return next === Infinity ? undefined : next
  }

  #tick(): void {
    if (this.#isClosed) return
    this.#hosting.tick()
    this.#sending.tick()
    this.#arrivals.tick()
    this.#arm()
  }

  /** Ends all that runs here, and drops what waits. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#alarm?.timer[Symbol.dispose]()
    this.#hosting.close()
    this.#sending.close()
    this.#arrivals.close()
  }
}
