// What comes to a region from other nodes: each frame is looked at whether it can be meant for a shard of this type at all, at an
// epoch that there may be, before it counts for anything.
import type { DeadLetterReason } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { isBelieved } from '../believed.ts'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import { Arrivals } from './arrivals.ts'
import type { HandOverPiece } from './hand-over.ts'
import type { Hosting } from './hosting.ts'
import { Letter, type LetterKeeper } from './letter.ts'
import type { ForeignFrame, Opened, RegionNode } from './region-node.ts'
import type { RegionTally } from './region-tally.ts'
import { Senders } from './senders.ts'
import type { Sending } from './sending.ts'
import type { ReturnedHeader } from './wire.ts'

/** The region, with its other parts. */
export interface ReceivingPort extends LetterKeeper {
  readonly tally: RegionTally
  readonly sending: Sending
  /** Another one once a region that only sent hosts as well. */
  readonly hosting: Hosting
  drop(letter: Letter, reason: DeadLetterReason): void
  /** Something may be due earlier than before. */
  deadlineMoved(): void
}

export class Receiving {
  readonly #type: CheckedType
  readonly #node: RegionNode
  readonly #port: ReceivingPort
  readonly #arrivals: Arrivals
  readonly #senders = new Senders()
  #isClosed = false
  readonly #wallNow = (): number => this.#node.clock.wallNow()

  constructor(type: CheckedType, node: RegionNode, port: ReceivingPort) {
    this.#type = type
    this.#node = node
    this.#port = port
    const { settings, post } = node
    this.#arrivals = new Arrivals(settings.held, {
      now: () => node.clock.now(),
      admit: (shard, epoch) => port.hosting.admit(shard, epoch),
      epochOf: (shard) => port.hosting.ownedShard(shard).epoch,
      take: (frame) => this.#take(frame),
      drop: (frame) => this.#tooLate(frame),
      sendBack: (frame, neededEpoch) => {
        port.tally.sentBack++
        post.sendBack(type, frame, neededEpoch)
      },
      fenced: (shard, from, epoch) => port.hosting.fenced(shard, from, epoch),
      sendDrained: (to, shard, token) => post.sendDrained(type, to, shard, token),
      report: (error, what) => node.report(error, what),
      deadlineMoved: () => port.deadlineMoved(),
    })
  }

  /** How many wait for a newer table. */
  get held(): number {
    return this.#arrivals.size
  }

  /** Members in reach who have sent messages. */
  senders(): Iterable<NodeKey> {
    return this.#senders.among(this.#node.others())
  }

  /** Who is a member, or in reach, has changed. */
  membersChanged(): void {
    this.#senders.keepOnly(this.#node.others())
  }

  /** The table here is at that epoch of a shard. */
  caughtUp(shard: number, epoch: number): void {
    this.#arrivals.caughtUp(shard, epoch)
  }

  /** A message of another node. @throws where it cannot be read */
  received(frame: ForeignFrame): void {
    if (this.#isShard(frame.shard, frame.epoch)) {
      this.#senders.note(frame.from.key)
      this.#arrivals.received(frame)
    } else this.#tooLate(frame)
  }

  #take(frame: ForeignFrame): void {
    const letter = this.#node.post.open(frame, this.#port)
    this.#port.tally.received++
    this.#port.hosting.deliver(letter)
  }

  /** It comes to a node that hosts nothing any more: whoever sent it did not know yet. */
  #tooLate(frame: ForeignFrame): void {
    this.#port.drop(this.#node.post.open(frame, this.#port), 'stopped')
  }

  /** A letter that was sent from here, and came back. */
  returned(from: NodeIdentity, header: ReturnedHeader, open: () => Opened): void {
    const { shard, entityId, epoch, neededEpoch, returns } = header
    const isOpen = this.#isShard(shard, Math.max(epoch, neededEpoch))
    const { message, answer, carried } = open()
    const letter = new Letter(this.#port, shard, entityId, message, answer, carried)
    letter.returns = returns + 1
    if (isOpen) this.#port.sending.returned(from, epoch, neededEpoch, letter)
    else this.#port.drop(letter, 'stopped')
  }

  /** Behind this, nothing comes from there under that epoch. */
  fenced(from: NodeIdentity, shard: number, epoch: number, token: number): void {
    if (this.#isShard(shard, epoch)) this.#arrivals.fenced(from, shard, epoch, token)
    else this.#node.post.sendDrained(this.#type, from, shard, token)
  }

  drained(from: NodeIdentity, shard: number, token: number): void {
    if (this.#isShard(shard)) this.#port.sending.drained(shard, from, token)
  }

  pieceArrived(from: NodeIdentity, shard: number, piece: HandOverPiece): void {
    if (!this.#isShard(shard, piece.epoch)) return
    const count = this.#port.hosting.pieceArrived(shard, from, piece)
    if (count === undefined) return
    this.#node.post.sendArrived(this.#type, from, shard, piece.epoch, count)
  }

  piecesAcknowledged(from: NodeIdentity, shard: number, epoch: number, count: number): void {
    if (!this.#isShard(shard, epoch)) return
    this.#port.hosting.piecesAcknowledged(shard, from, epoch, count)
  }

  /**
   * @param epoch - the highest that was told with it
   * @returns false where nothing is taken any more
   * @throws ShardingError `CASTY_SHARDING_MALFORMED`, by which it is counted
   */
  #isShard(shard: number, epoch = 0): boolean {
    const { name, numShards } = this.#type
    // One at its highest could not be followed by another, ever.
    if (!isBelieved(epoch, this.#wallNow)) {
      throw ShardingError.malformed(`Shard ${shard} of ${name} cannot be at epoch ${epoch} yet`)
    }
    if (shard < numShards) return !this.#isClosed
    throw ShardingError.malformed(`Shard ${shard} is none of ${numShards} of ${name}`)
  }

  nextDeadline(): number | undefined {
    return this.#arrivals.nextDeadline()
  }

  /** Does what is due. */
  tick(): void {
    this.#arrivals.tick()
  }

  /** Nothing is taken from now on, nor what waits. */
  close(): void {
    this.#isClosed = true
    this.#arrivals.close()
  }
}
