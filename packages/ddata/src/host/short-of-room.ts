import type { Clock } from '@casty/clock'
import type { FreesRoom } from '@casty/persistence'
import type { Save } from './part-log.ts'

/** So many are remembered. */
const maxParts = 10_000
/** After it was refused, a part takes nothing of that kind for so long, in milliseconds: each time, it begins again. */
const pauseMs = 1_000
/**
 * Where what makes room was refused, it is for four times as long each time: what runs out in a part, as what it keeps for users that are
 * gone, does so only while it does not begin again.
 */
const maxPauseMs = 1_024_000
/** A save that takes longer, as where nobody confirms it, does not keep others from theirs, in milliseconds. */
const patienceMs = 10_000

interface Refused {
  readonly why: string
  readonly until: number
  readonly pauseMs: number
  /** Whether that were to make room, as `AppendRequest` says. */
  readonly isAll: boolean
}

/** Saves what a part holds, where that lets go of much. Never rejects. @returns false where it has to be asked again */
export type LetGo = () => Promise<boolean>

/**
 * Parts of one node, where some had no room to write: these let go of what they can where they begin again, and so do others that
 * wrote something. Mutable. One does so at a time: together they would take what room there is for that, and none would come to its end.
 */
export class ShortOfRoom {
  readonly #clock: Pick<Clock, 'now'>
  readonly #refused = new Map<string, Refused>()
  readonly #others = new Set<LetGo>()
  /** Until then, one lets go. */
  #busyUntil = Number.NEGATIVE_INFINITY
  /** Some were refused since those who can let go were asked. */
  #mustAsk = false

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** @param freesRoom - of what was refused: see `AppendRequest` */
  refused(part: string, why: string, freesRoom: FreesRoom | undefined): void {
    const before = this.#refused.get(part)
    this.#refused.delete(part)
    // Those that have been there for longest may run elsewhere by now.
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size < maxParts) break
      this.#refused.delete(oldest)
    }
    const isAll = freesRoom !== undefined
    const longer = isAll && before?.isAll ? Math.min(4 * before.pauseMs, maxPauseMs) : pauseMs
    const until = this.#clock.now() + longer
    this.#refused.set(part, { why, until, pauseMs: longer, isAll })
    void this.#askOthers()
  }

  /** Why a part is not to write that now: it was just refused; undefined where it may. */
  whyFull(part: string, freesRoom: FreesRoom | undefined): string | undefined {
    if (freesRoom === 'now' || this.#refused.size === 0) return undefined
    const refused = this.#refused.get(part)
    if (!refused || this.#clock.now() >= refused.until) return undefined
    return refused.isAll || freesRoom === undefined ? refused.why : undefined
  }

  /** It had room for that. */
  wrote(part: string, freesRoom: FreesRoom | undefined): void {
    const refused = this.#refused.get(part)
    if (refused?.isAll !== true || freesRoom !== 'now') this.#refused.delete(part)
  }

  /** It may try again. */
  hasLetGo(part: string): void {
    const refused = this.#refused.get(part)
    if (refused) this.#refused.set(part, { ...refused, until: this.#clock.now() })
  }

  wasRefused(part: string): boolean {
    return this.#refused.has(part)
  }

  /** It is called once, when there is no room. */
  mayLetGo(letGo: LetGo): void {
    this.#others.add(letGo)
  }

  /** There is nothing to let go of any more. */
  forget(letGo: LetGo): void {
    this.#others.delete(letGo)
  }

  get #isBusy(): boolean {
    return this.#clock.now() < this.#busyUntil
  }

  async #askOthers(): Promise<void> {
    this.#mustAsk = true
    while (this.#mustAsk && !this.#isBusy) {
      this.#mustAsk = false
      const others = [...this.#others] // Those that come back meanwhile are asked the next time.
      for (const letGo of others) {
        if (!this.#others.delete(letGo)) continue
        // eslint-disable-next-line no-await-in-loop -- One at a time.
        await this.#alone(async () => {
          if (!(await letGo())) this.#others.add(letGo)
        })
      }
    }
  }

  async #alone(save: () => Promise<void>): Promise<void> {
    const until = this.#clock.now() + patienceMs
    this.#busyUntil = until
    try {
      await save()
    } finally {
      if (this.#busyUntil === until) this.#busyUntil = Number.NEGATIVE_INFINITY
    }
  }

  /**
   * Where a part begins.
   *
   * @param compact - see `PartLog.compact`
   * Rejects with what saving does: then it is tried when there is no room again
   */
  async begins(
    part: string,
    compact: () => Save | undefined,
    isOver: () => boolean,
  ): Promise<void> {
    if (this.#isBusy || !this.#refused.has(part)) return
    const save = compact()
    if (!save) return
    await this.#alone(async () => await save(isOver))
    this.hasLetGo(part)
    if (this.#mustAsk) void this.#askOthers()
  }
}
