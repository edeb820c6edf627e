import type { Delivery, DeliveryPort } from './delivery.ts'

/** Keeps deliveries from others, for as long as they are in the list, and somebody can be told. */
export function extending(
  held: readonly Delivery<unknown>[],
  visibilityMs: number,
  port: Pick<DeliveryPort, 'clock' | 'whenClosed'>,
): Disposable {
  let timer: Disposable | undefined
  const again = (): void => {
    timer = port.clock.schedule(visibilityMs / 3, () => {
      for (const delivery of held) {
        // Where it fails, its signal tells.
        if (!delivery.isSettled) delivery.extend(visibilityMs).catch(() => {})
      }
      again()
    })
  }
  again()
  // Whoever is at an item then may not come back from it for long, or ever.
  const closing = port.whenClosed(() => timer?.[Symbol.dispose]())
  return {
    [Symbol.dispose]() {
      closing[Symbol.dispose]()
      timer?.[Symbol.dispose]()
    },
  }
}
