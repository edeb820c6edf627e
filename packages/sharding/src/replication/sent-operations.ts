// Operations on their way to one replica. What goes there comes in order, and so do the answers: what is not acknowledged when
// something is answered that was sent after it is lost. What is not acknowledged for long is only late.
import { compareCopies, noCopy, type CopyVersion } from './copy-version.ts'
import type { ListedCopy, ReplicatedEntry } from './messages.ts'
import type { Patience } from './patience.ts'

/** While a replica acknowledges others, an operation is waited for so many times as long. */
const timesWhileHeard = 4

/** Mutable. An operation is sent only to a copy that is, once all before it has arrived, where the operation belongs. */
export class SentOperations {
  readonly #patience: Patience
  /** What the replica keeps, as far as it told. */
  readonly #acknowledged = new Map<string, CopyVersion>()
  /** What it has once all that was sent has arrived. */
  readonly #sent = new Map<string, CopyVersion>()
  /** Ids with operations that are not acknowledged, by since when nothing was, the oldest first. */
  readonly #open = new Map<string, number>()
  /** What it is to have acknowledged before those go that confirmed it in its place. */
  readonly #owed = new Map<string, CopyVersion>()
  /** When something was acknowledged last. */
  #heardAt = Number.NEGATIVE_INFINITY
  #outbox: ReplicatedEntry[] = []
  /** When the first of them came: they leave at the end of the turn, behind whatever is sent at once. */
  #outboxSince = 0

  constructor(patience: Patience) {
    this.#patience = patience
  }

  has(id: string, version: CopyVersion): boolean {
    return compareCopies(this.#acknowledged.get(id) ?? noCopy, version) >= 0
  }

  /** Of how many ids it keeps copies, as far as it told. */
  get keeps(): number {
    return this.#acknowledged.size
  }

  /** How far the copy there goes, as far as it told. */
  acknowledgedOf(id: string): CopyVersion {
    return this.#acknowledged.get(id) ?? noCopy
  }

  /** … and once all that was sent has arrived. */
  sentOf(id: string): CopyVersion {
    return this.#sent.get(id) ?? noCopy
  }

  /** The copy there is that version: nothing of it is missing, whatever was sent before. */
  noteCopy(id: string, version: CopyVersion): void {
    this.#sent.set(id, version)
  }

  /** The replica tells what it has. @param isStored - else it may be gone with its process: it is sent again, and confirmed then */
  told({ id, version }: ListedCopy, isStored: boolean): void {
    this.#sent.set(id, version)
    if (isStored) this.#acknowledged.set(id, version)
  }

  /** What the replica told so far does not count any more. */
  forgetTold(): void {
    this.#acknowledged.clear()
  }

  /** Nor does what it was sent. */
  forgetSent(): void {
    this.#sent.clear()
  }

  /** Whether it may be sent: else the copy there is not where it belongs. */
  mayFollow({ id, previous }: ReplicatedEntry): boolean {
    return compareCopies(this.#sent.get(id) ?? noCopy, previous) === 0
  }

  /** @returns whether it is the first to leave at the end of this turn */
  send(entry: ReplicatedEntry, now: number): boolean {
    const { id, version } = entry
    this.#sent.set(id, version)
    if (!this.#open.has(id)) this.#open.set(id, now)
    if (this.#outbox.push(entry) > 1) return false
    this.#outboxSince = now
    return true
  }

  /** What is to be sent at the end of this turn. */
  takeOutbox(): readonly ReplicatedEntry[] {
    const entries = this.#outbox
    this.#outbox = []
    return entries
  }

  /** Until when what was done is sent already: the rest leaves behind what is sent now. */
  outboxSince(now: number): number {
    return this.#outbox.length > 0 ? this.#outboxSince : now
  }

  /** Ids with operations that are not acknowledged. */
  open(): Iterable<string> {
    return this.#open.keys()
  }

  get openCount(): number {
    return this.#open.size
  }

  /** Operations on it are waited for no more. */
  close(id: string): void {
    this.#open.delete(id)
  }

  /** @returns ids of which the replica has more than before */
  acknowledge(copies: readonly ListedCopy[], now: number): readonly string[] {
    const advanced: string[] = []
    let longestMs = 0
    for (const { id, version } of copies) {
      if (this.has(id, version)) continue
      this.#acknowledged.set(id, version)
      advanced.push(id)
      if (this.#owed.size > 0 && compareCopies(version, this.#owed.get(id) ?? noCopy) >= 0)
        this.#owed.delete(id)
      const since = this.#open.get(id)
      if (since === undefined) continue
      longestMs = Math.max(longestMs, now - since)
      // Who answers late and goes on answering lacks nothing: what follows is waited for anew.
      this.#open.delete(id)
      if (compareCopies(this.#sent.get(id) ?? noCopy, version) > 0) this.#open.set(id, now)
    }
    if (advanced.length === 0) return advanced
    this.#heardAt = now
    this.#patience.answered(longestMs)
    return advanced
  }

  /** It is to have that acknowledged before it is filled. */
  owe(id: string, version: CopyVersion): void {
    // What is sent once more may have been acknowledged late.
    if (!this.has(id, version)) this.#owed.set(id, version)
  }

  /** Nothing of that id is there any more. */
  forgive(id: string): void {
    this.#owed.delete(id)
  }

  get isOwed(): boolean {
    return this.#owed.size > 0
  }

  /** What was sent at `before` is answered. @returns ids of which something that was sent before that is lost: it is waited for no more */
  takeLost(before: number): readonly string[] {
    const lost: string[] = []
    for (const [id, since] of this.#open) {
      if (since >= before) break
      lost.push(id)
    }
    for (const id of lost) this.#open.delete(id)
    return lost
  }

  /** When operations are late. */
  nextDeadline(): number {
    const [since = Infinity] = this.#open.values()
    const { ms } = this.#patience
    return Math.min(Math.max(since, this.#heardAt) + ms, since + timesWhileHeard * ms)
  }

  /** Nothing is sent from now on, nor waited for. */
  rest(): void {
    this.#owed.clear()
    this.#open.clear()
    this.#outbox = []
  }
}
