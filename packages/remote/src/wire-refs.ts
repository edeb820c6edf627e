// Refs inside of messages, as bytes and as text. A ref says whose node it belongs to: the sender's or the
// receiver's, which both know, or another's, which is spelt out.
import { AnswerRef, type ActorRef } from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'
import { noGeneration, type AskSlots } from './ask-slots.ts'
import { RemoteError } from './errors.ts'
import type { Exports } from './exports.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { GoneRef } from './gone-ref.ts'
import type { Peer } from './peer.ts'
import { maxRefTextBytes, type RefKind, type RefKinds, type Usable } from './ref-kinds.ts'
import { kindNameOf, nodeOf, wholeOf } from './ref-text.ts'
import { LinkClasses, type ClassWords } from './link-classes.ts'
import { RemoteAnswer } from './remote-answer.ts'
import { RemoteRef } from './remote-ref.ts'
import type { ClassCodec, RefCodec } from './serializer.ts'

const kinds = {
  /** Whoever asks by the very message that it is in. */
  asker: 0,
  actor: 1,
  answer: 2,
  adopted: 3,
} as const

/** Whose node a ref belongs to. */
const owners = { sender: 0, receiver: 1, other: 2 } as const

/** Where a ref leads. */
export interface Place {
  readonly node: NodeIdentity
  readonly uid: number
  readonly path: string
}

interface AnswerPlace {
  readonly node: NodeIdentity
  readonly slot: number
  readonly generation: number
}

/** What makes refs of where they lead. */
export interface RefSource extends ClassWords {
  readonly self: NodeIdentity
  actorAt(place: Place): ActorRef<never>
  answerAt(place: AnswerPlace, from: Peer | undefined): ActorRef<never>
  /** Whether that node may send a ref that leads there. */
  mayName(from: NodeIdentity, place: Place): boolean
  mayUse(from: NodeIdentity, usable: Usable): boolean
  /** A ref that leads nowhere. */
  nobodyAt(path: string): ActorRef<never>
}

export class WireRefs implements RefCodec {
  /** Whom the message that is written is for, or who sent the one that is read. */
  peer: Peer | undefined
  /** The answer that the message which is written asks for. */
  question: AnswerRef | undefined
  /** Who asks by the message that is read. */
  asker: ActorRef<never> | undefined
  /** For whom the message that is read was written, where that is not this node. */
  receiver: NodeIdentity | undefined
  readonly classes: ClassCodec
  readonly #exports: Exports
  readonly #slots: AskSlots
  readonly #kinds: RefKinds
  readonly #source: RefSource
  readonly #writer = new FrameWriter()
  readonly #reader = new FrameReader()
  readonly #askerBytes = Uint8Array.of(kinds.asker)

  constructor(exports: Exports, slots: AskSlots, refKinds: RefKinds, source: RefSource) {
    this.#exports = exports
    this.#slots = slots
    this.#kinds = refKinds
    this.#source = source
    this.classes = new LinkClasses(this, source)
  }

  get self(): NodeIdentity {
    return this.#source.self
  }

  /** Where an answer goes that was asked for here; whoever asked may wait no more. */
  answerHere(slot: number, generation: number): ActorRef<never> {
    return this.#source.answerAt({ node: this.self, slot, generation }, undefined)
  }

  isRef(value: object): boolean {
    if (value === this.question) return true
    if (value instanceof RemoteRef || value instanceof AnswerRef) return true
    return 'tell' in value && typeof value.tell === 'function' && 'path' in value
  }

  toBytes(ref: ActorRef<never>): Uint8Array {
    if (ref === this.question) return this.#askerBytes
    const writer = this.#writer
    writer.begin()
    const answer = this.#answerPlaceOf(ref)
    if (answer !== undefined) this.#writeAnswer(answer)
    else this.#writeOther(ref)
    return writer.finish()
  }

  #writeAnswer({ node, slot, generation }: AnswerPlace): void {
    this.#writer.u8(kinds.answer)
    this.#writeNode(node)
    this.#writer.varint(slot)
    this.#writer.varint(generation)
  }

  #writeOther(ref: ActorRef<never>): void {
    const writer = this.#writer
    const place = this.#placeOf(ref)
    const kind = place === undefined ? this.#kinds.kindOf(ref) : undefined
    if (kind !== undefined) {
      writer.u8(kinds.adopted)
      writer.text(kind.name)
      writer.text(dataOf(kind, ref))
      return
    }
    const { node, uid, path } = place ?? this.#exported(ref)
    writer.u8(kinds.actor)
    this.#writeNode(node)
    writer.varint(uid)
    writer.text(path)
  }

  #writeNode(node: NodeIdentity): void {
    const writer = this.#writer
    if (node.equals(this.#source.self)) writer.u8(owners.sender)
    else if (this.peer?.node.equals(node) === true) writer.u8(owners.receiver)
    else {
      writer.u8(owners.other)
      writer.text(node.key)
    }
  }

  fromBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): ActorRef<never> {
    const reader = this.#reader
    reader.begin(bytes, start, end)
    const ref = this.#read(reader)
    reader.finish()
    return ref
  }

  #read(reader: FrameReader): ActorRef<never> {
    const kind = reader.u8()
    switch (kind) {
      case kinds.asker:
        if (this.asker) return this.asker
        throw RemoteError.malformed('A message that asks nothing holds a ref to whoever asks')
      case kinds.actor: {
        const node = this.#readNode(reader)
        const uid = reader.varint()
        return this.#actorAt({ node, uid, path: reader.text(maxRefTextBytes) })
      }
      case kinds.answer: {
        const node = this.#readNode(reader)
        const slot = reader.varint()
        return this.#source.answerAt({ node, slot, generation: reader.varint() }, this.peer)
      }
      case kinds.adopted: {
        const name = reader.text(maxRefTextBytes)
        return this.#adopted(name, reader.text(maxRefTextBytes))
      }
      default:
        throw RemoteError.malformed(`A ref is of kind ${kind}, which is not known`)
    }
  }

  #readNode(reader: FrameReader): NodeIdentity {
    const owner = reader.u8()
    if (owner === owners.other) return nodeOf(reader.text(maxRefTextBytes))
    if (owner === owners.receiver) return this.receiver ?? this.#source.self
    if (owner === owners.sender && this.peer) return this.peer.node
    throw RemoteError.malformed('A ref does not tell its node')
  }

  /** `host:port#incarnation!uid/path`, `host:port#incarnation?slot.generation`, `*kind data`, or `?`. */
  toText(ref: ActorRef<never>): string {
    if (ref === this.question) return '?'
    const answer = this.#answerPlaceOf(ref)
    if (answer !== undefined) return `${answer.node.key}?${answer.slot}.${answer.generation}`
    const place = this.#placeOf(ref)
    const kind = place === undefined ? this.#kinds.kindOf(ref) : undefined
    if (kind !== undefined) return `*${encodeURIComponent(kind.name)} ${dataOf(kind, ref)}`
    const { node, uid, path } = place ?? this.#exported(ref)
    return `${node.key}!${uid}${path}`
  }

  fromText(text: string): ActorRef<never> {
    if (text.length > 2 * maxRefTextBytes) throw RemoteError.malformed('A ref is too long')
    if (text === '?') {
      if (this.asker) return this.asker
      throw RemoteError.malformed('A message that asks nothing holds a ref to whoever asks')
    }
    const adopted = /^\*([^ ]+) (.*)$/s.exec(text)
    if (adopted) return this.#adopted(kindNameOf(adopted[1] ?? ''), adopted[2] ?? '')
    const actor = /^([^!?]+)!(\d{1,16})(\D.*)?$/s.exec(text)
    if (actor) {
      const [, key = '', uid, path = ''] = actor
      return this.#actorAt({ node: nodeOf(key), uid: wholeOf(uid), path })
    }
    const answer = /^([^!?]+)\?(\d{1,16})\.(\d{1,16})$/.exec(text)
    if (!answer) throw RemoteError.malformed('A ref cannot be read')
    const [, key = '', slot, generation] = answer
    const place = { slot: wholeOf(slot), generation: wholeOf(generation) }
    return this.#source.answerAt({ node: nodeOf(key), ...place }, this.peer)
  }

  /** What whoever sent it may not use itself, nobody here is to use in its place. */
  #actorAt(place: Place): ActorRef<never> {
    const source = this.#source
    const isMeant = this.peer === undefined || source.mayName(this.peer.node, place)
    return isMeant ? source.actorAt(place) : source.nobodyAt(place.path)
  }

  #adopted(name: string, data: string): ActorRef<never> {
    const [ref, usable] = this.#kinds.read(name, data)
    if (this.peer === undefined || usable === undefined) return ref
    return this.#source.mayUse(this.peer.node, usable) ? ref : this.#source.nobodyAt(ref.path)
  }

  #answerPlaceOf(ref: ActorRef<never>): AnswerPlace | undefined {
    if (ref instanceof RemoteAnswer) {
      return { node: ref.peer.node, slot: ref.slot, generation: ref.generation }
    }
    if (!(ref instanceof AnswerRef)) return undefined
    if (ref.isOver) return { node: this.#source.self, slot: 0, generation: noGeneration }
    const slot = this.#slots.slotOf(ref) ?? this.#held(ref)
    return { node: this.#source.self, slot, generation: this.#slots.generationOf(slot) }
  }

  /** An answer that somebody else is to give than the one who was asked. */
  #held(answer: AnswerRef): number {
    const slot = this.peer && this.#slots.hold(answer, this.peer)
    if (slot !== undefined) return slot
    const todo = 'Too many questions wait for answers; raise maxAsks, or ask less at once.'
    throw RemoteError.notSerializable(answer.path, 'a ref for one answer', todo)
  }

  #placeOf(ref: ActorRef<never>): Place | undefined {
    if (ref instanceof RemoteRef) {
      return { node: ref.peer.node, uid: ref.uid, path: ref.localPath }
    }
    return ref instanceof GoneRef ? ref : undefined
  }

  #exported(ref: ActorRef<never>): Place {
    const { path } = ref
    if (path.length * 3 > maxRefTextBytes) {
      const todo = `Paths may have ${Math.floor(maxRefTextBytes / 3)} characters.`
      throw RemoteError.notSerializable(path.slice(0, 100), 'a ref with a long path', todo)
    }
    return { node: this.#source.self, uid: this.#exports.uidOf(ref), path }
  }
}

/** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` */
function dataOf(kind: RefKind, ref: ActorRef<never>): string {
  const data = kind.toData(ref)
  if (typeof data === 'string' && data.length * 3 <= maxRefTextBytes) return data
  const todo = `Its toData() may give a text of ${Math.floor(maxRefTextBytes / 3)} characters.`
  throw RemoteError.notSerializable(ref.path.slice(0, 100), `a ref of the kind ${kind.name}`, todo)
}
