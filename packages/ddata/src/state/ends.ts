/**
 * When something ends by the clock of a part, which is whole: never before all of its time has passed. A millisecond
 * had begun when it began, and of that one nobody knows how much is left.
 */
export function endOf(now: number, ms: number): number {
  return Math.min(now + ms + 1, Number.MAX_SAFE_INTEGER)
}
