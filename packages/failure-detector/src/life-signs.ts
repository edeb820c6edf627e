/** When a peer last showed life; the part that all detectors share. */
export class LifeSigns {
  #lastHeartbeatAt: number | undefined
  #lastSignAt: number | undefined

  get lastSignAt(): number | undefined {
    return this.#lastSignAt
  }

  silentMs(now: number): number | undefined {
    return this.#lastSignAt === undefined ? undefined : Math.max(0, now - this.#lastSignAt)
  }

  /** Notes a heartbeat, and returns the time since the one before it, if there was one. */
  heartbeat(now: number): number | undefined {
    const previousAt = this.#lastHeartbeatAt
    this.#lastHeartbeatAt = latest(previousAt, now)
    this.touch(now)
    return previousAt === undefined ? undefined : this.#lastHeartbeatAt - previousAt
  }

  touch(now: number): void {
    this.#lastSignAt = latest(this.#lastSignAt, now)
  }

  credit(gapMs: number, now: number): void {
    this.#lastSignAt = forward(this.#lastSignAt, gapMs, now)
    this.#lastHeartbeatAt = forward(this.#lastHeartbeatAt, gapMs, now)
  }
}

function latest(previous: number | undefined, now: number): number {
  return previous === undefined ? now : Math.max(previous, now)
}

function forward(at: number | undefined, gapMs: number, now: number): number | undefined {
  return at === undefined ? undefined : Math.max(at, Math.min(at + gapMs, now))
}
