// For layers above that make their own frames: messages as bytes and back, with refs, and with the question
// that a message may be.
import type { ActorRef, AnswerRef, Delivery } from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'
import type { AskSlots } from './ask-slots.ts'
import { RemoteError } from './errors.ts'
import { FrameReader } from './frame-reader.ts'
import { FrontWriter } from './front-writer.ts'
import type { Payloads } from './payloads.ts'
import type { Peers } from './peers.ts'
import { RemoteAnswer, type AnswerCarrier } from './remote-answer.ts'
import { frontRoomBytes } from './written.ts'

/** What stands before each message, at most. */
const ownBytes = 24

/** Whoever asks by a message that came from another node: takes the answer, or word that none will come. */
export type Asker = ActorRef<unknown> & Delivery

/** A message that was read. */
export interface DecodedMessage {
  readonly message: unknown
  /** For `ActorSystem.deliver`; or to be told that the message will not be handled. */
  readonly asker: Asker | undefined
}

/** A message of this node that came back. */
export interface ReopenedMessage {
  readonly message: unknown
  /** As `encode` got it; undefined where nobody waits any more. */
  readonly answer: AnswerRef | undefined
}

/** A message as `bytes[start, end)`, good until the next one is encoded. */
export interface EncodedMessage {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Messages of users in frames of other layers. */
export interface MessageCodec {
  /**
   * Bytes that are good until the next call. An `answer` is held from then on: it ends with its deadline, with the
   * word of whoever decodes it, or with the node that it was sent to. Encoded again, for another node, it is held
   * for that one.
   *
   * @param answer - of the question that the message is, as `DistantRef.ask` gets it
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_TOO_MANY_ASKS`,
   * `CASTY_REMOTE_TOO_MANY_EXPORTS`
   */
  encode(to: NodeIdentity, message: unknown, answer?: AnswerRef): Uint8Array
  /**
   * The same with room for the header of a frame, which so comes to stand before the message without a copy of it.
   *
   * @param roomBytes - as many bytes in front of what is answered are the caller's, until the next call
   */
  encodeWithRoom(
    roomBytes: number,
    to: NodeIdentity,
    message: unknown,
    answer?: AnswerRef,
  ): EncodedMessage
  /** Reads `bytes[start, end)`. @throws RemoteError `CASTY_REMOTE_MALFORMED`; an asker has been told then */
  decode(from: NodeIdentity, bytes: Uint8Array, start?: number, end?: number): DecodedMessage
  /**
   * Reads what this node encoded for `to`, which sent it back as it was. @throws RemoteError
   * `CASTY_REMOTE_MALFORMED`
   */
  reopen(to: NodeIdentity, bytes: Uint8Array, start?: number, end?: number): ReopenedMessage
}

export class PayloadCodec implements MessageCodec {
  readonly #peers: Peers
  readonly #payloads: Payloads
  readonly #slots: AskSlots
  readonly #carrier: AnswerCarrier
  readonly #maxAsks: number
  readonly #front = new FrontWriter()
  readonly #encoded: { bytes: Uint8Array; start: number; end: number } = {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
  }
  readonly #reader = new FrameReader()

  constructor(
    peers: Peers,
    payloads: Payloads,
    slots: AskSlots,
    carrier: AnswerCarrier,
    maxAsks: number,
  ) {
    this.#peers = peers
    this.#payloads = payloads
    this.#slots = slots
    this.#carrier = carrier
    this.#maxAsks = maxAsks
  }

  encode(to: NodeIdentity, message: unknown, answer?: AnswerRef): Uint8Array {
    const { bytes, start, end } = this.encodeWithRoom(0, to, message, answer)
    return bytes.subarray(start, end)
  }

  encodeWithRoom(
    roomBytes: number,
    to: NodeIdentity,
    message: unknown,
    answer?: AnswerRef,
  ): EncodedMessage {
    const peer = this.#peers.of(to)
    // Who waits no more asks nothing: the ref to answer to leads nowhere.
    const question = answer?.isOver === true ? undefined : answer
    let payload = this.#payloads.write(message, peer, question)
    if (roomBytes > frontRoomBytes - ownBytes) {
      payload = this.#payloads.withRoom(payload, roomBytes + ownBytes)
    }
    const front = this.#front
    front.begin(payload.bytes, payload.start)
    if (question === undefined) front.u8(0)
    else {
      const slot = this.#slots.holdFor(question, peer)
      if (slot === undefined) throw RemoteError.tooManyAsks(this.#maxAsks)
      front.varint(this.#slots.generationOf(slot))
      front.varint(slot)
      front.u8(1)
    }
    peer.partsSent++ // By whoever asked for it: what is lost of it counts as well.
    const encoded = this.#encoded
    encoded.bytes = payload.bytes
    encoded.start = front.start
    encoded.end = payload.end
    return encoded
  }

  decode(
    from: NodeIdentity,
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
  ): DecodedMessage {
    const peer = this.#peers.of(from)
    const reader = this.#reader
    reader.begin(bytes, start, end)
    let asker: RemoteAnswer | undefined
    if (reader.u8() !== 0) {
      const slot = reader.varint()
      asker = new RemoteAnswer(this.#carrier, peer, slot, reader.varint())
    }
    try {
      return { message: this.#payloads.read(bytes, reader.at, end, peer, asker), asker }
    } catch (error) {
      asker?.undelivered('not-serializable')
      throw error
    }
  }

  reopen(
    to: NodeIdentity,
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
  ): ReopenedMessage {
    const reader = this.#reader
    reader.begin(bytes, start, end)
    const { refs } = this.#payloads
    let answer: AnswerRef | undefined
    let asker: ActorRef<never> | undefined
    if (reader.u8() !== 0) {
      const slot = reader.varint()
      const generation = reader.varint()
      answer = this.#slots.find(slot, generation)
      asker = answer ?? refs.answerHere(slot, generation)
    }
    const self = this.#peers.of(refs.self)
    return { message: this.#payloads.read(bytes, reader.at, end, self, asker, to), answer }
  }
}
