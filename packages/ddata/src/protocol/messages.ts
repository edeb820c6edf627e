// What a session and a part of the structures say to each other. Both sides gather what they have to say in a turn of
// the event loop, and send it as one message: a session to all parts of a node, and all parts of a node to a session.
//
//   request   whom to answer, and for each part: session, form, flags, floor, entries
//     call      1  number, answers received, [key], the call itself
//     read      2  number (of its own), after which call, whether strictly, the call itself
//     renew     3  timers
//     watch     4  number, name, one more than how many changes were seen (0: none were)
//     unwatch   5  number
//     close     6  nothing: the session ends
//   replies   of one node: to which session, and a reply, one behind the other
//   reply     form, epoch, entries
//     answer    1  number, answer
//     read      2  number, answer
//     parked    3  number: it waits for its turn
//     gap       4  the number that is expected next
//     unknown   5  nothing: the session is not known
//     lost      6  timers that do not run
//     notice    7  bytes
//     change    8  number of the watch, how many it was told, how many there were in the part, bytes
//     renewed   9  number of the renewal
//     failed   10  number (of a read or call), why: it was not carried out
//     offered  11  number: it may have what it waits for, if it says that it is there; told before that is written
import type { ActorRef } from '@casty/actor'
import type { Share } from '@casty/sharding'
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../errors.ts'
import { readCall, writeCall } from '../state/command.ts'
import { sessionIdBytes } from '../state/sessions.ts'
import { shortLived } from '../values/short-lived.ts'

/** What is sent to a part: whom it is to answer, which goes for all parts, and a request. */
export type PartRequest = Share<ActorRef<PartReplies>>

/** What it says to that. */
export interface PartReply {
  /** To whom: each lane of a process, to each part, is one, and another one where it was forgotten. */
  readonly session: Uint8Array
  readonly body: Uint8Array
}

/** What is sent back: what the parts of one node have to say to one process, as bytes. */
export type PartReplies = Uint8Array

export function writePartReply(out: ByteWriter, { session, body }: PartReply): void {
  out.bytes(session, session.length).bytes(body, body.length)
}

/**
 * One after the other: what cannot be read keeps none from those before it. What is in them shares the bytes. @throws
 * DDataError, TransportError `…_MALFORMED`
 */
export function* readPartReplies(replies: PartReplies): Iterable<PartReply> {
  const from = new ByteReader(replies)
  while (from.remaining > 0) {
    const session = readSession(from)
    yield { session, body: from.view(from.remaining) }
  }
}

/** @throws DDataError, TransportError `…_MALFORMED` */
function readSession(from: ByteReader): Uint8Array {
  const session = from.view(sessionIdBytes)
  if (session.length === sessionIdBytes) return session
  throw DDataError.malformed('A request or reply is of no session')
}

const form = 1
/** Whatever is written is taken out of it at once. */
const message = new ByteWriter(1_024)

export type RequestEntry =
  | {
      readonly type: 'call'
      readonly number: number
      /** Calls that were parked, and whose answers it has. */
      readonly received: readonly number[]
      readonly key: string | undefined
      readonly call: Uint8Array
    }
  | {
      readonly type: 'read'
      readonly number: number
      /** It sees the effect of that call, and of those before it. */
      readonly after: number
      /** Whoever answers makes sure that it still may. */
      readonly isStrict: boolean
      readonly call: Uint8Array
    }
  | { readonly type: 'renew'; readonly number: number; readonly timers: readonly number[] }
  | {
      readonly type: 'watch'
      readonly number: number
      readonly name: string
      /** How many changes there were in the part, as far as the watcher was told. */
      readonly seen: number | undefined
    }
  | { readonly type: 'unwatch'; readonly number: number }
  | { readonly type: 'close' }

export interface RequestHead {
  readonly session: Uint8Array
  /** Whether the session has ever been answered by this part: then it must be known. */
  readonly isKnown: boolean
  /** All calls up to this one are settled. */
  readonly floor: number
}

const requestTypes = ['call', 'read', 'renew', 'watch', 'unwatch', 'close'] as const

export class RequestWriter {
  readonly #out = new ByteWriter(512)
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get bytes(): number {
    return this.#out.length
  }

  add(entry: RequestEntry): void {
    const out = this.#out
    this.#count += 1
    out.u8(requestTypes.indexOf(entry.type) + 1)
    switch (entry.type) {
      case 'call':
        out.varint(entry.number)
        writeCall(out, entry)
        return
      case 'read':
        out.varint(entry.number).varint(entry.after).bool(entry.isStrict)
        out.bytes(entry.call, entry.call.length)
        return
      case 'renew':
        out.varint(entry.number).count(entry.timers.length)
        for (const timer of entry.timers) out.varint(timer)
        return
      case 'watch':
        out.varint(entry.number).string(entry.name, 1_024)
        out.varint(entry.seen === undefined ? 0 : entry.seen + 1)
        return
      case 'unwatch':
        out.varint(entry.number)
        return
      case 'close':
    }
  }

  /** What was gathered, behind its head; the writer is empty then. */
  take({ session, isKnown, floor }: RequestHead): Uint8Array {
    const head = message.reset().bytes(session, sessionIdBytes)
    head.u8(form).bool(isKnown).varint(floor)
    const request = shortLived(head, this.#out)
    this.#out.reset()
    this.#count = 0
    return request
  }
}

export interface Request extends RequestHead {
  readonly entries: readonly RequestEntry[]
}

/** What is in it shares the bytes. @throws DDataError, TransportError `…_MALFORMED` */
export function readRequest(bytes: Uint8Array): Request {
  const from = new ByteReader(bytes)
  const session = readSession(from)
  checkForm(from.u8())
  const isKnown = from.bool()
  const floor = from.varint()
  const entries: RequestEntry[] = []
  while (from.remaining > 0) entries.push(readRequestEntry(from))
  return { session, isKnown, floor, entries }
}

function readRequestEntry(from: ByteReader): RequestEntry {
  const type = requestTypes[from.u8() - 1]
  if (type === undefined) {
    throw DDataError.malformed('A request holds an entry that this version does not know')
  }
  switch (type) {
    case 'call':
      return { type, number: from.varint(), ...readCall(from) }
    case 'read': {
      const [number, after, isStrict] = [from.varint(), from.varint(), from.bool()]
      return { type, number, after, isStrict, call: from.view(from.remaining) }
    }
    case 'renew': {
      const number = from.varint()
      const timers: number[] = []
      for (let left = from.count(1); left > 0; left--) timers.push(from.varint())
      return { type, number, timers }
    }
    case 'watch': {
      const [number, name, seen] = [from.varint(), from.string(1_024), from.varint()]
      return { type, number, name, seen: seen === 0 ? undefined : seen - 1 }
    }
    case 'unwatch':
      return { type, number: from.varint() }
    case 'close':
      return { type }
  }
}

export type ReplyEntry =
  | { readonly type: 'answer'; readonly number: number; readonly answer: Uint8Array }
  | { readonly type: 'read'; readonly number: number; readonly answer: Uint8Array }
  | { readonly type: 'parked'; readonly number: number }
  | { readonly type: 'gap'; readonly expected: number }
  | { readonly type: 'unknown' }
  | { readonly type: 'lost'; readonly timers: readonly number[] }
  | { readonly type: 'notice'; readonly notice: Uint8Array }
  | {
      readonly type: 'change'
      readonly watch: number
      /** How many were told to this watch by this owner of the part, this one included. */
      readonly count: number
      /** How many there ever were in the part, whoever owned it. */
      readonly changes: number
      readonly event: Uint8Array
    }
  | { readonly type: 'renewed'; readonly number: number }
  | { readonly type: 'failed'; readonly why: string }
  /** Nothing follows from it: whether that is so shows when it is taken, which is answered as calls are. */
  | { readonly type: 'offered'; readonly number: number }

const replyTypes = [
  'answer',
  'read',
  'parked',
  'gap',
  'unknown',
  'lost',
  'notice',
  'change',
  'renewed',
  'failed',
  'offered',
] as const

const maxWhyBytes = 1_000

export class ReplyWriter {
  readonly #out = new ByteWriter(512)
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get bytes(): number {
    return this.#out.length
  }

  add(entry: ReplyEntry): void {
    const out = this.#out
    this.#count += 1
    out.u8(replyTypes.indexOf(entry.type) + 1)
    switch (entry.type) {
      case 'answer':
      case 'read':
        out.varint(entry.number).bytes(entry.answer, entry.answer.length)
        return
      case 'parked':
      case 'renewed':
      case 'offered':
        out.varint(entry.number)
        return
      case 'gap':
        out.varint(entry.expected)
        return
      case 'lost':
        out.count(entry.timers.length)
        for (const timer of entry.timers) out.varint(timer)
        return
      case 'notice':
        out.bytes(entry.notice, entry.notice.length)
        return
      case 'change':
        out.varint(entry.watch).varint(entry.count).varint(entry.changes)
        out.bytes(entry.event, entry.event.length)
        return
      case 'failed':
        out.string(entry.why.slice(0, 300), maxWhyBytes)
        return
      case 'unknown':
    }
  }

  take(epoch: number): Uint8Array {
    const reply = shortLived(message.reset().u8(form).varint(epoch), this.#out)
    this.#out.reset()
    this.#count = 0
    return reply
  }
}

export interface Reply {
  readonly epoch: number
  readonly entries: readonly ReplyEntry[]
}

/** What is in it shares the bytes. @throws DDataError, TransportError `…_MALFORMED` */
export function readReply(bytes: Uint8Array): Reply {
  const from = new ByteReader(bytes)
  checkForm(from.u8())
  const epoch = from.varint()
  const entries: ReplyEntry[] = []
  while (from.remaining > 0) entries.push(readReplyEntry(from))
  return { epoch, entries }
}

function readReplyEntry(from: ByteReader): ReplyEntry {
  const type = replyTypes[from.u8() - 1]
  if (type === undefined) {
    throw DDataError.malformed('A reply holds an entry that this version does not know')
  }
  switch (type) {
    case 'answer':
    case 'read':
      return { type, number: from.varint(), answer: from.view(from.remaining) }
    case 'parked':
    case 'renewed':
    case 'offered':
      return { type, number: from.varint() }
    case 'gap':
      return { type, expected: from.varint() }
    case 'unknown':
      return { type }
    case 'lost': {
      const timers: number[] = []
      for (let left = from.count(1); left > 0; left--) timers.push(from.varint())
      return { type, timers }
    }
    case 'notice':
      return { type, notice: from.bytes(from.remaining) }
    case 'change': {
      const [watch, count, changes] = [from.varint(), from.varint(), from.varint()]
      return { type, watch, count, changes, event: from.bytes(from.remaining) }
    }
    case 'failed':
      return { type, why: from.string(maxWhyBytes) }
  }
}

function checkForm(found: number): void {
  if (found === form) return
  throw DDataError.malformed(`A message has form ${found}, and this version knows form ${form}`)
}
