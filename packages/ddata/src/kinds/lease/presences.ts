interface Presence {
  waiters: number
  isAway: boolean
}

/** The sessions that have waiters, and which of them are taken to be away: those did not say in time that they are there. */
export class Presences {
  readonly #presences = new Map<string, Presence>()

  /** It has another waiter. */
  joined(session: string): void {
    const presence = this.#presences.get(session) ?? { waiters: 0, isAway: false }
    presence.waiters += 1
    this.#presences.set(session, presence)
  }

  /** It has one waiter less. Whoever waits for nothing is not away. */
  left(session: string): void {
    const presence = this.#presences.get(session)
    if (!presence) return
    presence.waiters -= 1
    if (presence.waiters === 0) this.#presences.delete(session)
  }

  isAway(session: string): boolean {
    return this.#presences.get(session)?.isAway === true
  }

  wentAway(session: string): void {
    const presence = this.#presences.get(session)
    if (presence) presence.isAway = true
  }

  /** @returns whether it was away */
  cameBack(session: string): boolean {
    const presence = this.#presences.get(session)
    if (!presence?.isAway) return false
    presence.isAway = false
    return true
  }

  /** In order, so that all who know the same write the same. */
  get away(): readonly string[] {
    return [...this.#presences.keys()].filter((session) => this.isAway(session)).toSorted()
  }
}
