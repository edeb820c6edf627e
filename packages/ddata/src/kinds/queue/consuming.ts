import type { Delivery } from './delivery.ts'

/**
 * Items as they come. One that is not settled when its turn is over goes back, as do those that were taken ahead when the loop
 * is left.
 *
 * @param take - waits for the next ones
 * @param extend - keeps from others what is held
 */
export async function* consuming<T>(
  take: () => Promise<readonly Delivery<T>[]>,
  extend: (held: readonly Delivery<T>[]) => Disposable | undefined,
): AsyncGenerator<Delivery<T>, void> {
  const held: Delivery<T>[] = []
  using _extending = extend(held)
  try {
    for (;;) {
      // eslint-disable-next-line no-await-in-loop -- The next ones come when these are done.
      const taken = await take()
      held.push(...taken)
      for (const delivery of taken) {
        yield delivery
        // eslint-disable-next-line no-await-in-loop
        if (!delivery.isSettled) await delivery.nack()
        held.splice(held.indexOf(delivery), 1)
      }
    }
  } finally {
    const left = held.filter(({ isSettled }) => !isSettled)
    await Promise.allSettled(left.map(async (delivery) => await delivery.nack()))
  }
}
