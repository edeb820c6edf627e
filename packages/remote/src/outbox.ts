// Sends messages, questions and answers: encoded first, since that may run code of users, then written
// behind a header into one buffer and handed to the endpoint, which copies it.
import type { ActorSystem, AnswerRef, DeadLetterReason, Ending } from '@casty/actor'
import type { ClusterEndpoint } from '@casty/membership'
import type { DropReason } from '@casty/transport'
import type { AskSlots } from './ask-slots.ts'
import { RemoteError } from './errors.ts'
import { remoteFrameTypes } from './frame-types.ts'
import { FrameWriter } from './frame-writer.ts'
import { digestOf, messageFlags, recipientWords } from './header.ts'
import { packed, type Payloads } from './payloads.ts'
import type { Peer } from './peer.ts'
import type { AnswerCarrier, RemoteAnswer } from './remote-answer.ts'
import type { RefCarrier, RemoteRef } from './remote-ref.ts'
import type { Traffic } from './traffic.ts'
import { codeOf } from './wire-reasons.ts'

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
  readonly #writer = new FrameWriter()
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
    if (ref.peer.isGone) {
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
    const reason = ref.peer.isGone ? 'node-gone' : this.#sendQuestion(ref, message, answer)
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
    const payload = this.#payloads.write(content, peer, answer)
    const writer = this.#writer
    this.#begin(peer)
    const flags = answer === undefined ? 0 : messageFlags.isQuestion
    this.#writeRecipient(ref, carried === undefined ? flags : flags | messageFlags.carries)
    if (answer !== undefined) {
      writer.varint(slot)
      writer.varint(this.#slots.generationOf(slot))
    }
    writer.raw(payload, 0, payload.length)
    return this.#send(peer, remoteFrameTypes.message, ref)
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
    const writer = this.#writer
    if (ref.isKnown) {
      writer.u8(flags)
      writer.varint(ref.id)
      return
    }
    if (ref.id === 0) ref.peer.name(ref)
    writer.u8(flags | messageFlags.isIntroduced)
    writer.varint(ref.id)
    writer.varint(ref.peer.firstId)
    writer.varint(ref.uid)
    writer.text(ref.localPath)
  }

  /** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE` */
  answer(to: RemoteAnswer, message: unknown): void {
    const { peer } = to
    if (peer.isGone) {
      this.#system.publishDeadLetter(to.path, message, 'node-gone')
      return
    }
    let reason: DeadLetterReason | undefined
    try {
      const payload = this.#payloads.write(message, peer, undefined)
      this.#beginAnswer(to)
      this.#writer.raw(payload, 0, payload.length)
      reason = this.#send(peer, remoteFrameTypes.answer, to)
    } catch (error) {
      this.unanswered(to, 'not-serializable') // Or whoever asked would wait for it.
      throw error
    }
    if (reason !== undefined) this.#system.publishDeadLetter(to.path, message, reason)
    else this.#traffic.answersSent++
  }

  unanswered(to: RemoteAnswer, reason: DeadLetterReason): void {
    if (to.peer.isGone) return
    this.#beginAnswer(to)
    this.#writer.u8(codeOf(reason))
    this.#send(to.peer, remoteFrameTypes.unanswered, to)
  }

  late(to: RemoteAnswer, message: unknown): void {
    this.#system.publishDeadLetter(to.path, message, 'late-answer')
  }

  /** Tells a peer whether a name of a recipient means anything here. */
  tellOfRecipient(peer: Peer, word: keyof typeof recipientWords, id: number): void {
    const writer = this.#writer
    writer.begin()
    writer.u16(peer.theirSession)
    writer.u8(recipientWords[word])
    writer.varint(id)
    const { bytes, length } = writer
    this.#endpoint.send(peer.node, 'data', remoteFrameTypes.recipients, bytes, 0, length)
  }

  #begin(peer: Peer): void {
    const writer = this.#writer
    writer.begin()
    writer.u8(this.#serializer)
    writer.u16(peer.session)
    writer.u32(peer.nextSequence)
  }

  #beginAnswer(to: RemoteAnswer): void {
    this.#begin(to.peer)
    this.#writer.varint(to.slot)
    this.#writer.varint(to.generation)
  }

  /** @returns why it was not sent; undefined where it was */
  #send(
    peer: Peer,
    frameType: number,
    to: { readonly path: string },
  ): DeadLetterReason | undefined {
    const { bytes, length } = this.#writer
    if (length >= this.#maxFrameBytes) {
      throw RemoteError.messageTooLarge(to.path, length, this.#maxFrameBytes)
    }
    const outcome = this.#endpoint.send(peer.node, 'data', frameType, bytes, 0, length)
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
