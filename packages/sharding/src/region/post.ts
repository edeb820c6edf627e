// Carries what regions tell each other to other nodes: makes frames of it.
import { AnswerRef } from '@casty/actor'
import type { ClusterEndpoint } from '@casty/membership'
import type { EncodedMessage, MessageCodec } from '@casty/remote'
import { ByteWriter, type NodeIdentity } from '@casty/transport'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import type { HandOverPiece } from './hand-over.ts'
import type { Letter, LetterKeeper } from './letter.ts'
import { openLetter } from './opening.ts'
import type { ForeignFrame, RegionPost, SharesSent } from './region-node.ts'
import type { Fence } from './shard-route.ts'
import {
  maxSharesBytes,
  maxSharesHeaderBytes,
  runsOf,
  writeShares,
  type AddressedShare,
} from './share.ts'
import { hashOf } from './shard-of.ts'
import {
  maxEnvelopeHeaderBytes,
  regionFrameTypes,
  writeDrained,
  writeEnvelope,
  writeEnvelopeInFront,
  writePiece,
  writeReturned,
} from './wire.ts'

/** What a piece of what is handed over holds besides one state. */
const maxPieceOverhead = 1_024

const noBytes = new Uint8Array(0)

/** Shares for one frame, with what is common to them as bytes: of one alone there are none. */
interface Run {
  readonly encoded: Uint8Array
  readonly shares: readonly AddressedShare[]
}

export class Post implements RegionPost {
  readonly #endpoint: ClusterEndpoint
  readonly #codec: MessageCodec
  readonly #writer = new ByteWriter(4_096)
  readonly #hashes = new Map<string, number>()
  #lastName = ''
  #lastHash = hashOf('')
  readonly #maxFrameBytes: number

  constructor(endpoint: ClusterEndpoint, codec: MessageCodec) {
    this.#endpoint = endpoint
    this.#codec = codec
    this.#maxFrameBytes = endpoint.maxFrameBytes('data')
  }

  sendLetter(type: CheckedType, to: NodeIdentity, epoch: number, letter: Letter): boolean {
    const { message, carried, answer } = letter
    const content = carried === undefined ? message : [carried, message]
    // Only what was sent here is sent on, and whoever waits for that is here.
    const question = answer instanceof AnswerRef ? answer : undefined
    const payload = this.#codec.encodeWithRoom(maxEnvelopeHeaderBytes, to, content, question)
    const { bytes, start, end } = payload
    const begin = writeEnvelopeInFront(bytes, start, end, this.#hashOf(type), epoch, letter)
    if (begin < 0) return this.#sendEncoded(type, to, epoch, letter, payload)
    this.#checkLength(type, letter.entityId, end - begin)
    return (
      this.#endpoint.send(to, 'data', regionFrameTypes.envelope, bytes, begin, end) !== 'dropped'
    )
  }

  /** The same to an entity whose id is not ASCII. */
  #sendEncoded(
    type: CheckedType,
    to: NodeIdentity,
    epoch: number,
    { shard, entityId, returns, carried }: Letter,
    { bytes, start, end }: EncodedMessage,
  ): boolean {
    const header = { shard, epoch, returns, carries: carried !== undefined, entityId }
    writeEnvelope(this.#writer, this.#hashOf(type), header)
    this.#writer.bytes(bytes.subarray(start, end), end - start)
    this.#checkLength(type, entityId, this.#writer.length)
    return this.#send(to, regionFrameTypes.envelope)
  }

  sendShares(
    type: CheckedType,
    to: NodeIdentity,
    common: unknown,
    shares: readonly AddressedShare[],
  ): SharesSent {
    const outcome = { sent: 0, dropped: [] as Letter[], errors: [] as unknown[] }
    try {
      for (const run of this.#runsOf(to, common, shares)) this.#sendRun(type, to, run, outcome)
    } catch (error) {
      outcome.errors.push(error) // What is common cannot be sent, and so nothing of it can.
    }
    return outcome
  }

  /** Each is a frame: what is common, encoded, and shares that fit into it. */
  *#runsOf(to: NodeIdentity, common: unknown, shares: readonly AddressedShare[]): Iterable<Run> {
    if (shares.length === 1) {
      yield { encoded: noBytes, shares }
      return
    }
    const encoded = this.#codec.encode(to, common).slice()
    const most = Math.min(maxSharesBytes, this.#maxFrameBytes - maxPieceOverhead)
    const room = most - maxSharesHeaderBytes - encoded.length
    for (const run of runsOf(shares, room)) yield { encoded, shares: run }
  }

  #sendRun(
    type: CheckedType,
    to: NodeIdentity,
    { encoded, shares }: Run,
    outcome: { sent: number; readonly dropped: Letter[]; readonly errors: unknown[] },
  ): void {
    try {
      const isSent = this.#sendShares(type, to, encoded, shares)
      if (isSent) outcome.sent += shares.length
      else outcome.dropped.push(...shares.map(({ letter }) => letter))
    } catch (error) {
      outcome.errors.push(error)
    }
  }

  /** One alone may be as large as any message. */
  #sendShares(
    type: CheckedType,
    to: NodeIdentity,
    encoded: Uint8Array,
    shares: readonly AddressedShare[],
  ): boolean {
    const [first] = shares
    if (first && shares.length === 1) return this.sendLetter(type, to, first.epoch, first.letter)
    writeShares(this.#writer, this.#hashOf(type), encoded, shares)
    return this.#send(to, regionFrameTypes.shares)
  }

  /** @throws ShardingError `CASTY_SHARDING_MESSAGE_TOO_LARGE` */
  #checkLength({ name }: CheckedType, entityId: string, length: number): void {
    if (length < this.#maxFrameBytes) return
    throw ShardingError.messageTooLarge(`${name}/${entityId}`, length, this.#maxFrameBytes)
  }

  sendBack(type: CheckedType, frame: ForeignFrame, neededEpoch: number): void {
    const { from, share, bytes, start, end } = frame
    writeReturned(this.#writer, this.#hashOf(type), frame, neededEpoch, share?.own)
    this.#writer.bytes(bytes.subarray(start, end), end - start)
    this.#send(from, regionFrameTypes.returned)
  }

  sendFence(type: CheckedType, to: NodeIdentity, shard: number, { epoch, token }: Fence): void {
    this.#writer.reset().u32(this.#hashOf(type)).varint(shard).varint(epoch).varint(token)
    this.#send(to, regionFrameTypes.fence)
  }

  sendDrained(type: CheckedType, to: NodeIdentity, shard: number, token: number): void {
    writeDrained(this.#writer, this.#hashOf(type), shard, token)
    this.#send(to, regionFrameTypes.drained)
  }

  sendPiece(type: CheckedType, to: NodeIdentity, shard: number, piece: HandOverPiece): void {
    writePiece(this.#writer, this.#hashOf(type), shard, piece)
    this.#send(to, regionFrameTypes.handOver)
  }

  sendArrived(
    type: CheckedType,
    to: NodeIdentity,
    shard: number,
    epoch: number,
    count: number,
  ): void {
    this.#writer.reset().u32(this.#hashOf(type)).varint(shard).varint(epoch).varint(count)
    this.#send(to, regionFrameTypes.handedOver)
  }

  open(frame: ForeignFrame, keeper: LetterKeeper): Letter {
    return openLetter(this.#codec, frame, keeper)
  }

  get maxPieceBytes(): number {
    return this.#maxFrameBytes - maxPieceOverhead
  }

  encode(to: NodeIdentity, state: unknown): Uint8Array {
    const bytes = this.#codec.encode(to, state)
    if (bytes.length > this.maxPieceBytes) {
      throw ShardingError.messageTooLarge(to.toString(), bytes.length, this.#maxFrameBytes)
    }
    return bytes.slice()
  }

  decode(from: NodeIdentity, bytes: Uint8Array): unknown {
    return this.#codec.decode(from, bytes).message
  }

  #send(to: NodeIdentity, frameType: number): boolean {
    return this.#endpoint.send(to, 'data', frameType, this.#writer.view()) !== 'dropped'
  }

  #hashOf({ name }: CheckedType): number {
    if (name === this.#lastName) return this.#lastHash
    let hash = this.#hashes.get(name)
    if (hash === undefined) this.#hashes.set(name, (hash = hashOf(name)))
    this.#lastName = name
    this.#lastHash = hash
    return hash
  }
}
