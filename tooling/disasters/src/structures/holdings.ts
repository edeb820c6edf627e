// Who believes to hold what, by the one monotonic clock of the machine, and the resources that go by tokens.
import { permits } from './settings.ts'

/** A lease that somebody was given. */
export interface Grant {
  readonly key: string
  /** The token, as 20 digits. */
  readonly fence: string
  /** When it was asked for and when it was there, by `sharedNow`. */
  readonly invokedAt: number
  readonly completedAt: number
}

/** A moment between these two, by `sharedNow`, at which a lease was looked at, and was held. */
export interface Belief {
  readonly key: string
  readonly fence: string
  readonly from: number
  readonly to: number
}

/** A lease is not held again once it is lost: so it was held all the time between the first and the last look. */
interface Holding extends Grant {
  readonly holder: string
  from: number
  to: number
}

const nothing = ''.padEnd(20, '0')

/** Mutable. Keys are `lock <name>` and `semaphore <name>`. */
export class Holdings {
  readonly #holdings = new Map<string, Map<string, Holding>>()
  readonly #highest = new Map<string, string>()
  readonly #wrong: string[] = []
  /** Writes that resources refused. */
  refused = 0

  /** The greatest token that the resource of a lock has seen, as 20 digits. */
  highestOf(key: string): string {
    return this.#highest.get(key) ?? nothing
  }

  get count(): number {
    let count = 0
    for (const { size } of this.#holdings.values()) count += size
    return count
  }

  /** The greatest token that somebody believed to hold. */
  believedOf(key: string): string {
    const believed = [...(this.#holdings.get(key)?.values() ?? [])].filter(({ to }) => to > 0)
    return believed.reduce((most, { fence }) => (fence > most ? fence : most), nothing)
  }

  granted(grant: Grant, holder: string): void {
    const { key, fence } = grant
    const known = this.#holdings.get(key) ?? new Map<string, Holding>()
    this.#holdings.set(key, known)
    if (known.has(fence)) this.#wrong.push(`${key} gave token ${fence} twice`)
    known.set(fence, { ...grant, holder, from: Infinity, to: -Infinity })
  }

  believes({ key, fence, from, to }: Belief): void {
    const holding = this.#holdings.get(key)?.get(fence)
    if (!holding) return
    holding.from = Math.min(holding.from, to)
    holding.to = Math.max(holding.to, from)
  }

  /** @returns whether it was taken */
  write(key: string, fence: string): boolean {
    if (fence < this.highestOf(key)) {
      this.refused += 1
      return false
    }
    this.#highest.set(key, fence)
    return true
  }

  /** @returns what is wrong */
  judge(): readonly string[] {
    const found = [...this.#holdings].flatMap(([key, holdings]) => {
      const most = key.startsWith('lock ') ? 1 : permits
      return [
        ...crowds(key, [...holdings.values()], most),
        ...wentBack(key, [...holdings.values()]),
      ]
    })
    return [...this.#wrong, ...found]
  }
}

/** More at once than there are permits. */
function crowds(key: string, holdings: readonly Holding[], most: number): readonly string[] {
  const current: Holding[] = []
  const wrong: string[] = []
  for (const holding of holdings.filter(({ from, to }) => from < to).toSorted(byBegin)) {
    const others = current.filter(({ to }) => to > holding.from)
    current.splice(0, Infinity, ...others, holding)
    if (current.length > most) wrong.push(`${key} is held by all of these: ${described(current)}`)
  }
  return wrong
}

/** A token that is lower than one that was known before it was asked for. */
function wentBack(key: string, holdings: readonly Holding[]): readonly string[] {
  let earliest: Holding | undefined
  const wrong: string[] = []
  for (const holding of holdings.toSorted((a, b) => (a.fence < b.fence ? 1 : -1))) {
    if (earliest && earliest.completedAt < holding.invokedAt) {
      wrong.push(`${key} went back: ${described([earliest, holding])}`)
    }
    if (!earliest || holding.completedAt < earliest.completedAt) earliest = holding
  }
  return wrong
}

function byBegin(a: Holding, b: Holding): number {
  return a.from - b.from
}

function described(holdings: readonly Holding[]): string {
  return holdings
    .map(({ fence, holder, from, to }) => `${fence} of ${holder} (${from} to ${to})`)
    .join(', ')
}
