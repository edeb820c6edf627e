// Shards of one type, together: what follows from their steps, and when they are looked at again.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { OwnedShards } from '../src/region/owned-shards.ts'

const [a, b] = ['a', 'b'].map((host) => NodeIdentity.of(NodeAddress.of(host, 1), 1)) as [
  NodeIdentity,
  NodeIdentity,
]
const settings = {
  numShards: 3,
  fenceTimeoutMs: 10,
  handoffTimeoutMs: 100,
  stopTimeoutMs: 20,
  handOverTimeoutMs: 30,
}

class Subject {
  /** As `shard effect`. */
  readonly performed: string[] = []
  readonly deadlines: (number | undefined)[] = []
  readonly shards: OwnedShards

  constructor(isEmpty = false) {
    this.shards = new OwnedShards(
      settings,
      { self: a, deadlineMoved: (at) => void this.deadlines.push(at) },
      (shard, { type }) => {
        this.performed.push(`${shard} ${type}`)
        // As entities that stop at once.
        if (type === 'drain' && isEmpty) {
          this.shards.stepped(shard, this.shards.of(shard).emptied(0))
        }
        if (type === 'hand-over') this.shards.stepped(shard, this.shards.of(shard).handedOver(b))
      },
    )
  }

  give(shard: number, movingTo?: NodeIdentity): void {
    const home = { epoch: 5, owner: a, movingTo }
    this.shards.stepped(shard, this.shards.of(shard).homeChanged(home, [b.key], 0))
  }
}

test('a shard is looked at again for as long as its stage ends by itself', () => {
  const subject = new Subject()
  const { shards } = subject
  subject.give(0)
  subject.give(1, b)
  expect(subject.deadlines).toEqual([10])
  expect(shards.nextDeadline()).toBe(10)
  shards.tick(10)
  expect(shards.nextDeadline()).toBe(110)
  shards.tick(110)
  shards.tick(130)
  expect(shards.nextDeadline()).toBe(Infinity)
  expect(subject.performed).toEqual([
    '0 begin',
    '1 begin',
    '1 drain',
    '1 force',
    '1 leave-behind',
    '1 hand-over',
    '1 released',
  ])
})

test('a step that another one brings about is done within that', () => {
  const subject = new Subject(true)
  subject.give(2, b)
  subject.shards.tick(10)
  expect(subject.performed).toEqual(['2 begin', '2 drain', '2 hand-over', '2 released'])
  expect(subject.shards.nextDeadline()).toBe(Infinity)
})

test('whoever went is waited for by no shard', () => {
  const subject = new Subject()
  subject.give(0, b)
  subject.give(1, b)
  subject.shards.membersChanged(new Set(), 3)
  expect(subject.performed).toEqual(['0 begin', '1 begin', '0 drain', '1 drain'])
  expect(subject.shards.nextDeadline()).toBe(103)
})
