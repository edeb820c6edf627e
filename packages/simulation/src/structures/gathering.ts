// Maps and sets that things are only added to: whoever goes through them meets each that is there exactly once.

interface Put {
  readonly from: number
  /** When it was answered; Infinity: nobody knows whether it is there. */
  to: number
}

interface Scan {
  readonly what: string
  readonly found: readonly string[]
  readonly from: number
  readonly to: number
}

interface Count extends Omit<Scan, 'found'> {
  readonly size: number
}

export class Gathering {
  readonly #puts = new Map<string, Map<string, Put>>()
  readonly #scans: Scan[] = []
  readonly #counts: Count[] = []

  /** @returns to be called when it is known to be there */
  puts(what: string, name: string, from: number): (to: number) => void {
    const put: Put = { from, to: Infinity }
    this.#of(what).set(name, put)
    return (to) => {
      put.to = to
    }
  }

  scanned(scan: Scan): void {
    this.#scans.push(scan)
  }

  counted(count: Count): void {
    this.#counts.push(count)
  }

  /** @returns what is wrong */
  judge(): readonly string[] {
    const scans = this.#scans.flatMap((scan) => this.#wrongWith(scan))
    const counts = this.#counts.flatMap(({ what, size, from, to }) => {
      const puts = [...this.#of(what).values()]
      const least = puts.filter((put) => put.to < from).length
      const most = puts.filter((put) => put.from <= to).length
      if (size >= least && size <= most) return []
      return [`${what} is said to have ${size}, and has ${least} to ${most}`]
    })
    return [...scans, ...counts]
  }

  #wrongWith({ what, found, from, to }: Scan): readonly string[] {
    const puts = this.#of(what)
    const met = new Set(found)
    const wrong: string[] = []
    if (met.size < found.length) wrong.push(`of ${what} one came twice: ${found.join(', ')}`)
    for (const [name, put] of puts) {
      if (put.to < from && !met.has(name)) wrong.push(`of ${what} ${name} was there, and not met`)
    }
    for (const name of met) {
      const put = puts.get(name)
      if (!put || put.from > to) wrong.push(`of ${what} ${name} was met, which was not there`)
    }
    return wrong
  }

  #of(what: string): Map<string, Put> {
    const known = this.#puts.get(what) ?? new Map<string, Put>()
    this.#puts.set(what, known)
    return known
  }
}
