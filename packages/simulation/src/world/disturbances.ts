// What was done to whom, and when: by this a checker knows whether a node had a right to be found
// unreachable.

interface Interval {
  readonly from: number
  until: number
}

/** Which links were bad and which hosts stood still, and when: excuses that checkers accept. */
export class Disturbances {
  readonly #links = new Map<string, Interval[]>()
  readonly #hosts = new Map<string, Interval[]>()

  /** A link between two hosts carries badly from now on; either direction counts for both. */
  linkWorsens(left: string, right: string, at: number): { over(at: number): void } {
    return open(this.#links, pair(left, right), at)
  }

  /** A host does not run from now on. */
  hostStops(host: string, at: number): { over(at: number): void } {
    return open(this.#hosts, host, at)
  }

  wasLinkBad(left: string, right: string, since: number): boolean {
    return (this.#links.get(pair(left, right)) ?? []).some(({ until }) => until >= since)
  }

  /** Whether any link was bad between then and now. */
  wasAnyLinkBad(since: number): boolean {
    return [...this.#links.values()].some((list) => list.some(({ until }) => until >= since))
  }

  /** For how long a host did not run between then and now, in milliseconds; overlaps count once. */
  stoppedMs(host: string, since: number, now: number): number {
    const intervals = (this.#hosts.get(host) ?? [])
      .map(({ from, until }) => ({ from: Math.max(from, since), until: Math.min(until, now) }))
      .filter(({ from, until }) => until > from)
      .toSorted((left, right) => left.from - right.from)
    let [total, reached] = [0, since]
    for (const { from, until } of intervals) {
      total += Math.max(0, until - Math.max(from, reached))
      reached = Math.max(reached, until)
    }
    return total
  }
}

function pair(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`
}

function open(
  intervals: Map<string, Interval[]>,
  key: string,
  from: number,
): { over(at: number): void } {
  const interval: Interval = { from, until: Number.POSITIVE_INFINITY }
  const list = intervals.get(key)
  if (list === undefined) intervals.set(key, [interval])
  else list.push(interval)
  return { over: (at) => void (interval.until = Math.min(interval.until, at)) }
}
