import type { Clock } from '@casty/clock'
import type { Connection } from './connection.ts'
import type { DialBack } from './dial-back.ts'
import type { EndpointLimits } from './endpoint-types.ts'
import type { AcceptorsProof } from './handshake-proofs.ts'
import { wireVersions, type Prelude } from './wire.ts'

/** How many callers beyond the bound are told that there are too many; the rest is just closed. */
const busyAnswers = 16

/** One connection that waits for its handshake. */
export interface Pending {
  /** That it counts for: see `sourceGroup`. */
  readonly group: string
  readonly timer: Disposable
  prelude: Prelude
  /** Something was written to it: the prelude is there. */
  isAnswered: boolean
  /** It was challenged, and its proof is awaited. */
  proof?: AcceptorsProof
  /** All was said, and it is dialled back before it is believed. */
  dialBack?: DialBack
}

/** Connections whose handshake is not done, bounded in number, in total and per source, and in time. */
export class PendingHandshakes {
  readonly #clock: Clock
  readonly #limits: Required<EndpointLimits>
  readonly #expired: (connection: Connection) => void
  readonly #pending = new Map<Connection, Pending>()
  readonly #perGroup = new Map<string, number>()

  constructor(
    clock: Clock,
    limits: Required<EndpointLimits>,
    expired: (connection: Connection) => void,
  ) {
    this.#clock = clock
    this.#limits = limits
    this.#expired = expired
  }

  get size(): number {
    return this.#pending.size
  }

  all(): readonly Connection[] {
    return [...this.#pending.keys()]
  }

  find(connection: Connection): Pending | undefined {
    return this.#pending.get(connection)
  }

  /** Whether there is room for one more from there; in a `crowd` it is told that there is none, in a `crush` it is not. */
  crowd(group: string): 'room' | 'crowd' | 'crush' {
    const { maxPendingHandshakes, maxPendingHandshakesPerSource } = this.#limits
    const excess = Math.max(
      this.#pending.size - maxPendingHandshakes,
      (this.#perGroup.get(group) ?? 0) - maxPendingHandshakesPerSource,
    )
    if (excess < 0) return 'room'
    return excess < busyAnswers ? 'crowd' : 'crush'
  }

  add(connection: Connection, group: string): void {
    const { handshakeTimeoutMs } = this.#limits
    const timer = this.#clock.schedule(handshakeTimeoutMs, () => this.#expired(connection))
    const prelude = { minVersion: wireVersions.min, maxVersion: wireVersions.max }
    this.#pending.set(connection, { group, timer, prelude, isAnswered: false })
    this.#perGroup.set(group, (this.#perGroup.get(group) ?? 0) + 1)
  }

  /** It waits no more: its handshake is done, or its channel has let go. */
  settle(connection: Connection): void {
    const pending = this.#pending.get(connection)
    if (pending === undefined) return
    this.#pending.delete(connection)
    pending.timer[Symbol.dispose]()
    pending.dialBack?.cancel()
    const left = (this.#perGroup.get(pending.group) ?? 1) - 1
    if (left > 0) this.#perGroup.set(pending.group, left)
    else this.#perGroup.delete(pending.group)
  }
}
