import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ringOrder, ringPosition, selectReceivers } from '../src/index.ts'
import { vectors } from './vectors.ts'

const names = (count: number): string[] =>
  Array.from({ length: count }, (_unused, index) => `10.0.0.${index}:25520#1700000000000`)

describe('the ring', () => {
  test('is the same on every node, whatever order it learned of the others in', () => {
    const nodes = fc.uniqueArray(fc.string(), { maxLength: 30 })
    fc.assert(
      fc.property(nodes, fc.integer(), (all, seed) => {
        const shuffled = [...all].sort(
          (a, b) => ringPosition(`${seed}${a}`) - ringPosition(`${seed}${b}`),
        )
        expect(ringOrder(shuffled)).toEqual(ringOrder(all))
        expect(new Set(ringOrder(all))).toEqual(new Set(all))
      }),
    )
  })

  test('keeps the others in order when one comes or goes', () => {
    const all = ringOrder(names(50))
    for (const gone of all) {
      expect(ringOrder(all.filter((node) => node !== gone))).toEqual(all.filter((n) => n !== gone))
    }
  })

  test('holds each node once', () => {
    expect(ringOrder(['a', 'b', 'a'])).toHaveLength(2)
  })

  test('is written down: other implementations must find these positions', () => {
    expect(['', 'a', 'b', 'localhost:2551', 'ä'].map(ringPosition)).toEqual([
      2_872_998_923, 444_641_715, 2_193_908_274, 1_040_142_828, 519_959_299,
    ])
  })

  test('spreads names that differ in one digit', () => {
    const quarters = [0, 0, 0, 0]
    for (const node of names(4_000)) {
      const quarter = Math.floor(ringPosition(node) / 2 ** 30)
      quarters[quarter] = (quarters[quarter] ?? 0) + 1
    }
    for (const count of quarters) expect(Math.abs(count - 1_000)).toBeLessThan(120)
  })
})

describe('the receivers', () => {
  test('are as many senders for each node as it has receivers itself', () => {
    const ring = ringOrder(names(20))
    const watchedBy = new Map<string, number>()
    for (const self of ring) {
      for (const node of selectReceivers({
        ringOrder: ring,
        self,
        unreachable: new Set<string>(),
        count: 5,
      })) {
        watchedBy.set(node, (watchedBy.get(node) ?? 0) + 1)
      }
    }
    expect([...watchedBy.values()]).toEqual(ring.map(() => 5))
  })

  test('are never the node itself, never doubled, and as many as there can be', () => {
    const world = fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      self: fc.nat(11),
      dead: fc.array(fc.nat(11)),
      count: fc.integer({ min: 1, max: 14 }),
    })
    fc.assert(
      fc.property(world, ({ size, self, dead, count }) => {
        const ring = ringOrder(names(size))
        const me = ring[self % size] ?? ''
        const unreachable = new Set(dead.map((index) => ring[index % size] ?? ''))
        const receivers = selectReceivers({ ringOrder: ring, self: me, unreachable, count })
        const living = receivers.filter((node) => !unreachable.has(node))
        const others = ring.filter((node) => node !== me)
        expect(receivers).not.toContain(me)
        expect(new Set(receivers).size).toBe(receivers.length)
        expect(living).toHaveLength(
          Math.min(count, others.filter((node) => !unreachable.has(node)).length),
        )
        expect(receivers.length - living.length).toBeLessThanOrEqual(count)
        expect(receivers.length).toBeGreaterThanOrEqual(Math.min(count, others.length))
      }),
    )
  })

  test('watch every dead node, however many died at once', () => {
    const ring = ringOrder(names(30))
    const dead = new Set(ring.filter((_node, index) => index % 3 !== 0))
    const watched = new Set(
      ring
        .filter((node) => !dead.has(node))
        .flatMap((self) => selectReceivers({ ringOrder: ring, self, unreachable: dead, count: 5 })),
    )
    for (const node of dead) expect(watched).toContain(node)
  })
})

interface RingVector {
  readonly id: string
  readonly ringOrder: readonly string[]
  readonly sender: string
  readonly unreachable: readonly string[]
  readonly monitoredByNrOfMembers: number
  readonly expect: readonly string[]
}

describe('conformance vectors', () => {
  test.each(vectors<RingVector>('heartbeat.json', 'ring'))('%s', (_id, vector) => {
    const receivers = selectReceivers({
      ringOrder: vector.ringOrder,
      self: vector.sender,
      unreachable: new Set(vector.unreachable),
      count: vector.monitoredByNrOfMembers,
    })
    expect(receivers.toSorted()).toEqual(vector.expect)
  })
})
