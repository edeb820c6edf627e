// What a client has changed or asked for, and no member has answered yet.
import { merge, type CrdtType } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import type { Call } from '../core/events.ts'
import { envelopeOf } from '../core/envelope.ts'
import type { ClientMessage } from './client-messages.ts'

export interface Unanswered {
  readonly id: number
  readonly key: string
  readonly type: CrdtType<AnyValue>
  readonly consistency: Call['consistency']
  readonly deadlineMs: number
  /** What was changed; undefined for a question. */
  readonly delta: AnyValue | undefined
  sentAtMs: number
  /** Its caller was told that nobody knows: a change is still to reach a member. */
  isOver: boolean
}

/** The least that a member is given for an answer, in milliseconds. */
const leastMs = 100

export class UnansweredCalls {
  /** In the order in which they were made. */
  readonly #calls = new Map<number, Unanswered>()

  get size(): number {
    return this.#calls.size
  }

  all(): readonly Unanswered[] {
    return [...this.#calls.values()]
  }

  get(id: number): Unanswered | undefined {
    return this.#calls.get(id)
  }

  add(
    { id, key, type, consistency, timeoutMs }: Call,
    delta: AnyValue | undefined,
    now: number,
  ): Unanswered {
    const call: Unanswered = {
      id,
      key,
      type,
      consistency,
      deadlineMs: now + timeoutMs,
      delta,
      sentAtMs: -Infinity,
      isOver: false,
    }
    this.#calls.set(id, call)
    return call
  }

  delete(id: number): void {
    this.#calls.delete(id)
  }

  /** When the next caller has waited for long enough. */
  get nextDeadline(): number {
    let next = Infinity
    for (const { isOver, deadlineMs } of this.#calls.values()) {
      if (!isOver) next = Math.min(next, deadlineMs)
    }
    return next
  }

  /** Nobody waits for it any more: what it changed joins what else is to reach a member of that key. */
  over(call: Unanswered): void {
    this.#calls.delete(call.id)
    if (call.delta === undefined) return
    let { delta } = call
    for (const other of this.all()) {
      if (!other.isOver || other.key !== call.key || other.delta === undefined) continue
      delta = merge(other.delta, delta)
      this.#calls.delete(other.id)
    }
    this.#calls.set(call.id, { ...call, delta, isOver: true })
  }

  /** What was changed of a key, and may not have reached a member. */
  deltasOf(key: string): readonly AnyValue[] {
    return this.all().flatMap((call) => (call.key === key && call.delta ? [call.delta] : []))
  }
}

/** What a member is told of it. */
export function requestOf(call: Unanswered, replica: string, nowMs: number): ClientMessage {
  const { id, key, type, delta, deadlineMs, isOver } = call
  const timeoutMs = Math.max(leastMs, Math.ceil(deadlineMs - nowMs))
  const consistency = isOver ? 'local' : call.consistency
  if (delta === undefined) {
    return { type: 'read', id, key, typeName: type.name, consistency, timeoutMs }
  }
  const state = { key, envelope: envelopeOf(delta) }
  return { type: 'change', id, replica, state, consistency, timeoutMs }
}
