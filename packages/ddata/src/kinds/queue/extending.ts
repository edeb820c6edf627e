import type { Clock } from '@casty/clock'
import type { Delivery } from './delivery.ts'

/** Keeps deliveries from others, for as long as they are in the list. */
export function extending(
  held: readonly Delivery<unknown>[],
  visibilityMs: number,
  clock: Clock,
): Disposable {
  let timer: Disposable | undefined
  const again = (): void => {
    timer = clock.schedule(visibilityMs / 3, () => {
      for (const delivery of held) {
        // Where it fails, its signal tells.
        if (!delivery.isSettled) delivery.extend(visibilityMs).catch(() => {})
      }
      again()
    })
  }
  again()
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() }
}
