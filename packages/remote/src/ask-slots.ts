// Questions that other nodes have not answered yet, by number: an answer finds its way home by a few bytes.
// A number is used again, so it goes with a generation that tells whose it was.
import type { AnswerHolder, AnswerRef, DeadLetterReason } from '@casty/actor'
import type { Peer } from './peer.ts'

/**
 * A busy slot is used again thousands of times a second, and an answer may come late by as many: with so many generations
 * none of them is taken for the answer to another question.
 */
export const generations: number = 2 ** 30

/** No slot is ever in that one. */
export const noGeneration: number = generations

export class AskSlots implements AnswerHolder {
  readonly #maxAsks: number
  readonly #firstGeneration: number
  readonly #answers: (AnswerRef | undefined)[] = []
  readonly #peers: (Peer | undefined)[] = []
  /** How many parts had been sent to its node before each. */
  readonly #parts: number[] = []
  readonly #generations: number[] = []
  readonly #free: number[] = []

  /** @param firstGeneration - so that what was asked before a restart is not taken for what is asked after it */
  constructor(maxAsks: number, firstGeneration: number) {
    this.#maxAsks = maxAsks
    this.#firstGeneration = firstGeneration
  }

  /** How many wait. */
  get size(): number {
    return this.#answers.length - this.#free.length
  }

  /** @returns the slot; undefined where there is none left */
  hold(answer: AnswerRef, peer: Peer): number | undefined {
    let slot = this.#free.pop()
    if (slot === undefined) {
      slot = this.#answers.length
      if (slot >= this.#maxAsks) return undefined
      this.#generations.push(this.#firstGeneration)
    }
    this.#answers[slot] = answer
    this.#peers[slot] = peer
    this.#parts[slot] = peer.partsSent
    peer.pendingAsks++
    answer.heldBy(this, slot)
    return slot
  }

  /** The same for an answer that may be held already, for whom it was sent to before. */
  holdFor(answer: AnswerRef, peer: Peer): number | undefined {
    const slot = this.slotOf(answer)
    if (slot === undefined) return this.hold(answer, peer)
    const before = this.#peers[slot]
    if (before !== undefined) before.pendingAsks--
    peer.pendingAsks++
    this.#peers[slot] = peer
    this.#parts[slot] = peer.partsSent
    return slot
  }

  /** The slot of an answer that is held already. */
  slotOf(answer: AnswerRef): number | undefined {
    return answer.slotAt(this)
  }

  generationOf(slot: number): number {
    return this.#generations[slot] ?? 0
  }

  find(slot: number, generation: number): AnswerRef | undefined {
    return this.#generations[slot] === generation ? this.#answers[slot] : undefined
  }

  /** Whether that node was asked, as far as this one knows: it may have had another one answer. */
  isAskedOf(slot: number, peer: Peer): boolean {
    return this.#peers[slot] === peer
  }

  answerOver(slot: number): void {
    const peer = this.#peers[slot]
    if (peer === undefined) return
    peer.pendingAsks--
    this.#answers[slot] = undefined
    this.#peers[slot] = undefined
    this.#generations[slot] = (this.generationOf(slot) + 1) % generations
    this.#free.push(slot)
  }

  /** None of that node will be answered; of those since so many parts were sent, where that is given. */
  fail(peer: Peer, reason: DeadLetterReason, sinceParts = 0): void {
    if (peer.pendingAsks === 0) return
    const failed = this.#answers.filter((answer, slot) => {
      if (answer === undefined || this.#peers[slot] !== peer) return false
      return (this.#parts[slot] ?? 0) >= sinceParts
    })
    for (const answer of failed) answer?.undelivered(reason)
  }

  failAll(reason: DeadLetterReason): void {
    for (const answer of this.#answers) answer?.undelivered(reason)
  }
}
