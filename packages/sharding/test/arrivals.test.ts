// What comes from other nodes, apart from the rest: who is kept in mind, and for how long.
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { Arrivals } from '../src/region/arrivals.ts'
import type { ForeignFrame } from '../src/region/region-node.ts'

const nothing = new Uint8Array(0)

/** One shard, which this node does not run, at an epoch. */
function arrivalsAt(table: { epoch: number }): {
  readonly arrivals: Arrivals
  readonly returned: number[]
} {
  const returned: number[] = []
  const limits = { maxFrames: 0, maxBytes: 0, timeoutMs: 1_000 }
  const arrivals = new Arrivals(limits, {
    now: () => 0,
    admit: (_shard, epoch) =>
      epoch > table.epoch ? { type: 'hold' } : { type: 'return', neededEpoch: table.epoch },
    epochOf: () => table.epoch,
    take: () => {},
    drop: () => {},
    sendBack: (frame) => void returned.push(frame.epoch),
    fenced: () => {},
    sendDrained: () => {},
    report: () => {},
    deadlineMoved: () => {},
  })
  return { arrivals, returned }
}

function frameOf(host: string, epoch: number): ForeignFrame {
  const header = { shard: 0, epoch, returns: 0, carries: false, entityId: 'x' }
  const from = NodeIdentity.parse(`${host}:1#1`)
  return { ...header, from, share: undefined, bytes: nothing, start: 0, end: 0 }
}

test('nodes that die before they send their fence are not remembered beyond the epoch', () => {
  const table = { epoch: 5 }
  const { arrivals, returned } = arrivalsAt(table)
  for (let node = 0; node < 10; node++) arrivals.received(frameOf(`old${node}`, 4))
  expect(arrivals.refused).toBe(0)
  for (let node = 0; node < 10; node++) arrivals.received(frameOf(`now${node}`, 5))
  // There is no room to keep it until the table comes.
  arrivals.received(frameOf('ahead', 6))
  expect(arrivals.refused).toBe(11)
  table.epoch = 6
  arrivals.caughtUp(0, 6)
  expect(arrivals.refused).toBe(1)
  arrivals.fenced(frameOf('ahead', 6).from, 0, 6, 1)
  expect(arrivals.refused).toBe(0)
  expect(returned).toHaveLength(21)
})
