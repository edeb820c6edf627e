// Entries that live for a while: they are there until then, may end a little late, and never come back.

interface Look {
  readonly from: number
  readonly to: number
  readonly isThere: boolean
}

interface EntryLife {
  readonly ttlMs: number
  readonly putFrom: number
  /** Since when it lives for so long, at least: it may be given its time anew. */
  since: number
  /** When the call was answered; Infinity: nobody knows whether it had its effect. */
  putTo: number
  readonly looks: Look[]
}

/** Clocks of those who keep maps may be ahead of the world's by so little. */
const slowest = 0.98

export class EntryLives {
  readonly #lives = new Map<string, EntryLife>()

  /** An entry that is put once. @returns to be called when it is known to be there */
  put(key: string, ttlMs: number, now: number): (answeredAt: number) => void {
    const life: EntryLife = {
      ttlMs,
      putFrom: now,
      since: now,
      putTo: Infinity,
      looks: [],
    }
    this.#lives.set(key, life)
    return (answeredAt) => {
      life.putTo = answeredAt
    }
  }

  /** It was there, and has its time anew from when that was asked for. */
  touched(key: string, from: number): void {
    const life = this.#lives.get(key)
    if (life) life.since = from
  }

  looked(key: string, look: Look): void {
    this.#lives.get(key)?.looks.push(look)
  }

  /** Entries that have not been seen to be gone. */
  get left(): readonly string[] {
    return [...this.#lives]
      .filter(([, { putTo, looks }]) => {
        const since = Math.min(putTo, ...looks.filter((one) => one.isThere).map(({ to }) => to))
        return since < Infinity && !looks.some(({ from, isThere }) => !isThere && from > since)
      })
      .map(([key]) => key)
  }

  /** @returns what is wrong */
  judge(): readonly string[] {
    return [...this.#lives].flatMap(([key, life]) => {
      const wrong = wrongWith(life)
      return wrong === undefined ? [] : [`entry ${key}, which was to live for ${wrong}`]
    })
  }
}

function wrongWith({ ttlMs, putFrom, since, putTo, looks }: EntryLife): string | undefined {
  const until = since + ttlMs * slowest - 1
  for (const { from, to, isThere } of looks) {
    if (!isThere && from > putTo && to < until) {
      return `${ttlMs} ms, was gone after ${Math.round(to - putFrom)} ms`
    }
    const gone = looks.find((one) => !one.isThere && one.from > putTo && one.to < from)
    if (isThere && gone) return `${ttlMs} ms, was gone and there again`
  }
  return undefined
}
