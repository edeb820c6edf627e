// What regions have in common, and what they need of the node that they are on.
import type { ActorSystem, Delivery, Gate } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { EventJournal } from '@casty/persistence'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { CheckedType } from '../entity-type.ts'
import type { HandOverPiece } from './hand-over.ts'
import type { Letter, LetterKeeper } from './letter.ts'
import type { RegionSettings } from './region-settings.ts'
import type { AddressedShare, Share } from './share.ts'
import type { Fence } from './shard-route.ts'
import type { EnvelopeHeader } from './wire.ts'

/** A message of this node as it came back from another one. */
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
  /** Whether it is a member in reach, as far as it answers. */
  canBeSentTo(node: NodeIdentity): boolean
  /** Members in reach who may send something, other than this one. */
  others(): ReadonlySet<NodeKey>
  nextToken(): number
  /** Nothing of the shard, which is to move, runs here any more. */
  released(type: string, shard: number, epoch: number): void
  /** No entity of a shard that was to finish is left. */
  emptied(): void
  /** A journal for whoever runs a shard under that epoch. */
  journalOf(journal: EventJournal, type: CheckedType, shard: number, epoch: number): EventJournal
  /** The same, of a type whose events are kept on several nodes. */
  replicatedJournal(type: CheckedType, shard: number, epoch: number): EventJournal | undefined
  report(error: unknown, what: string): void
  warn(what: string): void
  readonly post: RegionPost
}

/** Sends what regions tell each other. */
export interface RegionPost {
  /** @returns false where there is no room; throws where the message cannot be sent to another node */
  sendLetter(type: CheckedType, to: NodeIdentity, epoch: number, letter: Letter): boolean
  /** The same for shares of one message. Those that can be sent are, whatever becomes of the others. */
  sendShares(
    type: CheckedType,
    to: NodeIdentity,
    common: unknown,
    shares: readonly AddressedShare[],
  ): SharesSent
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
  /** What states of one frame may take at most, in bytes. */
  readonly maxPieceBytes: number
  /** The message in a frame, on its way to its entity. @throws where it cannot be read */
  open(frame: ForeignFrame, keeper: LetterKeeper): Letter
  encode(to: NodeIdentity, state: unknown): Uint8Array
  decode(from: NodeIdentity, bytes: Uint8Array): unknown
}

/** What became of shares. */
export interface SharesSent {
  /** So many are on their way. */
  readonly sent: number
  /** There was no room for these. */
  readonly dropped: readonly Letter[]
  /** Why others cannot be sent at all. */
  readonly errors: readonly unknown[]
}

/**
 * A message of another node that nobody has looked into yet; `bytes[start, end)` is what it holds. Good until the next
 * one comes.
 */
export interface ForeignFrame extends EnvelopeHeader {
  readonly from: NodeIdentity
  /** Of a message to several entities: it was looked into, for all of them, and `bytes` hold what is common. */
  readonly share: Share | undefined
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}
