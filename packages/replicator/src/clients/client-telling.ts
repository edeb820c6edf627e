// Tells clients what changed, together where much does within a moment.
import type { Clock } from '@casty/clock'
import { merge } from '@casty/crdt'
import type { NodeIdentity } from '@casty/membership'
import type { AnyValue } from '../any-value.ts'
import type { Envelope } from '../core/envelope.ts'
import type { KeyState } from '../wire/messages.ts'
import type { ClientMessage } from './client-messages.ts'

export interface ClientTellingParts {
  readonly clock: Clock
  readonly send: (to: NodeIdentity, message: ClientMessage) => void
  /** Who holds that key. */
  readonly watching: (key: string) => readonly NodeIdentity[]
}

/** Changes are told together that come within so long, in milliseconds. */
const gatherMs = 20

export class ClientTelling implements Disposable {
  readonly #parts: ClientTellingParts
  readonly #untold = new Map<string, Envelope<AnyValue>>()
  #timer: Disposable | undefined

  constructor(parts: ClientTellingParts) {
    this.#parts = parts
  }

  changed(key: string, change: Envelope<AnyValue>): void {
    const before = this.#untold.get(key)
    const isSameType = before?.value.type.name === change.value.type.name
    const value = before && isSameType ? merge(before.value, change.value) : change.value
    this.#untold.set(key, { value, pruning: change.pruning })
    this.#timer ??= this.#parts.clock.schedule(gatherMs, () => this.#tell())
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#untold.clear()
  }

  #tell(): void {
    this.#timer = undefined
    const byClient = new Map<NodeIdentity, KeyState[]>()
    for (const [key, envelope] of this.#untold) {
      for (const node of this.#parts.watching(key)) {
        const states = byClient.get(node) ?? []
        byClient.set(node, states)
        states.push({ key, envelope })
      }
    }
    this.#untold.clear()
    for (const [node, states] of byClient) {
      this.#parts.send(node, { type: 'told', isWhole: false, states, absent: [] })
    }
  }
}
