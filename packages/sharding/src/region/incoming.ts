// Frames of other nodes, read and brought to the regions that they are for. Whatever follows from a frame comes after it was read:
// one reader does for all, and one object for what comes.
import type { ClusterEndpoint } from '@casty/membership'
import type { MessageCodec } from '@casty/remote'
import { ByteReader, ByteWriter, type NodeIdentity } from '@casty/transport'
import { ShardingError } from '../errors.ts'
import { ArrivedFrame } from './arrived-frame.ts'
import { KnownIds } from './known-ids.ts'
import { open, reopen } from './opening.ts'
import type { Receiving } from './receiving.ts'
import type { ForeignFrame, Opened } from './region-node.ts'
import type { Region } from './region.ts'
import { maxSharesBytes, readShares } from './share.ts'
import { readEnvelope, readPiece, readReturned, regionFrameTypes, writeDrained } from './wire.ts'

/** What it needs of the rest. */
export interface IncomingPort {
  /** The region that a frame is for, by the hash of its name. */
  find(typeHash: number): Region | undefined
  /** Whether it is no member: such have nothing to hand over. */
  isGuest(node: NodeIdentity): boolean
  /** Whether that node finds entities of that type. */
  mayReach(node: NodeIdentity, typeName: string): boolean
  /** A message is for a type that is not known here, or not for whoever sent it. */
  notFound(typeHash: number, entityId: string, opened: Opened): void
}

/** Takes what a frame holds behind the hash of its type. */
type FrameAct = (
  receiving: Receiving,
  from: NodeIdentity,
  reader: ByteReader,
  bytes: Uint8Array,
  end: number,
) => void

/** From its start until it is disposed of. */
export class Incoming implements Disposable {
  readonly #endpoint: ClusterEndpoint
  readonly #codec: MessageCodec
  readonly #port: IncomingPort
  readonly #reader = new ByteReader(new Uint8Array(0))
  readonly #writer = new ByteWriter(64)
  readonly #ids = new KnownIds()
  #arrived: ArrivedFrame | undefined
  readonly #subscriptions: readonly Disposable[]

  constructor(endpoint: ClusterEndpoint, codec: MessageCodec, port: IncomingPort) {
    this.#endpoint = endpoint
    this.#codec = codec
    this.#port = port
    const { envelope, returned, fence, drained, handOver, handedOver, shares } = regionFrameTypes
    this.#subscriptions = [
      this.#bringMessages(
        envelope,
        (receiving, from, reader, bytes, end) => {
          receiving.received(this.#readFrame(from, reader, bytes, end))
        },
        (from, reader, bytes, end) => [this.#readFrame(from, reader, bytes, end)],
      ),
      this.#bringMessages(
        shares,
        (receiving, from, reader, bytes, end) => {
          for (const frame of this.#sharesIn(from, reader, bytes, end)) receiving.received(frame)
        },
        (from, reader, bytes, end) => this.#sharesIn(from, reader, bytes, end),
      ),
      this.#bring(fence, 'all', fenceCame, (typeHash, from, reader) =>
        this.#echoUnknown(typeHash, from, reader),
      ),
      this.#bring(drained, 'all', drainedCame),
      // Who hosts nothing has nothing to give back or to hand over.
      this.#bring(returned, 'members', (receiving, from, reader, bytes, end) =>
        this.#letterCameBack(receiving, from, reader, bytes, end),
      ),
      this.#bring(handOver, 'members', (receiving, from, reader) => {
        if (port.isGuest(from)) throw ShardingError.malformed('A client has nothing to hand over')
        pieceCame(receiving, from, reader)
      }),
      this.#bring(handedOver, 'members', arrivedCame),
    ]
  }

  /**
   * Messages for entities.
   *
   * @param framesIn - the same, to be told that there is nobody for them
   */
  #bringMessages(
    frameType: number,
    act: FrameAct,
    framesIn: (
      from: NodeIdentity,
      reader: ByteReader,
      bytes: Uint8Array,
      end: number,
    ) => Iterable<ForeignFrame>,
  ): Disposable {
    return this.#endpoint.handle(
      frameType,
      (from, bytes, start, end) => {
        const reader = this.#reader.open(bytes, start, end)
        const typeHash = reader.u32()
        const region = this.#port.find(typeHash)
        const mayReach = this.#port.mayReach(from, region?.type.name ?? '')
        if (region && mayReach) act(region.receiving, from, reader, bytes, end)
        else {
          for (const frame of framesIn(from, reader, bytes, end)) {
            this.#port.notFound(typeHash, frame.entityId, open(this.#codec, frame))
          }
        }
      },
      { from: 'all' },
    )
  }

  /** What regions tell each other of shards. */
  #bring(
    frameType: number,
    senders: 'all' | 'members',
    act: FrameAct,
    notKnown: (typeHash: number, from: NodeIdentity, reader: ByteReader) => void = typeNotKnown,
  ): Disposable {
    return this.#endpoint.handle(
      frameType,
      (from, bytes, start, end) => {
        const reader = this.#reader.open(bytes, start, end)
        const typeHash = reader.u32()
        const region = this.#port.find(typeHash)
        if (region) act(region.receiving, from, reader, bytes, end)
        else notKnown(typeHash, from, reader)
      },
      { from: senders },
    )
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
    writeDrained(this.#writer, typeHash, shard, token)
    this.#endpoint.send(from, 'data', regionFrameTypes.drained, this.#writer.view())
  }

  #letterCameBack(
    receiving: Receiving,
    from: NodeIdentity,
    reader: ByteReader,
    bytes: Uint8Array,
    end: number,
  ): void {
    const header = readReturned(reader)
    const start = startOfRest(reader, end)
    receiving.returned(from, header, () => reopen(this.#codec, from, header, bytes, start, end))
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }
}

function typeNotKnown(): never {
  throw ShardingError.malformed('A frame is for a type of entities that is not known')
}

/** Where the last field of a frame begins, which takes all that is left. */
function startOfRest(reader: ByteReader, end: number): number {
  const length = reader.varint()
  if (length === reader.remaining) return end - length
  throw ShardingError.malformed(`A message of ${length} bytes has ${reader.remaining}`)
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

function fenceCame(receiving: Receiving, from: NodeIdentity, reader: ByteReader): void {
  const { shard, epoch, token } = readFence(reader)
  receiving.fenced(from, shard, epoch, token)
}

function drainedCame(receiving: Receiving, from: NodeIdentity, reader: ByteReader): void {
  const shard = reader.varint()
  const token = reader.varint()
  reader.end()
  receiving.drained(from, shard, token)
}

function pieceCame(receiving: Receiving, from: NodeIdentity, reader: ByteReader): void {
  const shard = reader.varint()
  receiving.pieceArrived(from, shard, readPiece(reader))
}

function arrivedCame(receiving: Receiving, from: NodeIdentity, reader: ByteReader): void {
  const shard = reader.varint()
  const epoch = reader.varint()
  const count = reader.varint()
  reader.end()
  receiving.piecesAcknowledged(from, shard, epoch, count)
}
