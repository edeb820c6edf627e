// Calls that take the answers of other nodes: who is asked, and when one has what it needs, or never will.
import type { AnyValue } from '../any-value.ts'
import { ReplicatorError } from '../errors.ts'
import type { ReplicatorMessage } from '../wire/messages.ts'
import type { Effects } from './effects.ts'
import type { Call, CallOutcome } from './events.ts'
import type { Others } from './others.ts'
import { firstAsked, PendingCalls, type PendingCall } from './pending-calls.ts'
import type { Tally } from './tally.ts'

export interface CallsParts {
  readonly maxPending: number
  readonly others: Others
  readonly effects: Effects
  readonly tally: Tally
  /** What this node has of the key of a call. */
  valueOf(call: Pick<Call, 'key' | 'type'>): AnyValue
}

export class CallsToNodes {
  readonly #calls = new PendingCalls()
  readonly #parts: CallsParts

  constructor(parts: CallsParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#calls.size
  }

  /** When time has to pass for one of them. */
  get nextDeadline(): number {
    return this.#calls.nextDeadline() ?? Infinity
  }

  /**
   * @param needed - how many nodes it takes, this one among them
   * @throws ReplicatorError `CASTY_REPLICATOR_BUSY`
   */
  admit(needed: number): void {
    const { maxPending } = this.#parts
    if (needed > 1 && this.#calls.size >= maxPending) throw ReplicatorError.busy(maxPending)
  }

  /** @param message - what others are asked with */
  begin(call: Call, needed: number, message: ReplicatorMessage, nowMs: number): void {
    const { id, key, type, timeoutMs } = call
    const { others } = this.#parts
    const pending = this.#calls.add({ id, key, type, needed, message }, nowMs, timeoutMs)
    if (this.#settle(pending)) return
    const isReachable = (node: string): boolean => others.isReachable(node)
    for (const node of firstAsked(id, needed, others.nodes, isReachable)) this.#ask(pending, node)
  }

  #ask(call: PendingCall, node: string): void {
    call.asked.add(node)
    this.#parts.effects.send(node, call.message)
  }

  answered(id: number, from: string): void {
    const call = this.#calls.get(id)
    if (!call?.asked.has(from)) return
    call.answered.add(from)
    this.#settle(call)
  }

  /** Other nodes are there, or fewer. */
  nodesChanged(): void {
    for (const call of this.#calls.all()) this.#settle(call)
  }

  timePassed(nowMs: number): void {
    for (const call of this.#calls.all()) {
      if (call.deadlineMs <= nowMs) this.#giveUp(call)
      else if (call.askAllAtMs !== undefined && call.askAllAtMs <= nowMs) this.#askAll(call)
    }
  }

  #askAll(call: PendingCall): void {
    call.askAllAtMs = undefined
    for (const node of this.#parts.others.nodes) {
      if (!call.answered.has(node)) this.#ask(call, node)
    }
  }

  /** Ends a call that has what it needs, or never will. */
  #settle(call: PendingCall): boolean {
    const { others } = this.#parts
    const answered = others.nodes.filter((node) => call.answered.has(node)).length + 1
    if (answered >= call.needed) {
      this.#end(call, { type: 'confirmed', value: this.#parts.valueOf(call), nodes: answered })
      return true
    }
    if (call.needed <= others.count) return false
    this.#giveUp(call)
    return true
  }

  #giveUp(call: PendingCall): void {
    const { needed } = call
    const nodes = call.answered.size + 1
    this.#end(call, { type: 'unconfirmed', value: this.#parts.valueOf(call), nodes, needed })
  }

  #end(call: PendingCall, outcome: CallOutcome): void {
    if (!this.#calls.delete(call.id)) return
    if (outcome.type === 'unconfirmed') this.#parts.tally.unconfirmed++
    this.#parts.effects.add({ type: 'answer', id: call.id, key: call.key, outcome })
  }

  /** Nobody waits for it any more. */
  abandon(id: number): void {
    this.#calls.delete(id)
  }
}
