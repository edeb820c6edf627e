import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { Delivery } from '../src/kinds/queue/delivery.ts'
import { extending } from '../src/kinds/queue/extending.ts'

/** An item that somebody has in hand for a minute. */
function inHand(): {
  readonly clock: ManualClock
  readonly delivery: Delivery<string>
  readonly close: () => void
} {
  const clock = new ManualClock()
  const drops = new Set<() => void>()
  const port = {
    clock,
    isClosed: false,
    whenClosed: (drop: () => void) => {
      drops.add(drop)
      return { [Symbol.dispose]: () => void drops.delete(drop) }
    },
    source: 'q',
    hold: () => {},
    letGo: () => {},
    ack: async () => await Promise.resolve(1),
    nack: async () => await Promise.resolve(true),
    extend: async () => await Promise.resolve(true),
  }
  const until = clock.now() + 60_000
  const receipt = { number: 1, receipt: 1 }
  const state = { receipt, value: 'x', deliveries: 1, enqueuedAt: 0, until }
  const close = (): void => {
    port.isClosed = true
    for (const drop of drops) drop()
    expect(drops.size).toBe(0)
  }
  return { clock, delivery: new Delivery(state, port), close }
}

test('who is closed keeps no timer for what is in hand, which would keep the process', () => {
  const { clock, delivery, close } = inHand()
  expect([delivery.signal.aborted, clock.pendingTimers]).toEqual([false, 1])
  close()
  expect(clock.pendingTimers).toBe(0)
  expect(delivery.signal.reason).toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
})

test('what was answered is not lost at the end', async () => {
  const { clock, delivery, close } = inHand()
  expect(delivery.signal.aborted).toBe(false)
  await delivery.extend(90_000)
  expect(clock.pendingTimers).toBe(1)
  await delivery.ack()
  close()
  expect(clock.pendingTimers).toBe(0)
  expect(delivery.signal.aborted).toBe(false)
})

test('the time of an item ends once, and it is known', () => {
  const { clock, delivery, close } = inHand()
  expect(delivery.signal.aborted).toBe(false)
  clock.advance(60_000)
  close()
  expect(delivery.signal.reason).toMatchObject({ code: 'CASTY_DDATA_LEASE_LOST' })
})

test('an item whose signal nobody asked for takes no timer, and tells how it stands when it is asked', async () => {
  const [late, closed, answered, extended] = [inHand(), inHand(), inHand(), inHand()]
  expect(late.clock.pendingTimers).toBe(0)
  late.clock.advance(60_000)
  expect(late.delivery.signal.reason).toMatchObject({ code: 'CASTY_DDATA_LEASE_LOST' })
  closed.close()
  expect(closed.delivery.signal.reason).toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
  await answered.delivery.ack()
  answered.clock.advance(60_000)
  expect(answered.delivery.signal.aborted).toBe(false)
  await extended.delivery.extend(90_000)
  extended.clock.advance(89_999)
  expect(extended.delivery.signal.aborted).toBe(false)
  extended.clock.advance(1)
  expect(extended.delivery.signal.aborted).toBe(true)
})

test('what is answered too late was lost, also where its signal is asked for afterwards', async () => {
  const { clock, delivery } = inHand()
  clock.advance(60_000)
  await delivery.ack()
  expect(delivery.signal.reason).toMatchObject({ code: 'CASTY_DDATA_LEASE_LOST' })
})

test('whoever is at an item when it is closed does not go on to ask for more time', () => {
  const clock = new ManualClock()
  let close = (): void => {}
  const whenClosed = (drop: () => void): Disposable => {
    close = drop
    return { [Symbol.dispose]: () => {} }
  }
  using _extending = extending([], 3_000, { clock, whenClosed })
  clock.advance(10_000)
  expect(clock.pendingTimers).toBe(1)
  close()
  expect(clock.pendingTimers).toBe(0)
})
