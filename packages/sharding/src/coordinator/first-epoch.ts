// Where epochs begin. They follow the wall clock, so that they grow where nothing is left of former ones: tokens that
// are made of them are then above those that were given before. A clock that is behind is found out by the others: most
// members began at a time that it has not come to.
import type { ViewMember } from '../core/view.ts'
import { driftShare } from '../core/core-settings.ts'

/** Of one term. Mutable. */
export class FirstEpoch {
  readonly #beganAt: number
  readonly #wallBeganAt: number
  #floor = 0

  /**
   * @param beganAt - when the term began, by a monotonic clock
   * @param wallBeganAt - the same in milliseconds since the Unix epoch, as this node believes
   */
  constructor({
    beganAt,
    wallBeganAt,
  }: {
    readonly beganAt: number
    readonly wallBeganAt: number
  }) {
    this.#beganAt = beganAt
    this.#wallBeganAt = Math.floor(wallBeganAt)
  }

  /** Takes note of who is there. What few say counts for nothing: epochs never come down from a time that has not been. */
  heed(view: readonly ViewMember[], now: number): void {
    const starts = view
      .filter(({ status }) => status === 'up')
      .map(({ node }) => node.incarnation)
      .toSorted((left, right) => right - left)
    const mostBeganBy = starts[Math.floor(starts.length / 2)] ?? 0
    const latest = this.#wallBeganAt + (now - this.#beganAt) / driftShare
    if (mostBeganBy > latest) this.#floor = Math.max(this.#floor, mostBeganBy)
  }

  /** At which epoch shards begin that nobody ever owned. */
  get value(): number {
    return Math.max(1, this.#wallBeganAt, this.#floor)
  }

  /** No epoch that was given is to be lower; 0 as long as nothing speaks against this node's clock. */
  get floor(): number {
    return this.#floor
  }
}
