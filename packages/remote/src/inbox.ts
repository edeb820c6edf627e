// Takes what other nodes send: nothing that they send makes it throw, whatever it is.
import { DistantRef, type ActorRef, type ActorSystem, type AnswerRef } from '@casty/actor'
import { maxJoinedBytes, type NodeIdentity } from '@casty/transport'
import type { AskSlots } from './ask-slots.ts'
import { RemoteError } from './errors.ts'
import type { RemoteEvent } from './events.ts'
import type { Exports } from './exports.ts'
import { FrameReader } from './frame-reader.ts'
import { digestOf, kindBits, messageFlags, partKinds } from './header.ts'
import type { Recipient } from './known-recipients.ts'
import { heedWordOfClass, heedWordOfRecipient } from './name-words.ts'
import type { Outbox } from './outbox.ts'
import { unpacked, type Payloads } from './payloads.ts'
import type { Peer } from './peer.ts'
import type { Peers } from './peers.ts'
import { maxRefTextBytes } from './ref-kinds.ts'
import { RemoteAnswer } from './remote-answer.ts'
import type { Traffic } from './traffic.ts'
import { reasonOf } from './wire-reasons.ts'

/** Flags, a recipient, and something for it. What is shorter would only be a way to have many errors made of few bytes. */
const shortestPartBytes = 3
/** A peer that goes on introducing a recipient is told again after so many times that it is known. */
const introductionsPerWord = 256

export interface InboxParts {
  readonly system: ActorSystem
  readonly peers: Peers
  readonly payloads: Payloads
  readonly slots: AskSlots
  readonly exports: Exports
  readonly outbox: Outbox
  readonly traffic: Traffic
  readonly publish: (event: RemoteEvent) => void
  /** Whether that node may tell an actor anything, for which it is none otherwise. */
  readonly mayTell: (
    from: NodeIdentity,
    recipient: { readonly uid: number; readonly path: string },
  ) => boolean
  readonly isClient: (node: NodeIdentity) => boolean
  /** Whether a part of a frame is to be heeded: whoever bounds what nodes send counts each. */
  readonly admitsPart: (from: NodeIdentity, sizeBytes: number) => boolean
}

export class Inbox {
  readonly #system: ActorSystem
  readonly #peers: Peers
  readonly #payloads: Payloads
  readonly #slots: AskSlots
  readonly #exports: Exports
  readonly #outbox: Outbox
  readonly #traffic: Traffic
  readonly #publish: (event: RemoteEvent) => void
  readonly #mayTell: InboxParts['mayTell']
  readonly #isClient: InboxParts['isClient']
  readonly #admitsPart: InboxParts['admitsPart']
  readonly #reader = new FrameReader()
  readonly #serializer: number
  /** The frame that is read comes from a node with the same serializer. */
  #fits = true

  constructor(parts: InboxParts) {
    this.#system = parts.system
    this.#peers = parts.peers
    this.#payloads = parts.payloads
    this.#slots = parts.slots
    this.#exports = parts.exports
    this.#outbox = parts.outbox
    this.#traffic = parts.traffic
    this.#publish = parts.publish
    this.#mayTell = parts.mayTell
    this.#isClient = parts.isClient
    this.#admitsPart = parts.admitsPart
    this.#serializer = digestOf(parts.payloads.serializer.name)
  }

  /** Any number of messages, answers, and words that there will be none. */
  messages(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader
    /** Of a node that may send nothing, nothing is kept. */
    let peer: Peer | undefined
    let partStart = start
    try {
      reader.begin(bytes, start, end)
      this.#fits = reader.u8() === this.#serializer
      const session = reader.u16()
      const first = reader.u32()
      for (let sequence = first; partStart < end; sequence++) {
        if (partStart > start) reader.begin(bytes, partStart, end)
        const partEnd = this.#partEnd(end)
        // With one more it would have to be shorter: whoever reads others' frames looks at the time between two.
        if (partEnd < end && end - start > maxJoinedBytes) throw tooManyParts(end - start)
        const isAdmitted = this.#admits(from, partEnd - partStart)
        partStart = partEnd
        if (isAdmitted) this.#part((peer ??= this.#peers.of(from)), session, sequence >>> 0)
      }
    } catch (error) {
      if (this.#admits(from, end - partStart)) this.#malformed(from, error)
    }
  }

  #admits(from: NodeIdentity, sizeBytes: number): boolean {
    if (!this.#admitsPart(from, sizeBytes)) return false
    this.#traffic.bytesReceived += sizeBytes
    return true
  }

  /** From there on the reader reads that part alone. */
  #partEnd(end: number): number {
    const reader = this.#reader
    const length = reader.varint()
    if (length < shortestPartBytes || length > end - reader.at) {
      throw RemoteError.malformed(
        `A part of ${length} bytes is too short, or longer than its frame`,
      )
    }
    reader.end = reader.at + length
    return reader.end
  }

  /** What is wrong with it is no harm to others. */
  #part(peer: Peer, session: number, sequence: number): void {
    try {
      if (!this.#isToBeHeeded(peer, session, sequence)) return
      const flags = this.#reader.u8()
      switch (flags & kindBits) {
        case partKinds.message:
          this.#readMessage(peer, flags)
          return
        case partKinds.answer:
          this.#readAnswer(peer)
          return
        case partKinds.unanswered:
          this.#readUnanswered(peer)
          return
        default:
          throw RemoteError.malformed(`A part is of kind ${flags}, which is not known`)
      }
    } catch (error) {
      this.#malformed(peer.node, error)
    }
  }

  /** Word of whether the names that were given to recipients mean anything there. */
  recipients(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    this.#heed(heedWordOfRecipient, from, bytes, start, end)
  }

  /** Word of whether the numbers of classes mean anything there. */
  classes(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    this.#heed(heedWordOfClass, from, bytes, start, end)
  }

  #heed(
    heed: typeof heedWordOfRecipient,
    from: NodeIdentity,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const reader = this.#reader
    reader.begin(bytes, start, end)
    try {
      heed(this.#peers.of(from), reader)
    } catch (error) {
      this.#malformed(from, error)
    }
  }

  #isToBeHeeded(peer: Peer, session: number, sequence: number): boolean {
    if (peer.isGone) {
      this.#traffic.fromGoneNode++
      return false
    }
    const missed = peer.arrived(session, sequence)
    if (missed < 0) {
      this.#traffic.late++
      return false
    }
    if (missed > 0) {
      this.#publish({ type: 'gap', node: peer.node, direction: 'received', count: missed })
    }
    if (!this.#fits) this.#differs(peer)
    return true
  }

  #differs(peer: Peer): void {
    this.#traffic.otherSerializer++
    if (peer.isToldOfSerializer) return
    peer.isToldOfSerializer = true
    this.#publish({ type: 'serializer-differs', node: peer.node })
  }

  #readMessage(peer: Peer, flags: number): void {
    const reader = this.#reader
    const isIntroduced = (flags & messageFlags.isIntroduced) !== 0
    const id = reader.varint()
    const recipient = isIntroduced ? this.#introduced(peer, id) : peer.known.get(id)
    const asker = (flags & messageFlags.isQuestion) !== 0 ? this.#askerOf(peer) : undefined
    if (asker === undefined) this.#traffic.messagesReceived++
    else this.#traffic.questionsReceived++
    if (recipient === undefined) {
      this.#nobody(peer, id, flags, asker)
      return
    }
    if (!this.#fits) {
      asker?.undelivered('not-serializable')
      return
    }
    const content = this.#read(peer, asker)
    const ref = recipient.ref ?? this.#find(peer, recipient)
    if ((flags & messageFlags.carries) === 0) this.#handOver(ref, recipient, content, asker)
    else this.#handOverCarrying(ref, recipient, content, asker)
  }

  /** The name of its recipient means nothing here any more. */
  #nobody(peer: Peer, id: number, flags: number, asker: RemoteAnswer | undefined): void {
    this.#traffic.unknownRecipient++
    this.#outbox.tellOfRecipient(peer, 'unknown', id)
    asker?.undelivered('lost')
    if (!this.#fits) return
    const content = this.#read(peer, asker)
    const message = (flags & messageFlags.carries) === 0 ? content : unpacked(content)[1]
    this.#system.publishDeadLetter(`${id}@${peer.node.key}`, message, 'lost')
  }

  #introduced(peer: Peer, id: number): Recipient {
    const reader = this.#reader
    const firstId = reader.varint()
    const uid = reader.varint()
    const path = reader.text(maxRefTextBytes)
    const recipient = peer.known.introduce(id, firstId, uid, path)
    // There is no room for its name: it is found by its path each time.
    if (recipient === undefined) {
      return { uid, path, ref: undefined, watch: undefined, introductions: 0 }
    }
    if (recipient.introductions++ % introductionsPerWord === 0) {
      this.#outbox.tellOfRecipient(peer, 'known', id)
    }
    return recipient
  }

  #askerOf(peer: Peer): RemoteAnswer {
    const slot = this.#reader.varint()
    return new RemoteAnswer(this.#outbox, peer, slot, this.#reader.varint())
  }

  #read(peer: Peer, asker: RemoteAnswer | undefined): unknown {
    const { bytes, at, end } = this.#reader
    try {
      return this.#payloads.read(bytes, at, end, peer, asker)
    } catch (error) {
      asker?.undelivered('not-serializable')
      throw error
    }
  }

  #handOverCarrying(
    ref: ActorRef<unknown> | undefined,
    recipient: Recipient,
    content: unknown,
    asker: RemoteAnswer | undefined,
  ): void {
    const [carried, message] = unpackedFor(asker, content)
    if (asker === undefined) {
      if (ref) this.#system.deliver(ref, message, { carried, undelivered: () => {} })
      else this.#notFound(recipient, message, undefined)
      return
    }
    asker.carried = carried
    this.#handOver(ref, recipient, message, asker)
  }

  #handOver(
    ref: ActorRef<unknown> | undefined,
    recipient: Recipient,
    message: unknown,
    asker: RemoteAnswer | undefined,
  ): void {
    if (ref !== undefined) this.#system.deliver(ref, message, asker)
    else this.#notFound(recipient, message, asker)
  }

  #notFound({ uid, path }: Recipient, message: unknown, asker: RemoteAnswer | undefined): void {
    const reason = uid === 0 ? 'not-found' : 'stopped'
    this.#system.publishDeadLetter(path, message, reason)
    asker?.undelivered(reason)
  }

  #find({ node }: Peer, recipient: Recipient): ActorRef<unknown> | undefined {
    if (!this.#mayTell(node, recipient)) return undefined
    // Its type is for the sender to say, who had the ref from somebody who knew.
    const ref = this.#exports.find(recipient.uid, recipient.path) as ActorRef<unknown> | undefined
    if (ref === undefined || ref instanceof DistantRef || recipient.introductions === 0) return ref
    recipient.watch?.[Symbol.dispose]()
    recipient.watch = undefined
    try {
      recipient.watch = this.#system.whenStopped(ref, () => {
        recipient.ref = recipient.watch = undefined
      })
      recipient.ref = ref
    } catch {
      // Nobody says when it ends: it is looked for each time.
    }
    return ref
  }

  #readAnswer(peer: Peer): void {
    const reader = this.#reader
    const slot = reader.varint()
    const generation = reader.varint()
    const answer = this.#asked(peer, slot, generation)
    this.#traffic.answersReceived++
    if (!this.#fits) {
      answer?.undelivered('not-serializable')
      return
    }
    const content = this.#readAnswerTo(answer, peer)
    // Its type is for whoever asked to say.
    if (answer !== undefined) (answer as AnswerRef<unknown>).tell(content)
    else {
      const path = `${peer.node.key}?${slot}.${generation}`
      this.#system.publishDeadLetter(path, content, 'late-answer')
    }
  }

  #readAnswerTo(answer: AnswerRef | undefined, peer: Peer): unknown {
    const { bytes, at, end } = this.#reader
    try {
      return this.#payloads.read(bytes, at, end, peer, undefined)
    } catch (error) {
      answer?.undelivered('not-serializable', error)
      throw error
    }
  }

  /** Members may answer in each other's place; a client that answers what it was not asked has guessed it. */
  #asked(peer: Peer, slot: number, generation: number): AnswerRef | undefined {
    const answer = this.#slots.find(slot, generation)
    if (answer === undefined || this.#slots.isAskedOf(slot, peer)) return answer
    return this.#isClient(peer.node) ? undefined : answer
  }

  #readUnanswered(peer: Peer): void {
    const reader = this.#reader
    const slot = reader.varint()
    const generation = reader.varint()
    const reason = reasonOf(reader.u8())
    reader.finish()
    this.#asked(peer, slot, generation)?.undelivered(reason)
  }

  #malformed(node: NodeIdentity, error: unknown): void {
    this.#traffic.malformed++
    this.#publish({
      type: 'malformed',
      node,
      error: error instanceof RemoteError ? error : RemoteError.malformed('A frame failed', error),
    })
  }
}

function tooManyParts(sizeBytes: number): RemoteError {
  return RemoteError.malformed(`A frame of several parts has ${sizeBytes} bytes`)
}

/** @throws RemoteError `CASTY_REMOTE_MALFORMED`, which whoever asks is told as well */
function unpackedFor(asker: RemoteAnswer | undefined, content: unknown): readonly unknown[] {
  try {
    return unpacked(content)
  } catch (error) {
    asker?.undelivered('not-serializable')
    throw error
  }
}
