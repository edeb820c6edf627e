import type { Random } from '@casty/clock'
import { localNetwork } from '../world/local-network.ts'

/** Wait before the first try again; each further one waits twice as long. */
const firstTryAgainMs = 200
const mostTriesAgain = 6

/**
 * The latency of a network that loses packets, for all links at once: by the law of the
 * `retransmit` fault, which TCP shows to its users as writes that come late, with what follows
 * waiting behind them. Links of large clusters are too many to lay a fault on each.
 */
export class LossyNetwork {
  /** Probability that a packet is lost, and each try again. */
  lossProbability = 0

  readonly latencyMs = (random: Random): number => {
    let waitMs = localNetwork(random)
    let tryAgainMs = firstTryAgainMs
    for (let tries = 0; this.lossProbability > 0 && tries < mostTriesAgain; tries++) {
      if (random() >= this.lossProbability) break
      waitMs += tryAgainMs
      tryAgainMs *= 2
    }
    return waitMs
  }
}
