import type { Random } from '@casty/clock'

/** A network within one data center. @see reliability targets of the design: 0.2 ms + Exp(0.8 ms) */
export function localNetwork(random: Random): number {
  return 0.2 - 0.8 * Math.log(1 - random())
}
