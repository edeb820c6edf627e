// Sends messages, questions and answers: encoded first, since that may run code of users, then given a header in
// front, in the buffer where they are, and handed to the endpoint, which copies it.
import type { ActorSystem, AnswerRef, DeadLetterReason, Ending } from '@casty/actor'
import type { ClusterEndpoint } from '@casty/membership'
import type { DropReason } from '@casty/transport'
import type { AskSlots } from './ask-slots.ts'
import { RemoteError } from './errors.ts'
import { remoteFrameTypes } from './frame-types.ts'
import { FrontWriter } from './front-writer.ts'
import { digestOf, messageFlags, partKinds } from './header.ts'
import { nameWords } from './name-words.ts'
import { packed, type Payloads } from './payloads.ts'
import type { Peer } from './peer.ts'
import type { AnswerCarrier, RemoteAnswer } from './remote-answer.ts'
import type { RefCarrier, RemoteRef } from './remote-ref.ts'
import type { Traffic } from './traffic.ts'
import { codeOf } from './wire-reasons.ts'
import { frontRoomBytes, type Written } from './written.ts'

const { messages } = remoteFrameTypes
const shortFrameBytes = 64
/** All of a header but the path of a recipient takes less. */
const headerBytes = 64
/** Of UTF-8, for one of a string. */
const bytesPerLetter = 3

export interface OutboxParts {
  readonly system: ActorSystem
  readonly endpoint: ClusterEndpoint
  readonly payloads: Payloads
  readonly slots: AskSlots
  readonly traffic: Traffic
  readonly watch: RefCarrier['watch']
}

export class Outbox implements AnswerCarrier, RefCarrier {
  readonly #system: ActorSystem
  readonly #endpoint: ClusterEndpoint
  readonly #payloads: Payloads
  readonly #slots: AskSlots
  readonly #traffic: Traffic
  readonly #front = new FrontWriter()
  /** For frames without a message. */
  readonly #short = new Uint8Array(shortFrameBytes)
  readonly #serializer: number
  readonly #maxFrameBytes: number
  readonly #watch: RefCarrier['watch']
  #dropReason: DropReason | undefined

  constructor({ system, endpoint, payloads, slots, traffic, watch }: OutboxParts) {
    this.#watch = watch
    this.#system = system
    this.#endpoint = endpoint
    this.#payloads = payloads
    this.#slots = slots
    this.#traffic = traffic
    this.#serializer = digestOf(payloads.serializer.name)
    this.#maxFrameBytes = endpoint.maxFrameBytes('data')
  }

  /** The endpoint says why, before its `send` says that it dropped a frame. */
  frameDropped(reason: DropReason): void {
    this.#dropReason = reason
  }

  /** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE` */
  tell(ref: RemoteRef<never>, message: unknown): void {
    if (ref.peer.hasLeft) {
      this.#system.publishDeadLetter(ref.path, message, 'node-gone')
      return
    }
    const reason = this.#sendMessage(ref, message, undefined, 0)
    if (reason !== undefined) this.#system.publishDeadLetter(ref.path, message, reason)
    else this.#traffic.messagesSent++
  }

  watch(ref: RemoteRef<never>, ended: (ending: Ending) => void): Disposable {
    return this.#watch(ref, ended)
  }

  ask(ref: RemoteRef<never>, message: unknown, answer: AnswerRef): void {
    const reason = ref.peer.hasLeft ? 'node-gone' : this.#sendQuestion(ref, message, answer)
    if (reason === undefined) return
    this.#system.publishDeadLetter(ref.path, message, reason)
    answer.undelivered(reason)
  }

  #sendQuestion(
    ref: RemoteRef<never>,
    message: unknown,
    answer: AnswerRef,
  ): DeadLetterReason | undefined {
    if (answer.isOver) return undefined // Answered before it was asked.
    const slot = this.#slots.hold(answer, ref.peer)
    if (slot === undefined) return 'buffer-full'
    try {
      const reason = this.#sendMessage(ref, message, answer, slot)
      if (reason === undefined) this.#traffic.questionsSent++
      return reason
    } catch (error) {
      answer.undelivered('not-serializable', error)
      return undefined
    }
  }

  #sendMessage(
    ref: RemoteRef<never>,
    message: unknown,
    answer: AnswerRef | undefined,
    slot: number,
  ): DeadLetterReason | undefined {
    const { peer } = ref
    const carried = this.#carriedTo(ref, message)
    const content = carried === undefined ? message : packed(message, carried)
    const payload = this.#withRoomFor(ref, this.#payloads.write(content, peer, answer))
    const front = this.#front
    front.begin(payload.bytes, payload.start)
    if (answer !== undefined) {
      front.varint(this.#slots.generationOf(slot))
      front.varint(slot)
    }
    const flags = answer === undefined ? 0 : messageFlags.isQuestion
    this.#writeRecipient(ref, carried === undefined ? flags : flags | messageFlags.carries)
    return this.#send(peer, payload.end, ref)
  }

  /** A path that is introduced may be long. */
  #withRoomFor({ isKnown, localPath }: RemoteRef<never>, payload: Written): Written {
    if (isKnown) return payload
    const roomBytes = headerBytes + localPath.length * bytesPerLetter
    return roomBytes > frontRoomBytes ? this.#payloads.withRoom(payload, roomBytes) : payload
  }

  #carriedTo({ path }: RemoteRef<never>, message: unknown): unknown {
    const { instrument } = this.#system
    if (!instrument) return undefined
    try {
      return instrument.onSend({ path, message })
    } catch {
      return undefined // It looks on only.
    }
  }

  #writeRecipient(ref: RemoteRef<never>, flags: number): void {
    const front = this.#front
    if (ref.isKnown) {
      front.varint(ref.id)
      front.u8(flags)
      return
    }
    if (ref.id === 0) ref.peer.name(ref)
    front.text(ref.localPath)
    front.varint(ref.uid)
    front.varint(ref.peer.firstId)
    front.varint(ref.id)
    front.u8(flags | messageFlags.isIntroduced)
  }

  /** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE` */
  answer(to: RemoteAnswer, message: unknown): void {
    const { peer } = to
    if (peer.hasLeft) {
      this.#system.publishDeadLetter(to.path, message, 'node-gone')
      return
    }
    let reason: DeadLetterReason | undefined
    try {
      const { bytes, start, end } = this.#payloads.write(message, peer, undefined)
      this.#front.begin(bytes, start)
      this.#writeAnswerHeader(to, partKinds.answer)
      reason = this.#send(peer, end, to)
    } catch (error) {
      this.unanswered(to, 'not-serializable') // Or whoever asked would wait for it.
      throw error
    }
    if (reason !== undefined) this.#system.publishDeadLetter(to.path, message, reason)
    else this.#traffic.answersSent++
  }

  unanswered(to: RemoteAnswer, reason: DeadLetterReason): void {
    if (to.peer.hasLeft) return
    this.#front.begin(this.#short, shortFrameBytes)
    this.#front.u8(codeOf(reason))
    this.#writeAnswerHeader(to, partKinds.unanswered)
    this.#send(to.peer, shortFrameBytes, to)
  }

  late(to: RemoteAnswer, message: unknown): void {
    this.#system.publishDeadLetter(to.path, message, 'late-answer')
  }

  /** Tells a peer whether a name of a recipient means anything here. */
  tellOfRecipient(peer: Peer, word: keyof typeof nameWords, id: number): void {
    const front = this.#front
    front.begin(this.#short, shortFrameBytes)
    front.varint(id)
    front.u8(nameWords[word])
    front.u16(peer.theirSession)
    const { bytes, start } = front
    const { recipients } = remoteFrameTypes
    this.#endpoint.send(peer.node, 'data', recipients, bytes, start, shortFrameBytes)
  }

  /** Tells a peer that it may name a class by number. */
  tellOfClass(peer: Peer, number: number, name: string): void {
    const bytes = new Uint8Array(headerBytes + name.length * bytesPerLetter)
    this.#front.begin(bytes, bytes.length)
    this.#front.text(name)
    this.#sendClass(peer, 'known', number)
  }

  /** Tells a peer that a number means no class here. */
  tellOfUnknownClass(peer: Peer, number: number): void {
    this.#front.begin(this.#short, shortFrameBytes)
    this.#sendClass(peer, 'unknown', number)
  }

  #sendClass(peer: Peer, word: keyof typeof nameWords, number: number): void {
    const front = this.#front
    front.u16(number)
    front.u8(nameWords[word])
    const { bytes, start } = front
    this.#endpoint.send(peer.node, 'data', remoteFrameTypes.classes, bytes, start, bytes.length)
  }

  #writeAnswerHeader(to: RemoteAnswer, kind: number): void {
    const front = this.#front
    front.varint(to.generation)
    front.varint(to.slot)
    front.u8(kind)
  }

  /**
   * What was written goes behind what was sent to that node before, where that waits still; else it begins a frame.
   *
   * @returns why it was not sent; undefined where it was
   */
  #send(peer: Peer, end: number, to: { readonly path: string }): DeadLetterReason | undefined {
    const front = this.#front
    front.varint(end - front.start)
    const part = front.start
    front.u32(peer.nextSequence)
    front.u16(peer.session)
    front.u8(this.#serializer)
    const { bytes, start } = front
    const length = end - start
    if (length >= this.#maxFrameBytes) {
      throw RemoteError.messageTooLarge(to.path, length, this.#maxFrameBytes)
    }
    const endpoint = this.#endpoint
    // What is counted from the beginning does not go on where another layer, or another session, counted before.
    const outcome =
      peer.nextSequence === 0
        ? endpoint.send(peer.node, 'data', messages, bytes, start, end)
        : endpoint.join(peer.node, 'data', messages, bytes, start, part, end)
    if (outcome === 'dropped') {
      const reason = this.#dropReason
      this.#dropReason = undefined
      return reason === 'peer-gone' ? 'node-gone' : 'not-sent'
    }
    peer.sent()
    this.#traffic.bytesSent += length
    return undefined
  }
}
