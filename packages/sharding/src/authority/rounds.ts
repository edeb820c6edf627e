// A coordinator's rounds: when each was sent, who answered which, and what right follows from that.
import type { NodeKey } from '@casty/transport'

/** Rounds whose time of sending is remembered. More than are sent in a lease: an older one gives no right. */
const remembered = 64

/**
 * The right of a coordinator follows from when it *sent* the rounds that were answered: each who
 * answered gave its promise later than that. Answers that come late, or in another order, are harmless.
 * Mutable, and of its owner alone.
 */
export class Rounds {
  readonly #sentAt = new Map<number, number>()
  /** When the latest round that a member answered was sent. */
  readonly #answered = new Map<NodeKey, number>()
  #round = 0

  /** The number of the last round; 0 before the first. */
  get current(): number {
    return this.#round
  }

  /** When the last round was sent: no right goes back to later than that. */
  get lastSentAt(): number {
    return this.#sentAt.get(this.#round) ?? Number.NEGATIVE_INFINITY
  }

  begin(now: number): number {
    this.#round++
    this.#sentAt.set(this.#round, now)
    this.#sentAt.delete(this.#round - remembered)
    return this.#round
  }

  /** All of it was so much longer ago than it seemed. */
  age(ms: number): void {
    for (const [round, sentAt] of this.#sentAt) this.#sentAt.set(round, sentAt - ms)
    for (const [member, sentAt] of this.#answered) this.#answered.set(member, sentAt - ms)
  }

  answered(member: NodeKey, round: number): void {
    const sentAt = this.#sentAt.get(round)
    if (sentAt === undefined || sentAt <= this.#sentOf(member)) return
    this.#answered.set(member, sentAt)
  }

  #sentOf(member: NodeKey): number {
    return this.#answered.get(member) ?? Number.NEGATIVE_INFINITY
  }

  hasAnswered(member: NodeKey): boolean {
    return this.#answered.has(member)
  }

  /**
   * The latest instant at or after which so many had a round sent to them that they answered, that they are
   * `enough`; -Infinity where they never were.
   *
   * @param counts - whose answers count
   */
  supportedSince(
    enough: (those: ReadonlySet<NodeKey>) => boolean,
    counts: (member: NodeKey) => boolean,
  ): number {
    const answers = [...this.#answered].filter(([member]) => counts(member))
    answers.sort(([, left], [, right]) => right - left)
    const those = new Set<NodeKey>()
    for (const [member, sentAt] of answers) {
      those.add(member)
      if (enough(those)) return sentAt
    }
    return Number.NEGATIVE_INFINITY
  }
}
