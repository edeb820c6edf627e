// What one replica is asked for by itself, one after the other: lists of what it has, copies in pieces, and whether it has got what was sent.
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import type { Patience } from './patience.ts'
import type { Piece } from './copy.ts'

export type Asked = Extract<ReplicaRequest, { readonly token: number }>
/** Answers of the same kind. */
export type Told = Extract<ReplicaAnswer, { readonly token: number }>

export interface UnderWay {
  readonly request: Asked
  /** Answers come behind those to all that was sent before. */
  readonly since: number
  /** When it was sent last. */
  readonly at: number
}

/** Mutable. One is under way at a time, asked for again until it is answered; answers to any other are late, and say nothing. */
export class RequestUnderWay {
  readonly #patience: Patience
  readonly #send: (request: Asked) => void
  #asked: UnderWay | undefined
  #token = 0

  constructor(patience: Patience, send: (request: Asked) => void) {
    this.#patience = patience
    this.#send = send
  }

  /** Of what is under way; undefined where nothing is. */
  get type(): Asked['type'] | undefined {
    return this.#asked?.request.type
  }

  /** Ids from behind `after` on. */
  list(after: string | undefined, now: number): void {
    this.#ask({ type: 'list', token: ++this.#token, after }, now)
  }

  pull(id: string, offset: number, now: number): void {
    this.#ask({ type: 'pull', token: ++this.#token, id, offset }, now)
  }

  /** … and not at once: when one would ask again. */
  pullLater(id: string, now: number): void {
    const request: Asked = { type: 'pull', token: ++this.#token, id, offset: 0 }
    this.#asked = { request, since: now, at: now }
  }

  push(piece: Piece, now: number): void {
    this.#ask({ type: 'push', token: ++this.#token, piece }, now)
  }

  /** An answer behind those to all that was sent before `since`. */
  check(since: number, now: number): void {
    this.#ask({ type: 'check', token: ++this.#token }, now, since)
  }

  #ask(request: Asked, now: number, since: number = now): void {
    this.#asked = { request, since, at: now }
    this.#send(request)
  }

  /** @returns what it answers, which is under way no more; undefined where it is late */
  answered({ token }: Told, now: number): UnderWay | undefined {
    const asked = this.#asked
    if (asked?.request.token !== token) return undefined
    this.#patience.answered(now - asked.since)
    this.#asked = undefined
    return asked
  }

  /** It is of no use any more. */
  drop(): void {
    this.#asked = undefined
  }

  /** When it is asked for again. */
  nextDeadline(): number {
    return (this.#asked?.at ?? Infinity) + this.#patience.ms
  }

  tick(now: number): void {
    if (!this.#asked || this.nextDeadline() > now) return
    const { request, since } = this.#asked
    this.#patience.ranOut()
    this.#asked = { request, since, at: now }
    this.#send(request)
  }
}
