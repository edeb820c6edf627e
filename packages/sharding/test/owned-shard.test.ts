// One shard of a node, from the table that gives it to the table that takes it away.
import { NodeAddress, NodeIdentity, type NodeKey } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { OwnedShard, type OwnerEffect } from '../src/region/owned-shard.ts'

const [a, b, c] = ['a', 'b', 'c'].map((host) => NodeIdentity.of(NodeAddress.of(host, 1), 1)) as [
  NodeIdentity,
  NodeIdentity,
  NodeIdentity,
]
const settings = {
  fenceTimeoutMs: 10,
  handoffTimeoutMs: 100,
  stopTimeoutMs: 20,
  handOverTimeoutMs: 30,
}
const others: readonly NodeKey[] = [b.key, c.key]

function names(effects: readonly OwnerEffect[]): readonly string[] {
  return effects.map(({ type }) => type)
}

/** Owned by a under epoch 5. */
function owned(): OwnedShard {
  const shard = new OwnedShard({ self: a }, settings)
  const effects = shard.homeChanged({ epoch: 5, owner: a, movingTo: undefined }, others, 0)
  expect(effects).toEqual([{ type: 'begin', epoch: 5 }])
  return shard
}

/** Owned by a, on its way to b. */
function moving(): OwnedShard {
  const shard = owned()
  expect(shard.homeChanged({ epoch: 5, owner: a, movingTo: b }, others, 0)).toEqual([])
  return shard
}

test('a handoff goes through its stages', () => {
  const shard = moving()
  expect(shard.stage).toBe('fencing')
  expect(shard.fenced(b.key, 5, 1)).toEqual([])
  expect(names(shard.fenced(c.key, 5, 2))).toEqual(['drain'])
  expect(shard.emptied(3)).toEqual([{ type: 'hand-over', to: b, epoch: 5 }])
  expect(shard.handedOver(b)).toEqual([{ type: 'released', epoch: 5 }])
  const given = { epoch: 6, owner: b, movingTo: undefined }
  expect(shard.homeChanged(given, others, 9)).toEqual([{ type: 'end', epoch: 5 }])
  expect(shard.stage).toBe('absent')
})

test('each stage ends by itself', () => {
  const shard = moving()
  expect(shard.nextDeadline()).toBe(10)
  expect(names(shard.settle(10))).toEqual(['drain'])
  expect(shard.nextDeadline()).toBe(110)
  expect(names(shard.settle(110))).toEqual(['force'])
  expect(names(shard.settle(130))).toEqual(['leave-behind', 'hand-over'])
  expect(shard.nextDeadline()).toBe(160)
  expect(names(shard.settle(160))).toEqual(['released'])
  expect(shard.nextDeadline()).toBeUndefined()
})

test('what is handed over is waited for no longer than its time', () => {
  const shard = moving()
  shard.settle(10)
  shard.emptied(20)
  expect(shard.settle(49)).toEqual([])
  expect(names(shard.settle(50))).toEqual(['released'])
})

test('fences that come before the table count, those of another epoch do not', () => {
  const shard = owned()
  shard.fenced(b.key, 5, 0)
  shard.fenced(c.key, 4, 0)
  expect(shard.homeChanged({ epoch: 5, owner: a, movingTo: b }, others, 0)).toEqual([])
  expect(names(shard.fenced(c.key, 5, 1))).toEqual(['drain'])
})

test('whoever is out of reach is not waited for', () => {
  const shard = moving()
  shard.fenced(b.key, 5, 1)
  expect(names(shard.membersChanged(new Set([b.key]), 2))).toEqual(['drain'])
})

test('what somebody had under way who stood still for longer than fences are waited for goes back', () => {
  const shard = moving()
  shard.fenced(b.key, 5, 1)
  expect(shard.admit(5)).toEqual({ type: 'take' })
  expect(names(shard.settle(10))).toEqual(['drain'])
  expect(shard.admit(5)).toEqual({ type: 'return', neededEpoch: 6 }) // To wait there until the next owner is known.
  expect(shard.fenced(c.key, 5, 11)).toEqual([])
  shard.homeChanged({ epoch: 6, owner: b, movingTo: undefined }, others, 20)
  expect(shard.admit(5)).toEqual({ type: 'return', neededEpoch: 6 })
})

test('another new owner is handed the same again', () => {
  const shard = moving()
  shard.settle(10)
  shard.emptied(20)
  shard.handedOver(b)
  const effects = shard.homeChanged({ epoch: 5, owner: a, movingTo: c }, others, 30)
  expect(effects).toEqual([{ type: 'hand-over', to: c, epoch: 5 }])
  expect(shard.handedOver(b)).toEqual([])
  expect(names(shard.handedOver(c))).toEqual(['released'])
})

test('a shard that does not move after all goes on', () => {
  const shard = moving()
  shard.settle(10)
  const stays = { epoch: 5, owner: a, movingTo: undefined }
  expect(names(shard.homeChanged(stays, others, 20))).toEqual(['stay'])
  expect(shard.takesMessages).toBe(true)
})

test('the same node under another epoch begins anew', () => {
  const effects = owned().homeChanged({ epoch: 9, owner: a, movingTo: undefined }, others, 0)
  expect(effects).toEqual([
    { type: 'end', epoch: 5 },
    { type: 'begin', epoch: 9 },
  ])
})

describe('A message that comes', () => {
  test.each([
    ['under its epoch is taken', owned, 5, { type: 'take' }],
    ['under a later epoch waits for the table', owned, 6, { type: 'hold' }],
    ['under an earlier epoch goes back', owned, 4, { type: 'return', neededEpoch: 5 }],
    ['while others may still send is taken', moving, 5, { type: 'take' }],
  ] as const)('%s', (_what, make, epoch, admission) => {
    expect(make().admit(epoch)).toEqual(admission)
  })

  test('when its entities are about to stop waits for the next owner', () => {
    const shard = moving()
    shard.settle(10)
    expect(shard.admit(5)).toEqual({ type: 'return', neededEpoch: 6 })
  })

  test('for a shard of another node goes back', () => {
    const shard = new OwnedShard({ self: a }, settings)
    shard.homeChanged({ epoch: 3, owner: b, movingTo: undefined }, others, 0)
    expect(shard.admit(2)).toEqual({ type: 'return', neededEpoch: 3 })
    expect(shard.admit(3)).toEqual({ type: 'return', neededEpoch: 4 })
    expect(shard.admit(4)).toEqual({ type: 'hold' })
  })
})
