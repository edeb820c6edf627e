// Who met whom at a barrier.

interface Arrival {
  readonly user: string
  readonly expected: number
  readonly from: number
  to: number
  end: 'open' | 'unknown' | 'no' | { readonly round: number; readonly index: number }
}

export class Barriers {
  readonly #arrivals = new Map<string, Arrival[]>()

  arrives(name: string, user: string, expected: number, at: number): Arrival {
    const arrival: Arrival = { user, expected, from: at, to: Infinity, end: 'open' }
    const known = this.#arrivals.get(name) ?? []
    this.#arrivals.set(name, [...known, arrival])
    return arrival
  }

  /** @returns what is wrong */
  judge(): readonly string[] {
    return [...this.#arrivals].flatMap(([name, arrivals]) => {
      const rounds = new Map<number, Arrival[]>()
      for (const arrival of arrivals) {
        if (typeof arrival.end !== 'object') continue
        const { round } = arrival.end
        rounds.set(round, [...(rounds.get(round) ?? []), arrival])
      }
      return [...rounds].flatMap(([round, met]) => {
        const wrong = wrongOf(met, arrivals)
        return wrong === undefined ? [] : [`round ${round} of ${name}: ${wrong}`]
      })
    })
  }
}

function wrongOf(met: readonly Arrival[], all: readonly Arrival[]): string | undefined {
  const [{ expected } = { expected: 0 }] = met
  const places = met.map(({ end }) => (typeof end === 'object' ? end.index : -1))
  if (new Set(places).size < places.length) return `two came as the same: ${places.join(', ')}`
  if (places.some((place) => place >= expected)) return `${places.join(', ')} of ${expected}`
  const firstEnd = Math.min(...met.map(({ to }) => to))
  const lastBegin = Math.max(...met.map(({ from }) => from))
  if (lastBegin > firstEnd) return 'some went on before others came'
  const maybe = all.filter(
    ({ end, from }) => (end === 'unknown' || end === 'open') && from <= firstEnd,
  )
  if (met.length + maybe.length < expected) {
    return `${met.length} of ${expected} met, and of ${maybe.length} nobody knows`
  }
  return undefined
}

export type { Arrival }
