// What a client has changed or asked for, and no member has answered yet.
import { merge, type CrdtType } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import type { Call } from '../core/events.ts'
import { envelopeOf } from '../core/envelope.ts'
import type { ClientMessage } from './client-messages.ts'

export interface Unanswered {
  /** Of the request that carries it, and nothing else: so an answer settles what was asked, and no more. */
  readonly id: number
  /** The call that waits for it; undefined once that was told that nobody knows: a change is still to reach a member. */
  readonly waiting: number | undefined
  readonly key: string
  readonly type: CrdtType<AnyValue>
  readonly consistency: Call['consistency']
  readonly deadlineMs: number
  /** What was changed; undefined for a question. */
  readonly delta: AnyValue | undefined
  sentAtMs: number
}

type Change = Unanswered & { readonly delta: AnyValue }

/** The least that a member is given for an answer, in milliseconds. */
const leastMs = 100

export class UnansweredCalls {
  /** By the ids of their requests, in the order in which they were made. */
  readonly #calls = new Map<number, Unanswered>()
  #lastId = 0

  get size(): number {
    return this.#calls.size
  }

  all(): readonly Unanswered[] {
    return [...this.#calls.values()]
  }

  get(id: number): Unanswered | undefined {
    return this.#calls.get(id)
  }

  ofCall(waiting: number): Unanswered | undefined {
    return this.all().find((call) => call.waiting === waiting)
  }

  add(
    { id: waiting, key, type, consistency, timeoutMs }: Call,
    delta: AnyValue | undefined,
    now: number,
  ): Unanswered {
    const call: Unanswered = {
      id: ++this.#lastId,
      waiting,
      key,
      type,
      consistency,
      deadlineMs: now + timeoutMs,
      delta,
      sentAtMs: -Infinity,
    }
    this.#calls.set(call.id, call)
    return call
  }

  delete(id: number): void {
    this.#calls.delete(id)
  }

  /** When the next caller has waited for long enough. */
  get nextDeadline(): number {
    let next = Infinity
    for (const { waiting, deadlineMs } of this.#calls.values()) {
      if (waiting !== undefined) next = Math.min(next, deadlineMs)
    }
    return next
  }

  /**
   * Nobody waits for it any more: what it changed joins what else is to reach a member of that key, in one request. That
   * has an id of its own, since answers to the requests before it are about a part of it.
   */
  over(call: Unanswered): void {
    this.#calls.delete(call.id)
    if (call.delta === undefined) return
    const before = this.#changesOf(call.key).find(({ waiting }) => waiting === undefined)
    if (before) this.#calls.delete(before.id)
    const joined = before && { id: ++this.#lastId, delta: merge(before.delta, call.delta) }
    const left = { ...call, ...joined, waiting: undefined }
    this.#calls.set(left.id, left)
  }

  /** What was changed of a key, and may not have reached a member. */
  deltasOf(key: string): readonly AnyValue[] {
    return this.#changesOf(key).map(({ delta }) => delta)
  }

  /** Of what type a key is that something waits for, whether it is held or was let go of. */
  typeOf(key: string): CrdtType<AnyValue> | undefined {
    return this.all().find((call) => call.key === key)?.type
  }

  #changesOf(key: string): readonly Change[] {
    return this.all().filter((call): call is Change => call.key === key && call.delta !== undefined)
  }
}

/** What a member is told of it. */
export function requestOf(call: Unanswered, replica: string, nowMs: number): ClientMessage {
  const { id, waiting, key, type, delta, deadlineMs } = call
  const timeoutMs = Math.max(leastMs, Math.ceil(deadlineMs - nowMs))
  const consistency = waiting === undefined ? 'local' : call.consistency
  if (delta === undefined) {
    return { type: 'read', id, key, typeName: type.name, consistency, timeoutMs }
  }
  const state = { key, envelope: envelopeOf(delta) }
  return { type: 'change', id, replica, state, consistency, timeoutMs }
}
