/**
 * When each of many hosts came to hold something for good: a host that loses it again has not come to
 * hold it yet.
 */
export class Arrivals {
  readonly #since: number
  readonly #at = new Map<string, number>()

  constructor(since: number) {
    this.#since = since
  }

  note(host: string, holds: boolean, now: number): void {
    if (!holds) this.#at.delete(host)
    else if (!this.#at.has(host)) this.#at.set(host, now)
  }

  has(host: string): boolean {
    return this.#at.has(host)
  }

  /** Milliseconds from the beginning, for each of these hosts that arrived. */
  durationsOf(hosts: readonly string[]): readonly number[] {
    return hosts.flatMap((host) => {
      const at = this.#at.get(host)
      return at === undefined ? [] : [at - this.#since]
    })
  }

  haveAll(hosts: readonly string[]): boolean {
    return hosts.every((host) => this.#at.has(host))
  }
}
