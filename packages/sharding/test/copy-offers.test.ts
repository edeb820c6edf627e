// Copies of a node that their owner does not count on.
import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { CopyOffers } from '../src/replication/copy-offers.ts'
import { ShardTable } from '../src/table/shard-table.ts'
import { nodeOf } from './situation.ts'

const [a, b, c] = [nodeOf('a'), nodeOf('b'), nodeOf('c')]
const settings = { name: 'kept', numShards: 4, replicas: 1, disks: 2 }
const begun = {
  epoch: 9,
  movingTo: undefined,
  lineage: 9,
  isUndecided: false,
  isReplicated: true,
  isDecided: false,
}

/** Shard 0 is of another node, which counts on none here; 1 counts on this one; 2 is its own; 3 has no owner. */
const table = ShardTable.empty.with({
  version: { term: 1, seq: 1 },
  changes: [
    { type: 'type', settings, census: 9 },
    {
      type: 'shards',
      typeName: 'kept',
      rows: [
        { shard: 0, row: { ...begun, owner: b, replicas: [c] } },
        { shard: 1, row: { ...begun, owner: b, replicas: [a] } },
        { shard: 2, row: { ...begun, owner: a, replicas: [b] } },
        { shard: 3, row: { ...begun, owner: undefined, replicas: [] } },
      ],
    },
  ],
})

class Node {
  readonly clock = new ManualClock()
  isReachable = true
  offered: readonly number[] = [0, 1, 2, 3]
  readonly told: string[] = []
  readonly offers: CopyOffers = new CopyOffers(
    { self: a, clock: this.clock, table, isReachable: () => this.isReachable },
    new Map([[7, { name: 'kept', hash: 7, offered: () => this.#offered() }]]),
    {
      answer: (to, { shard, epoch }, { type }) =>
        this.told.push(`${to.address.host}: ${type} ${shard} under ${epoch}`),
    },
  )

  pass(ms: number): void {
    this.clock.advance(ms)
    this.offers.tick(this.clock.now())
  }

  *#offered(): Generator<number> {
    yield* this.offered
  }
}

test('an owner is told of copies that it does not count on, and nobody else', () => {
  const node = new Node()
  node.offers.soon()
  node.pass(999)
  expect(node.told).toEqual([])
  node.pass(1)
  expect(node.told).toEqual(['b: offer 0 under 9'])
})

test('it is told again until nothing is left to offer', () => {
  const node = new Node()
  node.offers.soon()
  node.pass(1_000)
  node.pass(1_000)
  expect(node.told).toHaveLength(2)
  node.offered = []
  node.pass(1_000)
  expect([node.told.length, node.offers.nextDeadline()]).toEqual([2, Infinity])
})

test('an owner out of reach is told once it is back', () => {
  const node = new Node()
  node.isReachable = false
  node.offers.soon()
  node.pass(1_000)
  expect(node.told).toEqual([])
  node.isReachable = true
  node.pass(1_000)
  expect(node.told).toEqual(['b: offer 0 under 9'])
})

test('more to offer does not put off what is due', () => {
  const node = new Node()
  node.offers.soon()
  const due = node.offers.nextDeadline()
  node.clock.advance(600)
  node.offers.soon()
  expect(node.offers.nextDeadline()).toBe(due)
})
