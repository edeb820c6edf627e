import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { consuming, type Take } from '../src/kinds/queue/consuming.ts'
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

  #numbers = 0

  of(...values: readonly string[]): Delivery<string>[] {
    return values.map((value) => {
      const number = ++this.#numbers
      const receipt = { number, receipt: number }
      return new Delivery(
        { receipt, deliveries: 1, enqueuedAt: 0, value, until: 1_000 },
        this.#port,
      )
    })
  }

  /** How many were asked for, each time. */
  readonly asked: number[] = []

  /** What is taken comes as these batches; then nothing comes any more. */
  consume(...batches: readonly (readonly Delivery<string>[])[]): AsyncGenerator<Delivery<string>> {
    const left = [...batches]
    const prefetch = batches[0]?.length ?? 1
    return this.consumeBy(prefetch, async () => {
      const batch = left.shift()
      if (batch) return await Promise.resolve(batch)
      throw new Error('no more')
    })
  }

  consumeBy(prefetch: number, take: Take<string>): AsyncGenerator<Delivery<string>> {
    return consuming(
      prefetch,
      async (max) => {
        this.asked.push(max)
        return await take(max)
      },
      (held) => {
        this.held.push(held)
        return { [Symbol.dispose]: () => void this.told.push('not extended') }
      },
    )
  }
}

/** Items that come when it is said. */
function later(): {
  readonly promise: Promise<readonly Delivery<string>[]>
  readonly resolve: (taken: readonly Delivery<string>[]) => void
} {
  let resolve: (taken: readonly Delivery<string>[]) => void = () => {}
  const promise = new Promise<readonly Delivery<string>[]>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
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

test('once half of what is in hand is done, as many more are taken while the loop is at the others', async () => {
  const world = new World()
  const more = later()
  const batches = [Promise.resolve(world.of('a', 'b', 'c', 'd')), more.promise]
  const items = world.consumeBy(
    4,
    async () => await (batches.shift() ?? Promise.reject(new Error('no more'))),
  )
  const values: string[] = []
  for (let count = 0; count < 3; count++) {
    const { value } = await items.next()
    values.push((value as Delivery<string>).value)
    await (value as Delivery<string>).ack()
  }
  expect(values).toEqual(['a', 'b', 'c'])
  expect(world.asked).toEqual([4, 2]) // The loop is at the third, and the first two are done.
  more.resolve(world.of('e', 'f'))
  for await (const delivery of items) {
    values.push(delivery.value)
    await delivery.ack()
    expect(world.held[0]?.length).toBeLessThanOrEqual(4)
    if (delivery.value === 'f') break
  }
  expect(values).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

test('what comes to hand as the loop is left goes back as well', async () => {
  const world = new World()
  const late = later()
  const batches = [Promise.resolve(world.of('a', 'b')), late.promise]
  const items = world.consumeBy(2, async () => await (batches.shift() ?? late.promise))
  await items.next()
  const second = await items.next()
  await (second.value as Delivery<string>).ack()
  const left = items.return(undefined)
  late.resolve(world.of('c'))
  await left
  expect(world.told).toEqual(['nack 1', 'ack 2', 'nack 3', 'not extended'])
})

test('what came before nothing could be had any more is worked on before that is told', async () => {
  const world = new World()
  const batches = [Promise.resolve(world.of('a', 'b'))]
  const items = world.consumeBy(
    2,
    async () => await (batches.shift() ?? Promise.reject(new Error('no more'))),
  )
  const values: string[] = []
  const work = async (): Promise<void> => {
    for await (const delivery of items) {
      values.push(delivery.value)
      await delivery.ack()
    }
  }
  await expect(work()).rejects.toThrow('no more')
  expect(values).toEqual(['a', 'b'])
})
