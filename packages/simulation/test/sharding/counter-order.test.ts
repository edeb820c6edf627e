// The order of a counter, judged without a search, against the checker that searches.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checkLinearizable,
  counterModel,
  type CounterInput,
  type CounterOutput,
  type Operation,
} from '../../src/linearizability.ts'
import { outOfOrder, type CounterPlace } from '../../src/sharding/counter-order.ts'

type Counted = Operation<CounterInput, CounterOutput>

const moment = fc.tuple(fc.nat(12), fc.nat(6), fc.boolean())

/** As many additions as there are first moments, each of its number, and reads of any number. */
const history = fc
  .tuple(
    fc.array(moment, { maxLength: 4 }),
    fc.array(fc.tuple(moment, fc.nat(5)), { maxLength: 4 }),
  )
  .map(([additions, reads]): readonly CounterPlace[] => [
    ...additions.map(([from, forMs, isAnswered], index) => ({
      uid: `add ${index + 1}`,
      number: index + 1,
      isRead: false,
      from,
      to: isAnswered ? from + forMs : Infinity,
    })),
    ...reads.map(([[from, forMs], number], index) => ({
      uid: `read ${index + 1}`,
      number,
      isRead: true,
      from,
      to: from + forMs,
    })),
  ])

test('a history of a counter has an order whenever a search finds one', () => {
  fc.assert(
    fc.property(history, (places) => {
      const operations = places.map(({ uid, number, isRead, from, to }): Counted => ({
        client: uid,
        key: 'x',
        input: isRead ? { type: 'read' } : { type: 'increment' },
        invokedAt: from,
        outcome: {
          type: 'ok',
          output: number,
          completedAt: to === Infinity ? Number.MAX_SAFE_INTEGER : to,
        },
      }))
      const { type } = checkLinearizable(operations, counterModel())
      expect(outOfOrder(places) === undefined).toBe(type === 'linearizable')
    }),
    { numRuns: 2_000 },
  )
})

test('what contradicts it is told', () => {
  const places = [
    { uid: 'm1', number: 1, isRead: false, from: 0, to: 5 },
    { uid: 'm2', number: 0, isRead: true, from: 7, to: 9 },
  ]
  expect(outOfOrder(places)).toBe(
    'm1 makes 1 (asked at 0.0 ms, answered at 5.0 ms), before m2 reads 0 (asked at 7.0 ms, answered at 9.0 ms)',
  )
})
