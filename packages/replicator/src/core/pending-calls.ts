import type { CrdtType } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import type { ReplicatorMessage } from '../wire/messages.ts'

/** A call that waits for other nodes. */
export interface PendingCall {
  readonly id: number
  readonly key: string
  readonly type: CrdtType<AnyValue>
  /** How many nodes it takes, this one among them. */
  readonly needed: number
  readonly message: ReplicatorMessage
  /** Others that have answered. */
  readonly answered: Set<string>
  readonly asked: Set<string>
  readonly deadlineMs: number
  /** When everybody is asked; undefined once they were. */
  askAllAtMs: number | undefined
}

/** After this part of the timeout also those are asked who were not needed at first, and the others again. */
const askAllAfter = 0.2

/** Whom a call asks first: as few as it needs, of those in reach if there are enough, in turn. */
export function firstAsked(
  id: number,
  needed: number,
  nodes: readonly string[],
  isReachable: (node: string) => boolean,
): readonly string[] {
  const start = nodes.length === 0 ? 0 : id % nodes.length
  const turned = [...nodes.slice(start), ...nodes.slice(0, start)]
  const inReach = turned.filter((node) => isReachable(node))
  const outOfReach = turned.filter((node) => !isReachable(node))
  return [...inReach, ...outOfReach].slice(0, needed - 1)
}

export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>()

  get size(): number {
    return this.#calls.size
  }

  all(): readonly PendingCall[] {
    return [...this.#calls.values()]
  }

  get(id: number): PendingCall | undefined {
    return this.#calls.get(id)
  }

  add(
    call: Pick<PendingCall, 'id' | 'key' | 'type' | 'needed' | 'message'>,
    nowMs: number,
    timeoutMs: number,
  ): PendingCall {
    const pending: PendingCall = {
      ...call,
      answered: new Set(),
      asked: new Set(),
      deadlineMs: nowMs + timeoutMs,
      askAllAtMs: nowMs + timeoutMs * askAllAfter,
    }
    this.#calls.set(call.id, pending)
    return pending
  }

  delete(id: number): boolean {
    return this.#calls.delete(id)
  }

  /** When one of them has to be looked at; undefined while none waits. */
  nextDeadline(): number | undefined {
    let next: number | undefined
    for (const { deadlineMs, askAllAtMs } of this.#calls.values()) {
      const at = askAllAtMs ?? deadlineMs
      if (next === undefined || at < next) next = at
    }
    return next
  }
}
