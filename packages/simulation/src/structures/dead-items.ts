// Items that were given up: each is on the list of its queue, and nobody gets it, until it is redriven.

interface Span {
  readonly from: number
  to: number
}

interface Burial extends Span {
  readonly queue: string
  readonly item: string
}

interface Delivered extends Span {
  readonly item: string
}

interface List extends Span {
  readonly queue: string
  readonly items: readonly string[]
}

export class DeadItems {
  readonly #burials: Burial[] = []
  readonly #redrives = new Map<string, Span[]>()
  readonly #deliveries = new Map<string, Delivered[]>()
  readonly #lists: List[] = []

  /** It was given up, by a call that was asked and answered then. */
  buried(queue: string, item: string, from: number, to: number): void {
    this.#burials.push({ queue, item, from, to })
  }

  /** Somebody has what is dead delivered again. @returns to be called when that is over, and had its effect or not */
  redrives(queue: string, from: number): (to: number) => void {
    const redrive: Span = { from, to: Infinity }
    this.#redrives.set(queue, [...(this.#redrives.get(queue) ?? []), redrive])
    return (to) => {
      redrive.to = to
    }
  }

  /** Whether somebody may have had dead items delivered again in that time. */
  isRedriven(queue: string, from: number, until: number): boolean {
    return (this.#redrives.get(queue) ?? []).some((one) => one.to >= from && one.from <= until)
  }

  delivered(item: string, from: number, to: number): void {
    this.#deliveries.set(item, [...(this.#deliveries.get(item) ?? []), { item, from, to }])
  }

  listed(queue: string, items: readonly string[], from: number, to: number): void {
    this.#lists.push({ queue, items, from, to })
  }

  /** @returns what is wrong */
  judge(): readonly string[] {
    return this.#burials.flatMap((burial) => {
      const { queue, item, from, to } = burial
      const isRedriven = (until: number): boolean => this.isRedriven(queue, from, until)
      const delivery = (this.#deliveries.get(item) ?? []).find(
        (one) => one.from > to && !isRedriven(one.to),
      )
      const list = this.#lists.find(
        (one) =>
          one.queue === queue && one.from > to && !one.items.includes(item) && !isRedriven(one.to),
      )
      return [
        ...(delivery ? [`${item} was delivered, which was dead and not redriven`] : []),
        ...(list ? [`${item} was dead and not redriven, and is not on the list of ${queue}`] : []),
      ]
    })
  }
}
