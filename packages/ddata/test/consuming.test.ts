import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { consuming } from '../src/kinds/queue/consuming.ts'
import { Delivery } from '../src/kinds/queue/delivery.ts'

/** Deliveries of some items, and what was told of them. */
class World {
  readonly told: string[] = []
  readonly held: (readonly Delivery<string>[])[] = []
  readonly #port = {
    clock: new ManualClock(),
    isClosed: false,
    whenClosed: () => new DisposableStack(),
    source: 'q',
    hold: () => {},
    letGo: () => {},
    ack: async (receipts: readonly { readonly number: number }[]) => {
      this.told.push(...receipts.map(({ number }) => `ack ${number}`))
      return await Promise.resolve(receipts.length)
    },
    nack: async ({ number }: { readonly number: number }) => {
      this.told.push(`nack ${number}`)
      return await Promise.resolve(true)
    },
    extend: async () => await Promise.resolve(true),
  }

  of(...values: readonly string[]): Delivery<string>[] {
    return values.map((value, index) => {
      const number = index + 1
      const receipt = { number, receipt: number }
      return new Delivery(
        { receipt, deliveries: 1, enqueuedAt: 0, value, until: 1_000 },
        this.#port,
      )
    })
  }

  /** What is taken comes as these batches; then nothing comes any more. */
  consume(...batches: readonly (readonly Delivery<string>[])[]): AsyncGenerator<Delivery<string>> {
    const left = [...batches]
    return consuming(
      async () =>
        await (left.length > 0
          ? Promise.resolve(left.shift() ?? [])
          : Promise.reject(new Error('no more'))),
      (held) => {
        this.held.push(held)
        return { [Symbol.dispose]: () => void this.told.push('not extended') }
      },
    )
  }
}

test('what is neither acknowledged nor returned in its turn goes back', async () => {
  const world = new World()
  const items = world.consume(world.of('a', 'b'))
  const first = await items.next()
  await (first.value as Delivery<string>).ack()
  await items.next()
  await expect(items.next()).rejects.toThrow('no more')
  expect(world.told).toEqual(['ack 1', 'nack 2', 'not extended'])
})

test('what was taken ahead goes back when the loop is left, and is extended no more', async () => {
  const world = new World()
  for await (const { value } of world.consume(world.of('a', 'b', 'c'))) {
    expect(world.held[0]).toHaveLength(3)
    if (value === 'a') break
  }
  expect(world.told).toEqual(['nack 1', 'nack 2', 'nack 3', 'not extended'])
})
