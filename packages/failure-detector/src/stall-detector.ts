// A process that stands still hears nobody, and would accuse everybody when it wakes up. So it looks
// at itself first: a tick that comes late tells of a stall, and lasting trouble of a poor judge.
import { positive } from './options.ts'

export interface StallDetectorOptions {
  /**
   * How often the owner calls `tick`, in milliseconds. A tick later than twice that is a stall:
   * lower notices shorter ones, and costs as many wake-ups. @defaultValue 100
   */
  readonly intervalMs?: number
}

export const stallDefaults: Required<StallDetectorOptions> = { intervalMs: 100 }

/** The process did not run for a while. */
export interface Stall {
  /** How much silence, in milliseconds, must not be held against others. */
  readonly gapMs: number
  /** `suspended`: the machine slept, seen by the wall clock having gone on without this process. */
  readonly cause: 'late-tick' | 'suspended'
}

const highestScore = 8
/** From here on a node's own doubts outweigh what it says of others, until they are few again. */
const doubtfulScore = 4
const soundScore = 1
/** Each full one of these that the loop stood still is a point. */
const msPerPoint = 200
/**
 * A clean second takes a point off. A slower recovery would make one stall of all observers hide a
 * death for as long: the score stretches every timeout.
 */
const cleanMsPerPoint = 1_000
/** The monotonic clock may stand still while a machine sleeps; the wall clock does not. */
const wallDriftMs = 2_000

/**
 * Notices that this process stalled, and keeps a score of its health from 0 (well) to 8.
 *
 * @see Dadgar et al., "Lifeguard: local health awareness for more accurate failure detection", 2018
 * @example
 * const detector = new StallDetector()
 * detector.tick(0, 0)
 * detector.tick(3_000, 3_000) // => { gapMs: 3_000, cause: 'late-tick' }
 * detector.factor(3_000) // => 9
 */
export class StallDetector {
  readonly intervalMs: number
  #lastTick: { readonly now: number; readonly wallNow: number | undefined } | undefined
  #points = 0
  /** Since when the score may fall. */
  #cleanSince = 0
  #isDoubtful = false

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  constructor({ intervalMs = stallDefaults.intervalMs }: StallDetectorOptions = {}) {
    this.intervalMs = positive('intervalMs', intervalMs)
  }

  /**
   * Call it every `intervalMs`. On a stall, give the gap to whoever counts silence, and let waiting
   * input be read before anybody is judged.
   *
   * @param now - monotonic, in milliseconds
   * @param wallNow - wall clock, in milliseconds; without it a sleeping machine may go unnoticed
   */
  tick(now: number, wallNow?: number): Stall | undefined {
    const last = this.#lastTick
    this.#lastTick = { now, wallNow }
    if (last === undefined) return undefined
    const gapMs = now - last.now
    if (gapMs > 2 * this.intervalMs) this.#add(Math.floor(gapMs / msPerPoint), now)
    const wallGapMs = (wallNow ?? 0) - (last.wallNow ?? wallNow ?? 0)
    // A wall clock set forward looks the same. To forgive that gap is harmless, to distrust oneself
    // for it is not: the score counts only time that passed on the monotonic scale.
    if (wallGapMs - gapMs > wallDriftMs) return { gapMs: wallGapMs, cause: 'suspended' }
    return gapMs > 2 * this.intervalMs ? { gapMs, cause: 'late-tick' } : undefined
  }

  /**
   * A measure of event-loop delay of the last second or so: its 99th percentile, in milliseconds.
   * It raises the score to what it stands for, without adding to what a late tick has counted.
   */
  lagSample(p99Ms: number, now: number): void {
    const points = Math.min(highestScore, Math.floor(p99Ms / msPerPoint))
    if (!(points > 0)) return
    this.#points = Math.max(this.score(now), points)
    this.#cleanSince = now
  }

  /** One more reason to doubt oneself: a helper that gave no answer, a suspicion others refuted. */
  doubt(now: number): void {
    this.#add(1, now)
  }

  /** From 0 to 8; a point less with every second without trouble. */
  score(now: number): number {
    const cleanSeconds = Math.max(0, Math.floor((now - this.#cleanSince) / cleanMsPerPoint))
    return Math.max(0, this.#points - cleanSeconds)
  }

  /** By how much to stretch one's own timeouts: 1 to 9. */
  factor(now: number): number {
    return 1 + this.score(now)
  }

  /**
   * Whether others should not count on what this node says of its peers: from a score of 4 on, and
   * until it is down to 1, so that a node on the edge does not change its word all the time.
   */
  isDoubtful(now: number): boolean {
    const score = this.score(now)
    this.#isDoubtful = score >= doubtfulScore || (this.#isDoubtful && score > soundScore)
    return this.#isDoubtful
  }

  #add(points: number, now: number): void {
    this.#points = Math.min(highestScore, this.score(now) + points)
    this.#cleanSince = now
  }
}
