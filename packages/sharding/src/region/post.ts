// Carries what regions tell each other: makes frames of it, and the other way round.
import { AnswerRef, type Delivery } from '@casty/actor'
import type { ClusterEndpoint } from '@casty/membership'
import type { EncodedMessage, MessageCodec } from '@casty/remote'
import { ByteReader, ByteWriter, type NodeIdentity } from '@casty/transport'
import type { CheckedType } from '../entity-type.ts'
import { ShardingError } from '../errors.ts'
import { ArrivedFrame } from './arrived-frame.ts'
import type { HandOverPiece } from './hand-over.ts'
import { KnownIds } from './known-ids.ts'
import { Letter, type LetterKeeper } from './letter.ts'
import type { ForeignFrame, Opened, RegionPost, SharesSent } from './region-node.ts'
import type { Region } from './region.ts'
import type { Fence } from './shard-route.ts'
import {
  maxSharesBytes,
  maxSharesHeaderBytes,
  readShares,
  runsOf,
  writeShares,
  type AddressedShare,
} from './share.ts'
import { hashOf } from './shard-of.ts'
import {
  maxEnvelopeHeaderBytes,
  readEnvelope,
  readPiece,
  readReturned,
  regionFrameTypes,
  writeEnvelope,
  writeEnvelopeInFront,
  writePiece,
  writeReturned,
  type ReturnedHeader,
} from './wire.ts'

/** Finds the region that frames are for, by the hash of its name. */
export type RegionFinder = (typeHash: number) => Region | undefined

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
  readonly #reader = new ByteReader(new Uint8Array(0))
  readonly #ids = new KnownIds()
  #arrived: ArrivedFrame | undefined
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
    this.#writer.reset().u32(this.#hashOf(type)).varint(shard).varint(token)
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
    const { from, shard, entityId, carries, share } = frame
    if (share) return new Letter(keeper, shard, entityId, share, undefined, undefined, from)
    if (carries) {
      const { message, answer, carried } = this.#opened(frame)
      return new Letter(keeper, shard, entityId, message, answer, carried, from)
    }
    const { message, asker } = this.#codec.decode(from, frame.bytes, frame.start, frame.end)
    return new Letter(keeper, shard, entityId, message, asker, undefined, from)
  }

  #opened({ from, carries, share, bytes, start, end }: ForeignFrame): Opened {
    if (share) return { message: share, answer: undefined, carried: undefined }
    const { message, asker } = this.#codec.decode(from, bytes, start, end)
    return carries ? unpacked(message, asker) : { message, answer: asker, carried: undefined }
  }

  /** A message that this node sent to `to`, as it came back. */
  reopen(
    to: NodeIdentity,
    { carries, own }: ReturnedHeader,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Opened {
    const { message, answer } = this.#codec.reopen(to, bytes, start, end)
    if (own) return { message: { common: message, own }, answer, carried: undefined }
    return carries ? unpacked(message, answer) : { message, answer, carried: undefined }
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

  /**
   * Has frames of other nodes brought to the regions that they are for, until disposed of.
   *
   * @param isGuest - whether it is no member: such have nothing to hand over
   * @param mayReach - whether that node finds entities of that type
   * @param notFound - told of messages for a type that is not known here, or not for whoever sent them
   */
  listen(
    find: RegionFinder,
    isGuest: (node: NodeIdentity) => boolean,
    mayReach: (node: NodeIdentity, typeName: string) => boolean,
    notFound: (typeHash: number, entityId: string, opened: Opened) => void,
  ): Disposable {
    const { envelope, returned, fence, drained, handOver, handedOver, shares } = regionFrameTypes
    // Who hosts nothing has nothing to give back or to hand over.
    const membersOnly: readonly number[] = [returned, handOver, handedOver]
    const handlers = [
      [
        envelope,
        (region, from, reader, bytes, end) => {
          region.received(this.#readFrame(from, reader, bytes, end))
        },
      ],
      [
        returned,
        (region, from, reader, bytes, end) =>
          this.#letterCameBack(region, from, reader, bytes, end),
      ],
      [fence, fenceCame],
      [drained, drainedCame],
      [
        handOver,
        (region, from, reader) => {
          if (isGuest(from)) throw ShardingError.malformed('A client has nothing to hand over')
          pieceCame(region, from, reader)
        },
      ],
      [handedOver, arrivedCame],
      [
        shares,
        (region, from, reader, bytes, end) => {
          for (const frame of this.#sharesIn(from, reader, bytes, end)) region.received(frame)
        },
      ],
    ] as const satisfies readonly (readonly [number, FrameAct])[]
    const subscriptions = handlers.map(([frameType, act]: readonly [number, FrameAct]) =>
      this.#endpoint.handle(
        frameType,
        (from, bytes, start, end) => {
          // Whatever follows from a frame comes after it was read.
          const reader = this.#reader.open(bytes, start, end)
          const typeHash = reader.u32()
          const region = find(typeHash)
          const isForEntities = frameType === envelope || frameType === shares
          const isFound = !isForEntities || mayReach(from, region?.type.name ?? '')
          if (region && isFound) act(region, from, reader, bytes, end)
          else if (isForEntities) {
            const frames =
              frameType === shares
                ? this.#sharesIn(from, reader, bytes, end)
                : [this.#readFrame(from, reader, bytes, end)]
            for (const frame of frames) notFound(typeHash, frame.entityId, this.#opened(frame))
          } else if (frameType === fence) this.#echoUnknown(typeHash, from, reader)
          else throw ShardingError.malformed('A frame is for a type of entities that is not known')
        },
        { from: membersOnly.includes(frameType) ? 'members' : 'all' },
      ),
    )
    return {
      [Symbol.dispose]: () => {
        for (const subscription of subscriptions) subscription[Symbol.dispose]()
      },
    }
  }

  #readFrame(from: NodeIdentity, reader: ByteReader, bytes: Uint8Array, end: number): ForeignFrame {
    const frame = readEnvelope(reader, (this.#arrived ??= new ArrivedFrame(from)), this.#ids)
    frame.from = from
    frame.share = undefined
    frame.bytes = bytes
    frame.start = startOfRest(reader, end)
    frame.end = end
    return frame
  }

  /** One after the other, each good until the next one. What is common to them is read once. */
  *#sharesIn(
    from: NodeIdentity,
    reader: ByteReader,
    bytes: Uint8Array,
    end: number,
  ): Iterable<ForeignFrame> {
    if (reader.remaining > maxSharesBytes) {
      // What is common goes back with each that is refused: of a large frame, thousands of times.
      throw ShardingError.malformed(`Shares of ${reader.remaining} bytes are in one frame`)
    }
    // Entities keep what is theirs, and the bytes of frames are used again.
    const kept = bytes.slice(end - reader.remaining, end)
    const inside = new ByteReader(kept)
    const encoded = inside.view(kept.length)
    const { message: common, asker } = this.#codec.decode(from, encoded)
    asker?.undelivered('not-serializable') // Nobody sends such: there would be one answer, and several who give it.
    const frame = (this.#arrived ??= new ArrivedFrame(from))
    frame.from = from
    for (const { shard, epoch, entityId, own } of readShares(inside, this.#ids)) {
      frame.shard = shard
      frame.epoch = epoch
      frame.entityId = entityId
      frame.returns = 0
      frame.carries = false
      frame.share = { common, own }
      frame.bytes = encoded
      frame.start = 0
      frame.end = encoded.length
      yield frame
    }
  }

  /** Nothing of a type that is not known here is kept, so nothing of it comes behind the echo. */
  #echoUnknown(typeHash: number, from: NodeIdentity, reader: ByteReader): void {
    const { shard, token } = readFence(reader)
    this.#writer.reset().u32(typeHash).varint(shard).varint(token)
    this.#send(from, regionFrameTypes.drained)
  }

  #letterCameBack(
    region: Region,
    from: NodeIdentity,
    reader: ByteReader,
    bytes: Uint8Array,
    end: number,
  ): void {
    const header = readReturned(reader)
    const start = startOfRest(reader, end)
    region.returned(from, header, () => this.reopen(from, header, bytes, start, end))
  }
}

/** Takes what a frame holds behind the hash of its type. */
type FrameAct = (
  region: Region,
  from: NodeIdentity,
  reader: ByteReader,
  bytes: Uint8Array,
  end: number,
) => void

/** Where the last field of a frame begins, which takes all that is left. */
function startOfRest(reader: ByteReader, end: number): number {
  const length = reader.varint()
  if (length === reader.remaining) return end - length
  throw ShardingError.malformed(`A message of ${length} bytes has ${reader.remaining}`)
}

/** A message that brings along what an instrument gave it. */
function unpacked(content: unknown, answer: Delivery | undefined): Opened {
  if (Array.isArray(content) && content.length === 2) {
    const [carried, message]: readonly unknown[] = content
    return { message, answer, carried }
  }
  answer?.undelivered('not-serializable')
  throw ShardingError.malformed('A message comes without what should travel with it')
}

function readFence(reader: ByteReader): {
  readonly shard: number
  readonly epoch: number
  readonly token: number
} {
  const shard = reader.varint()
  const epoch = reader.varint()
  const token = reader.varint()
  reader.end()
  return { shard, epoch, token }
}

function fenceCame(region: Region, from: NodeIdentity, reader: ByteReader): void {
  const { shard, epoch, token } = readFence(reader)
  region.fenced(from, shard, epoch, token)
}

function drainedCame(region: Region, from: NodeIdentity, reader: ByteReader): void {
  const shard = reader.varint()
  const token = reader.varint()
  reader.end()
  region.drained(from, shard, token)
}

function pieceCame(region: Region, from: NodeIdentity, reader: ByteReader): void {
  const shard = reader.varint()
  region.pieceArrived(from, shard, readPiece(reader))
}

function arrivedCame(region: Region, from: NodeIdentity, reader: ByteReader): void {
  const shard = reader.varint()
  const epoch = reader.varint()
  const count = reader.varint()
  reader.end()
  region.piecesAcknowledged(from, shard, epoch, count)
}
