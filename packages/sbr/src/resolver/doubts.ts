import {
  downRemovalMarginMs,
  resolverDefaults,
  unstableAfterMs,
  type ResolverOptions,
} from './settings.ts'

/** Two rounds of detection, in which the parts of one cut may show. In milliseconds. */
const detectionSpreadMs = 3_000

/**
 * What is unwise about options that were checked, a sentence for each. They are not refused: who tests, or
 * has nothing to take over, may want them so.
 */
export function doubtsAbout(options: ResolverOptions): readonly string[] {
  const { stableAfterMs = resolverDefaults.stableAfterMs } = options
  const { downRemovalMarginMs: marginMs, ...others } = options
  const unstableMs = unstableAfterMs(options)
  const leastMarginMs = downRemovalMarginMs(others)
  const raise = `raise it to ${detectionSpreadMs} ms or more`
  const doubts: string[] = []
  if (stableAfterMs < detectionSpreadMs)
    doubts.push(`stableAfterMs is ${stableAfterMs}, and decides on half a picture; ${raise}`)
  if (unstableMs !== undefined && unstableMs < detectionSpreadMs)
    doubts.push(`downAllWhenUnstable is ${unstableMs}, and costs all for little unrest; ${raise}`)
  if (marginMs !== undefined && marginMs < leastMarginMs) {
    const least = `raise it to ${leastMarginMs} ms or more, or leave it out`
    doubts.push(`downRemovalMarginMs is ${marginMs}, when losers may still work; ${least}`)
  }
  return doubts
}
