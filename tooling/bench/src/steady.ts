/** Rounds that may pass without one that is better, before it is taken for steady. */
const patience = 3
/** By so much a round has to be better than all before it, to count as such. */
const better = 1.05

/**
 * Repeats what is measured until it no longer becomes quicker: code that a process has not run for long is compiled while it
 * runs, and where many processes share a processor that takes many seconds.
 *
 * @param measure - a figure of which more is better
 * @param atMost - rounds, also where each is better than the one before
 * @returns how many rounds there were
 */
export async function untilSteady(measure: () => Promise<number>, atMost: number): Promise<number> {
  let best = 0
  let since = 0
  let rounds = 0
  while (rounds < atMost && since < patience) {
    // eslint-disable-next-line no-await-in-loop -- Each round is measured alone.
    const figure = await measure()
    rounds++
    since = figure > best * better ? 0 : since + 1
    best = Math.max(best, figure)
  }
  return rounds
}
