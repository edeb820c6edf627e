import { NodeAddress, NodeIdentity } from '@casty/transport'
import { seededRandom } from '@casty/clock'
import { expect, test } from 'vitest'
import { HandOverReceiving, HandOverSending, type HandOverPiece } from '../src/region/hand-over.ts'

const from = NodeIdentity.of(NodeAddress.of('a', 1), 1)
const to = NodeIdentity.of(NodeAddress.of('b', 1), 1)

function states(count: number, bytes: number): { entityId: string; bytes: Uint8Array }[] {
  return Array.from({ length: count }, (_, index) => ({
    entityId: `e${index}`,
    bytes: new Uint8Array(bytes).fill(index),
  }))
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'everything arrives once over a network that loses, doubles and delays (seed %i)',
  (seed) => {
    const random = seededRandom(seed)
    const left = states(30, 50_000)
    const sending = new HandOverSending(to, 3, left, 100)
    const receiving = new HandOverReceiving(10_000_000)
    const underWay: { at: number; act: () => void }[] = []
    let now = 0
    const carry = (act: () => void): void => {
      for (let copies = random() < 0.2 ? 2 : 1; copies > 0; copies--) {
        if (random() > 0.2) underWay.push({ at: now + random() * 150, act })
      }
    }
    const send = (pieces: readonly HandOverPiece[]): void => {
      for (const piece of pieces) {
        carry(() => {
          const count = receiving.arrived(7, from, piece)
          if (count === undefined) return
          carry(() => {
            sending.acknowledged(count)
            send(sending.due(now))
          })
        })
      }
    }
    send(sending.due(now))
    for (; !sending.isDone && now < 100_000; now++) {
      const due = underWay.filter(({ at }) => at <= now)
      for (const one of due) {
        underWay.splice(underWay.indexOf(one), 1)
        one.act()
      }
      if ((sending.nextDeadline() ?? Infinity) <= now) send(sending.due(now))
    }
    expect(sending.isDone).toBe(true)
    expect(receiving.take(7, 4)?.states).toEqual(left)
    expect(receiving.take(7, 4)).toBeUndefined()
  },
)

test('what nobody has room for is not taken, and what went elsewhere makes room', () => {
  const receiving = new HandOverReceiving(100)
  const piece = (index: number): HandOverPiece => ({
    epoch: 1,
    index,
    count: 2,
    states: states(1, 60),
  })
  expect(receiving.arrived(1, from, piece(0))).toBe(1)
  expect(receiving.arrived(2, from, piece(0))).toBeUndefined()
  receiving.forget(1)
  expect(receiving.arrived(2, from, piece(0))).toBe(1)
})

test('of two handoffs of a shard, the later one counts', () => {
  const receiving = new HandOverReceiving(1_000)
  const [early, late] = states(2, 10)
  const piece = (epoch: number, state: typeof early): HandOverPiece => ({
    epoch,
    index: 0,
    count: 1,
    states: state ? [state] : [],
  })
  receiving.arrived(1, from, piece(1, early))
  receiving.arrived(1, from, piece(3, late))
  expect(receiving.arrived(1, from, piece(1, early))).toBe(1) // Its sender need not wait.
  expect(receiving.take(1, 4)?.states).toEqual([late])
})

test('with nothing to hand over there is nothing to wait for', () => {
  expect(new HandOverSending(to, 1, [], 100).isDone).toBe(true)
})

test('what was left in a handoff that was called off is old by the time that the shard comes', () => {
  const receiving = new HandOverReceiving(1_000)
  const piece: HandOverPiece = { epoch: 3, index: 0, count: 1, states: states(1, 10) }
  receiving.arrived(1, from, piece)
  expect(receiving.take(1, 5)).toBeUndefined() // Somebody ran it at epoch 4.
  receiving.arrived(1, from, piece)
  expect(receiving.take(1, 4)?.states).toEqual(piece.states)
})

test('no piece takes more than a frame has room for', () => {
  const sending = new HandOverSending(to, 1, states(40, 1_000), 100, 4_096)
  const sizes: number[] = []
  for (let now = 0; !sending.isDone; now++) {
    for (const { index, states: held } of sending.due(now)) {
      sizes.push(held.reduce((sum, { bytes }) => sum + bytes.length, 0))
      sending.acknowledged(index + 1)
    }
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4_096)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(10_000)
})
