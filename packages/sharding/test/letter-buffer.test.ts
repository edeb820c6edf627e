import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LetterBuffer } from '../src/region/letter-buffer.ts'

const limits = { maxPerShard: 4, maxTotal: 8, timeoutMs: 10 }

test('what came back goes before what never left, each in its order', () => {
  const buffer = new LetterBuffer<string>(limits)
  buffer.add(1, 'new 1', 0)
  buffer.addReturned(1, 'back 1', 0)
  buffer.add(1, 'new 2', 0)
  buffer.addReturned(1, 'back 2', 0)
  expect(buffer.takeAll(1)).toEqual(['back 1', 'back 2', 'new 1', 'new 2'])
  expect(buffer.size).toBe(0)
})

type Action =
  | { readonly type: 'add' | 'add-returned'; readonly shard: number }
  | { readonly type: 'take'; readonly shard: number }
  | { readonly type: 'wait'; readonly ms: number }

const shard = fc.nat({ max: 3 })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('add' as const), shard }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('add-returned' as const), shard }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('take' as const), shard }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(6) }) },
)

test('it never holds more than it may, loses none, and keeps none for longer than its time', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const buffer = new LetterBuffer<{ readonly at: number }>(limits)
      let now = 0
      let expected = 0
      for (const one of actions) {
        switch (one.type) {
          case 'add':
            if (buffer.add(one.shard, { at: now }, now)) expected++
            break
          case 'add-returned':
            if (buffer.addReturned(one.shard, { at: now }, now)) expected++
            break
          case 'take':
            expected -= buffer.takeAll(one.shard).length
            break
          case 'wait': {
            now += one.ms
            const deadline = buffer.nextDeadline()
            const overdue = buffer.takeOverdue(now)
            expected -= overdue.length
            expect(overdue.length > 0).toBe(deadline !== undefined && deadline <= now)
            for (const [, { at }] of overdue) expect(now - at).toBeGreaterThanOrEqual(10)
          }
        }
        expect(buffer.size).toBe(expected)
        expect(buffer.size).toBeLessThanOrEqual(8)
        for (let each = 0; each < 4; each++) {
          expect(buffer.sizeOf(each)).toBeLessThanOrEqual(4)
        }
      }
    }),
  )
})
