import type { NodeIdentity, NodeKey } from '@casty/transport'
import { fullSizeBytes } from './full-size-paths.ts'
import type { ClusterMessage } from './messages.ts'

interface Errand {
  readonly askedBy: NodeIdentity
  readonly subject: NodeIdentity
  readonly sequence: number
  readonly expiresAt: number
}

/**
 * Probes that one node runs for others at a time. Beyond it the answer is "not reached" at once, which
 * counts as one helper's word among three by default. Every node asks about the few peers it watches
 * (`monitoredBy`, 5 by default) and for a second each, so that 256 is reached only when some fifty
 * watchers lose all their peers at once, or somebody floods this node: then the bound keeps what it
 * sends on others' behalf, and what it remembers of it, small.
 */
const maxErrands = 256

/**
 * Runs probes for others: sends the subject a heartbeat, and tells whoever asked whether it came
 * back in time. Errands to one subject share its answer.
 */
export class ProbeRelay {
  readonly #send: (to: NodeIdentity, message: ClusterMessage) => void
  readonly #timeoutMs: number
  #errands: readonly Errand[] = []

  constructor(send: (to: NodeIdentity, message: ClusterMessage) => void, timeoutMs: number) {
    this.#send = send
    this.#timeoutMs = timeoutMs
  }

  ask(askedBy: NodeIdentity, subject: NodeIdentity, sequence: number, now: number): void {
    const errand: Errand = { askedBy, subject, sequence, expiresAt: now + this.#timeoutMs }
    if (this.#errands.length >= maxErrands) {
      this.#answer(errand, false)
      return
    }
    this.#errands = [...this.#errands, errand]
    this.#send(subject, { type: 'heartbeat', sequence: 0, paddingBytes: fullSizeBytes })
  }

  /** The subject answered a heartbeat of full size, whoever wanted to know. */
  heard(subject: NodeKey): void {
    this.#settle(({ subject: { key } }) => key === subject, true)
  }

  /** The subject's host refused a connection: no need to wait. */
  refused(subject: NodeKey): void {
    this.#settle(({ subject: { key } }) => key === subject, false)
  }

  expire(now: number): void {
    this.#settle(({ expiresAt }) => expiresAt <= now, false)
  }

  get nextDeadline(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#errands.map(({ expiresAt }) => expiresAt))
  }

  #settle(isSettled: (errand: Errand) => boolean, reached: boolean): void {
    if (this.#errands.length === 0) return
    const settled = this.#errands.filter(isSettled)
    if (settled.length === 0) return
    this.#errands = this.#errands.filter((errand) => !settled.includes(errand))
    for (const errand of settled) this.#answer(errand, reached)
  }

  #answer({ askedBy, subject, sequence }: Errand, reached: boolean): void {
    this.#send(askedBy, { type: 'probe-answer', subject, sequence, reached })
  }
}
