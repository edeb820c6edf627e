import type { Delivery } from './delivery.ts'

/** Waits for the next ones, so many at most. It ends when the loop is left. */
export type Take<T> = (max: number) => Promise<readonly Delivery<T>[]>

/**
 * Items as they come. One that is not settled when its turn is over goes back, as do those that were taken ahead when the loop
 * is left.
 *
 * @param prefetch - how many it has in hand at most
 * @param extend - keeps from others what is held
 */
export async function* consuming<T>(
  prefetch: number,
  take: Take<T>,
  extend: (held: readonly Delivery<T>[]) => Disposable | undefined,
): AsyncGenerator<Delivery<T>, void> {
  const hand = new Hand(prefetch, take)
  using _extending = extend(hand.held)
  try {
    for (;;) {
      // eslint-disable-next-line no-await-in-loop -- One after the other.
      const delivery = await hand.next()
      yield delivery
      // eslint-disable-next-line no-await-in-loop
      if (!delivery.isSettled) await delivery.nack()
      hand.letGo(delivery)
    }
  } finally {
    await hand.takenLast()
    const left = hand.held.filter(({ isSettled }) => !isSettled)
    await Promise.allSettled(left.map(async (delivery) => await delivery.nack()))
  }
}

/** What a loop has in hand. Once half of it is done more are taken, while the loop is at the others. */
class Hand<T> {
  /** The one that the loop is at, and those that wait for it. */
  readonly held: Delivery<T>[] = []
  readonly #prefetch: number
  readonly #take: Take<T>
  readonly #ahead: Delivery<T>[] = []
  #taking: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(prefetch: number, take: Take<T>) {
    this.#prefetch = prefetch
    this.#take = take
  }

  /** Rejects where none can be had any more, once all that came are through. */
  async next(): Promise<Delivery<T>> {
    for (;;) {
      this.#fill()
      const delivery = this.#ahead.shift()
      if (delivery) return delivery
      if (this.#failure) throw this.#failure.error
      // eslint-disable-next-line no-await-in-loop -- Until some are there.
      await this.#taking
    }
  }

  #fill(): void {
    const lacking = this.#prefetch - this.held.length
    if (this.#taking || this.#failure || lacking < this.#prefetch / 2) return
    this.#taking = this.#take(lacking).then(
      (taken) => {
        this.#taking = undefined
        this.held.push(...taken)
        this.#ahead.push(...taken)
      },
      (error: unknown) => {
        this.#taking = undefined
        this.#failure = { error }
      },
    )
  }

  letGo(delivery: Delivery<T>): void {
    this.held.splice(this.held.indexOf(delivery), 1)
  }

  /** Nothing comes to hand any more. */
  async takenLast(): Promise<void> {
    await this.#taking
  }
}
