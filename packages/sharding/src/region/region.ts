// What one node does for one type of entities: it brings messages to the owners of shards, and hosts the
// shards that it owns. The shell around both halves: it keeps one timer, and says what it dropped.
import type { ActorRef, ActorSystem, DeadLetterReason, Delivery, Gate } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { EventJournal } from '@casty/persistence'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import { HeldFrames, type HeldFrame } from './held-frames.ts'
import type { HandOverPiece } from './hand-over.ts'
import type { Home } from './home.ts'
import { Hosting } from './hosting.ts'
import { Letter, type LetterKeeper } from './letter.ts'
import type { RegionSettings } from './region-settings.ts'
import { RegionTally } from './region-tally.ts'
import { Sending } from './sending.ts'
import type { Fence } from './shard-route.ts'
import type { EnvelopeHeader, ReturnedHeader } from './wire.ts'

/** A message as it came from another node. */
export interface Opened {
  readonly message: unknown
  readonly answer: Delivery | undefined
  readonly carried: unknown
}

/** What all regions of a node share. */
export interface RegionNode {
  /** May be another one until it is a member. */
  readonly self: NodeIdentity
  readonly system: ActorSystem
  readonly clock: Clock
  readonly gate: Gate
  readonly settings: RegionSettings
  isReachable(node: NodeIdentity): boolean
  /** Members in reach who may send something, other than this one. */
  others(): ReadonlySet<NodeKey>
  nextToken(): number
  /** Nothing of the shard, which is to move, runs here any more. */
  released(type: string, shard: number, epoch: number): void
  /** No entity of a shard that was to finish is left. */
  emptied(): void
  /** A journal for whoever runs a shard under that epoch. */
  journalOf(journal: EventJournal, type: CheckedType, shard: number, epoch: number): EventJournal
  report(error: unknown, what: string): void
  warn(what: string): void
  readonly post: RegionPost
}

/** Sends what regions tell each other. */
export interface RegionPost {
  /** @returns false where there is no room; throws where the message cannot be sent to another node */
  sendLetter(type: CheckedType, to: NodeIdentity, epoch: number, letter: Letter): boolean
  /** Back to whom it came from, as it came. */
  sendBack(type: CheckedType, frame: ForeignFrame, neededEpoch: number): void
  sendFence(type: CheckedType, to: NodeIdentity, shard: number, fence: Fence): void
  sendDrained(type: CheckedType, to: NodeIdentity, shard: number, token: number): void
  sendPiece(type: CheckedType, to: NodeIdentity, shard: number, piece: HandOverPiece): void
  sendArrived(
    type: CheckedType,
    to: NodeIdentity,
    shard: number,
    epoch: number,
    count: number,
  ): void
  /** @throws where it cannot be read */
  open(frame: ForeignFrame): Opened
  encode(to: NodeIdentity, state: unknown): Uint8Array
  decode(from: NodeIdentity, bytes: Uint8Array): unknown
}

/** A message of another node that nobody has looked into yet; `bytes[start, end)` is what it holds. */
export interface ForeignFrame {
  readonly from: NodeIdentity
  readonly header: EnvelopeHeader
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** What waits until the table here has caught up. */
type Held = HeldFrame &
  (
    | { readonly type: 'letter'; readonly frame: ForeignFrame }
    | { readonly type: 'fence'; readonly token: number }
  )

export class Region implements LetterKeeper {
  readonly tally: RegionTally = new RegionTally()
  readonly #node: RegionNode
  readonly #refOf: (entityId: string) => ActorRef<never>
  readonly #sending: Sending
  #type: CheckedType
  #hosting: Hosting
  readonly #held: HeldFrames<Held>
  /** Nodes that got a message back, by shard: until their fence comes, all that they sent behind it goes back too. */
  readonly #refused = new Map<number, Map<NodeKey, number>>()
  #alarm: { readonly at: number; readonly timer: Disposable } | undefined
  #otherNumShards: number | undefined
  #isClosed = false

  constructor(type: CheckedType, node: RegionNode, refOf: (entityId: string) => ActorRef<never>) {
    this.#type = type
    this.#node = node
    this.#refOf = refOf
    const { settings } = node
    this.#held = new HeldFrames(settings.held)
    this.#sending = this.#makeSending()
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
        isReachable: (other) => node.isReachable(other),
        nextToken: () => node.nextToken(),
      },
      now: () => this.#now,
      deliverHere: (letter) => this.#hosting.deliver(letter),
      send: (to, epoch, letter) => post.sendLetter(type, to, epoch, letter),
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
        refOf: (entityId) => this.#refOf(entityId),
        journalOf: (journal, shard, epoch) => this.#node.journalOf(journal, type, shard, epoch),
        report: (error, what) => this.#node.report(error, what),
        warn: (what) => this.#node.warn(`${type.name}: ${what}`),
        drop: (letter, reason, cause) => this.#drop(letter, reason, cause),
        cameBackHere: (letter) => this.#sending.cameBackHere(letter),
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
    return this.#sending.buffered + this.#held.size
  }

  /**
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` where it cannot be sent to the node that it has to go to;
   * ShardingError `CASTY_SHARDING_TYPE_DIFFERS`
   */
  tell(shard: number, entityId: string, message: unknown, answer: Delivery | undefined): void {
    if (this.#otherNumShards !== undefined) {
      const { name, numShards } = this.#type
      throw ShardingError.typeDiffers(name, numShards, this.#otherNumShards)
    }
    const carried = this.#carriedTo(entityId, message)
    const letter = new Letter(this, shard, entityId, message, answer, carried)
    if (this.#isClosed) this.#drop(letter, 'stopped')
    else this.#sending.dispatch(letter)
  }

  #carriedTo(entityId: string, message: unknown): unknown {
    const { instrument } = this.#node.system
    if (!instrument) return undefined
    try {
      return instrument.onSend({ path: this.#refOf(entityId).path, message })
    } catch {
      return undefined // It looks on only.
    }
  }

  #drop(letter: Letter, reason: DeadLetterReason, cause?: unknown): void {
    const { entityId, message } = letter
    this.tally.drop(reason)
    this.#node.system.publishDeadLetter(this.#refOf(entityId).path, message, reason)
    letter.undelivered(reason, cause)
  }

  /** The committed table has another row for one shard. */
  homeChanged(shard: number, home: Home): void {
    if (this.#isClosed) return
    this.#hosting.homeChanged(shard, home)
    for (const held of this.#held.takeReady(shard, home.epoch)) this.#takeHeld(held)
    this.#sending.homeChanged(shard, home)
  }

  /** Who is a member, or in reach, has changed. */
  membersChanged(): void {
    if (this.#isClosed) return
    this.#hosting.membersChanged()
    this.#sending.reachabilityChanged()
  }

  received(frame: ForeignFrame): void {
    const { shard, epoch } = frame.header
    if (!this.#isShard(shard)) return
    const admission = this.#hosting.admit(shard, epoch)
    if (admission.type !== 'return' && this.#refused.get(shard)?.get(frame.from.key) === epoch) {
      this.#sendBack(frame, epoch) // It must not come before what went back.
      return
    }
    switch (admission.type) {
      case 'take':
        this.#take(frame)
        return
      case 'hold':
        this.#hold({ type: 'letter', from: frame.from, shard, epoch, ...sized(frame) })
        return
      case 'return':
        this.#sendBack(frame, admission.neededEpoch)
    }
  }

  #take(frame: ForeignFrame): void {
    const { from, header } = frame
    const { message, answer, carried } = this.#node.post.open(frame)
    const { shard, entityId } = header
    this.tally.received++
    this.#hosting.deliver(new Letter(this, shard, entityId, message, answer, carried, from))
  }

  #sendBack(frame: ForeignFrame, neededEpoch: number): void {
    const { shard, epoch } = frame.header
    const refused = this.#refused.get(shard) ?? new Map<NodeKey, number>()
    this.#refused.set(shard, refused.set(frame.from.key, epoch))
    this.tally.sentBack++
    this.#node.post.sendBack(this.type, frame, neededEpoch)
  }

  #hold(held: Held): void {
    if (this.#held.add(held, this.#now)) {
      this.#arm()
      return
    }
    const { shard, from } = held
    for (const before of this.#held.takeFrom(shard, from)) this.#giveBack(before)
    this.#giveBack(held)
  }

  #takeHeld(held: Held): void {
    try {
      if (held.type === 'letter') this.received(held.frame)
      else this.fenced(held.from, held.shard, held.epoch, held.token)
    } catch (error) {
      this.#node.report(error, `A message of ${held.from.key} that had to wait cannot be read`)
    }
  }

  /** There is no room or time to keep it: whoever sent it may try again. */
  #giveBack(held: Held): void {
    if (held.type === 'letter') this.#sendBack(held.frame, held.epoch)
    else this.#echo(held.from, held.shard, held.token)
  }

  /** A letter that was sent from here, and came back. */
  returned(from: NodeIdentity, header: ReturnedHeader, open: () => Opened): void {
    const { shard, entityId, epoch, neededEpoch, returns } = header
    if (!this.#isShard(shard)) return
    const { message, answer, carried } = open()
    const letter = new Letter(this, shard, entityId, message, answer, carried)
    letter.returns = returns + 1
    this.#sending.returned(from, epoch, neededEpoch, letter)
  }

  /** Behind this, nothing comes from there under that epoch. */
  fenced(from: NodeIdentity, shard: number, epoch: number, token: number): void {
    if (!this.#isShard(shard)) return
    if (epoch > this.#hosting.ownedShard(shard).epoch && this.#held.has(shard)) {
      this.#hold({ type: 'fence', shard, epoch, from, token, sizeBytes: 0 })
      return
    }
    this.#hosting.fenced(shard, from.key, epoch)
    this.#echo(from, shard, token)
  }

  /** All that it sent before has been taken or sent back. */
  #echo(from: NodeIdentity, shard: number, token: number): void {
    const refused = this.#refused.get(shard)
    if (refused?.delete(from.key) === true && refused.size === 0) this.#refused.delete(shard)
    this.#node.post.sendDrained(this.type, from, shard, token)
  }

  drained(from: NodeIdentity, shard: number, token: number): void {
    if (this.#isShard(shard)) this.#sending.drained(shard, from, token)
  }

  pieceArrived(from: NodeIdentity, shard: number, piece: HandOverPiece): void {
    if (!this.#isShard(shard)) return
    const count = this.#hosting.pieceArrived(shard, from, piece)
    if (count === undefined) return
    this.#node.post.sendArrived(this.type, from, shard, piece.epoch, count)
  }

  piecesAcknowledged(from: NodeIdentity, shard: number, epoch: number, count: number): void {
    if (this.#isShard(shard)) this.#hosting.piecesAcknowledged(shard, from, epoch, count)
  }

  #isShard(shard: number): boolean {
    return shard < this.type.numShards && !this.#isClosed
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
    let next: number | undefined
    for (const { nextDeadline } of this.#parts) {
      const deadline = nextDeadline()
      if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline
    }
    return next
  }

  get #parts(): readonly { readonly nextDeadline: () => number | undefined }[] {
    return [
      { nextDeadline: () => this.#sending.nextDeadline() },
      { nextDeadline: () => this.#hosting.nextDeadline() },
      { nextDeadline: () => this.#held.nextDeadline() },
    ]
  }

  #tick(): void {
    if (this.#isClosed) return
    this.#hosting.tick()
    this.#sending.tick()
    for (const held of this.#held.takeOverdue(this.#now)) this.#giveBack(held)
    this.#arm()
  }

  /** Ends all that runs here, and drops what waits. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#alarm?.timer[Symbol.dispose]()
    this.#hosting.close()
    this.#sending.close()
  }
}

/** A frame with its own copy of what it holds, for its bytes are used again after the call. */
function sized(frame: ForeignFrame): { readonly frame: ForeignFrame; readonly sizeBytes: number } {
  const bytes = frame.bytes.slice(frame.start, frame.end)
  const { from, header } = frame
  return {
    frame: { from, header, bytes, start: 0, end: bytes.length },
    sizeBytes: bytes.length + header.entityId.length,
  }
}
