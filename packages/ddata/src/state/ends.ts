/**
 * When something ends by the clock of a part, which is whole: never before all of its time has passed. A millisecond
 * had begun when it began, and of that one nobody knows how much is left.
 */
export function endOf(now: number, ms: number): number {
  return Math.min(now + ms + 1, Number.MAX_SAFE_INTEGER)
}

/** How much of its time is left of what ends then: all of it at first. */
export function leftUntil(end: number, now: number): number {
  return end - now - 1
}
