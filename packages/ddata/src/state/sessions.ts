// Who called, and what they were answered: so that a call which comes again has no second effect, and gets the answer
// of the first one.
//
// Lee, Park, Kejriwal, Matsushita and Ousterhout, "Implementing linearizability at large scale and low latency", SOSP
// 2015, §3 (request ids, completion records, acknowledgements that let them go).
import { ByteReader, ByteWriter } from '@casty/transport'
import { inPieces } from './pieces.ts'

/** Calls of one session that may be without an answer, or have one that it may not have got. */
export const maxUnsettledCalls = 10_000
/** A session is 16 bytes, as letters of one byte each. */
export const sessionIdBytes = 16
/** Sessions of one user of the structures begin with these: the rest tells them apart. */
export const userIdBytes = 12

/** What a session, or an answer, takes when it is saved, besides the answer, at least. */
const aboutBytes = 4

function userOf(id: string): string {
  return id.slice(0, userIdBytes)
}

/** What a part remembers of one session. Mutable, and of its {@link Sessions} alone. */
export interface Session {
  readonly id: string
  /** All calls up to this one have an answer that the session knows of. */
  floor: number
  /** The last call that was begun. Each begins after the one before it. */
  begun: number
  /** Answers above the floor. */
  readonly answers: Map<number, Uint8Array>
  /** Answers of calls that were parked. The session says of each that it has it: the floor rises past those that wait. */
  readonly late: Map<number, Uint8Array>
  /** Calls that were begun, and have no answer yet. */
  readonly parked: Set<number>
  /** When it last made a call, by the clock of the part. */
  lastCallAt: number
}

/** How a call stands. */
export type CallStanding =
  /** It is the next one. */
  | { readonly type: 'next' }
  | { readonly type: 'answered'; readonly answer: Uint8Array }
  | { readonly type: 'parked' }
  /** The session has the answer, and it is forgotten here. */
  | { readonly type: 'settled' }
  /** Calls before it have not come yet. */
  | { readonly type: 'early' }

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  /** How many sessions each user has. */
  readonly #users = new Map<string, number>()
  #answerBytes = 0

  get size(): number {
    return this.#sessions.size
  }

  /** What they take when they are saved, at least. */
  get bytes(): number {
    return this.#sessions.size * aboutBytes + this.#answerBytes
  }

  /** How many have sessions. */
  get users(): number {
    return this.#users.size
  }

  /** Whether its user has a session, be it another one. */
  hasUserOf(id: string): boolean {
    return this.#users.has(userOf(id))
  }

  #add(session: Session): void {
    this.#sessions.set(session.id, session)
    this.#answerBytes += answerBytesOf(session)
    const user = userOf(session.id)
    this.#users.set(user, (this.#users.get(user) ?? 0) + 1)
  }

  values(): Iterable<Session> {
    return this.#sessions.values()
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  open(id: string): Session {
    const known = this.#sessions.get(id)
    if (known) return known
    const session: Session = {
      id,
      floor: 0,
      begun: 0,
      answers: new Map(),
      late: new Map(),
      parked: new Set(),
      lastCallAt: 0,
    }
    this.#add(session)
    return session
  }

  forget(id: string): void {
    const session = this.#sessions.get(id)
    if (!session) return
    this.#sessions.delete(id)
    this.#answerBytes -= answerBytesOf(session)
    const user = userOf(id)
    const left = (this.#users.get(user) ?? 1) - 1
    if (left > 0) this.#users.set(user, left)
    else this.#users.delete(user)
  }

  /** @param session - undefined: one that is not known yet */
  standing(session: Session | undefined, number: number): CallStanding {
    if (!session) return number === 1 ? { type: 'next' } : { type: 'early' }
    const answer = session.answers.get(number) ?? session.late.get(number)
    if (answer) return { type: 'answered', answer }
    if (session.parked.has(number)) return { type: 'parked' }
    if (number <= session.begun) return { type: 'settled' }
    return number === session.begun + 1 ? { type: 'next' } : { type: 'early' }
  }

  /** @param received - answers of parked calls that the session has */
  begin(
    session: Session,
    number: number,
    floor: number,
    received: readonly number[],
    now: number,
  ): void {
    session.begun = number
    session.lastCallAt = now
    for (const settled of received) this.#letGo(session.late, settled)
    this.raiseFloor(session, floor)
  }

  raiseFloor(session: Session, floor: number): void {
    const to = Math.min(floor, session.begun)
    for (let number = session.floor + 1; number <= to; number++) {
      this.#letGo(session.answers, number)
    }
    session.floor = Math.max(session.floor, to)
  }

  #letGo(answers: Map<number, Uint8Array>, number: number): void {
    const answer = answers.get(number)
    if (!answer) return
    answers.delete(number)
    this.#answerBytes -= bytesOf(answer)
  }

  answer(session: Session, number: number, answer: Uint8Array): void {
    this.#answerBytes += bytesOf(answer)
    if (session.parked.delete(number)) session.late.set(number, answer)
    else session.answers.set(number, answer)
  }

  park(session: Session, number: number): void {
    session.parked.add(number)
  }

  /** Written down at once, since they change. */
  save(pieceBytes: number): Iterable<Uint8Array> {
    return [...inPieces(this.#sessions.values(), pieceBytes, writeSession)]
  }

  restore(piece: ByteReader): void {
    while (piece.remaining > 0) this.#add(readSession(piece))
  }
}

function bytesOf(answer: Uint8Array): number {
  return answer.length + aboutBytes
}

function answerBytesOf({ answers, late }: Session): number {
  let sum = 0
  for (const answer of answers.values()) sum += bytesOf(answer)
  for (const answer of late.values()) sum += bytesOf(answer)
  return sum
}

function writeSession(out: ByteWriter, session: Session): void {
  writeSessionId(out, session.id)
  out.varint(session.floor).varint(session.begun).varint(session.lastCallAt)
  out.count(session.parked.size)
  for (const number of session.parked) out.varint(number)
  writeAnswers(out, session.answers)
  writeAnswers(out, session.late)
}

function writeAnswers(out: ByteWriter, answers: ReadonlyMap<number, Uint8Array>): void {
  out.count(answers.size)
  for (const [number, answer] of answers) out.varint(number).bytes(answer, answer.length)
}

function readSession(piece: ByteReader): Session {
  const id = readSessionId(piece)
  const [floor, begun, lastCallAt] = [piece.varint(), piece.varint(), piece.varint()]
  const parked = new Set<number>()
  for (let left = piece.count(1); left > 0; left--) parked.add(piece.varint())
  const answers = readAnswers(piece)
  return { id, floor, begun, lastCallAt, parked, answers, late: readAnswers(piece) }
}

function readAnswers(piece: ByteReader): Map<number, Uint8Array> {
  const answers = new Map<number, Uint8Array>()
  for (let left = piece.count(2); left > 0; left--) {
    answers.set(piece.varint(), piece.bytes(piece.remaining))
  }
  return answers
}

export function writeSessionId(out: ByteWriter, id: string): void {
  for (let at = 0; at < sessionIdBytes; at += 4) {
    const high = id.charCodeAt(at) * 0x100_0000 + (id.charCodeAt(at + 1) << 16)
    out.u32(high + (id.charCodeAt(at + 2) << 8) + id.charCodeAt(at + 3))
  }
}

export function readSessionId(from: ByteReader): string {
  for (let at = 0; at < sessionIdBytes; at++) letters[at] = from.u8()
  // oxlint-disable-next-line unicorn/prefer-spread -- A call with a list that is there copies nothing.
  return String.fromCharCode.apply(undefined, letters)
}

/** Used again and again: making one takes longer than the rest. */
const letters: number[] = Array.from({ length: sessionIdBytes }, () => 0)

/** What tells its user from all others: a user has one session for each part, and another one where it was forgotten. */
export function hexOfSession(from: ByteReader): string {
  const words = [from.u32(), from.u32(), from.u32()]
  from.u32()
  return words.map((word) => word.toString(16).padStart(8, '0')).join('')
}

const given = new ByteReader(new Uint8Array(0))

/** As letters of one byte each. */
export function sessionIdOf(bytes: Uint8Array): string {
  return readSessionId(given.open(bytes, 0, bytes.length))
}

export function sessionBytes(id: string): Uint8Array {
  const out = new ByteWriter(sessionIdBytes)
  writeSessionId(out, id)
  return out.finish()
}
