import type { Clock } from '@casty/clock'
import type { NodeKey } from '@casty/transport'
import type { FalseClaim } from './events.ts'
import type { Logger } from './options.ts'

/** A peer that lies does so again and again: it is told of once in so long, in milliseconds. */
const tellEveryMs = 60_000
/** Of more peers than these the one that was told of longest ago counts as new. */
const mostPeers = 64

interface Told {
  readonly atMs: number
  /** Claims since that the log does not have. */
  untold: number
}

/** Tells the log of peers that say what is not true, a bounded number of times. */
export class FalseClaimLog {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #byPeer = new Map<NodeKey, Told>()

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  note({ from, about, claim, answer, detail }: FalseClaim): void {
    const now = this.#clock.now()
    const told = this.#byPeer.get(from.key)
    if (told && now < told.atMs + tellEveryMs) {
      told.untold++
      return
    }
    this.#byPeer.delete(from.key)
    this.#byPeer.set(from.key, { atMs: now, untold: 0 })
    const [oldest] = this.#byPeer.keys()
    if (oldest !== undefined && this.#byPeer.size > mostPeers) this.#byPeer.delete(oldest)
    const details = { from: from.key, about, claim, answer, detail, untold: told?.untold ?? 0 }
    this.#logger.warn(details, 'A peer told what is not true, of its own or handed on')
  }
}
