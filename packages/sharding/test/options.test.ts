// What users may say of types and of sharding, and what they are told where it is wrong.
import { Behaviors } from '@casty/actor'
import { describe, expect, test } from 'vitest'
import {
  leastShards,
  Sharding,
  shardingLimitDefaults,
  type AllocationStrategy,
  type EntityType,
} from '@casty/sharding'
import { checkProxy, checkType } from '../src/entity-type.ts'
import { checkLimits, checkOptions } from '../src/sharding-options.ts'
import { ShardingWorld } from './sharding-world.ts'

const entity = (): ReturnType<EntityType<unknown>['entity']> => Behaviors.ignore

function wrong(message: string): object {
  return expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION', message })
}

describe('A type', () => {
  test.each([
    [{ name: 'two words', entity }, 'type.name is "two words"; allowed is a text of 1 to 100'],
    [{ name: 'x', entity, numShards: 0 }, 'type.numShards is 0; allowed is an integer from 1'],
    [{ name: 'x', entity, numShards: 1.5 }, 'type.numShards is 1.5'],
    [{ name: 'x', entity: 7 }, 'type.entity is 7; allowed is a function that makes a behavior'],
    [{ name: 'x', entity, idleTimeoutMs: 0 }, 'type.idleTimeoutMs is 0'],
    [{ name: 'x', entity, idleTimeoutMS: 1 }, 'type.idleTimeoutMS is not known; allowed is'],
    [{ name: 'x', entity, journal: {} }, 'type.journal is an object; allowed is an EventJournal'],
    [{ name: 'x', entity, journal: null }, 'type.journal is null; allowed is an EventJournal'],
    [{ name: 'x', entity, rememberEntities: {} }, 'type.rememberEntities.journal is missing'],
    [{ name: 'x', entity, rememberEntities: false }, 'type.rememberEntities is false'],
    [{ name: 'x', entity, replication: null }, 'type.replication is null; allowed is an object'],
    [{ name: 'x', entity, replication: { replicas: 0 } }, 'type.replication.replicas is 0'],
    [{ name: 'x', entity, keepAlive: [''] }, 'type.keepAlive is ""; allowed is a text of 1 to 512'],
  ])('%j is refused', (type, message) => {
    expect(() => checkType(type as EntityType<unknown>)).toThrow(
      expect.objectContaining({
        code: 'CASTY_SHARDING_INVALID_OPTION',
        message: expect.stringContaining(`Option ${message}`) as string,
      }),
    )
  })

  test('with a mailbox that none can have is refused before anything is sent to it', () => {
    const type = { name: 'x', entity, mailbox: { capacity: 0 } }
    expect(() => checkType(type)).toThrow(
      expect.objectContaining({
        code: 'CASTY_ACTOR_INVALID_OPTION',
        message: expect.stringContaining('Option mailbox.capacity of type is 0') as string,
      }),
    )
  })

  test('has defaults, also for what is undefined', () => {
    const replication = { replicas: 2, minAcks: undefined } as unknown as { replicas: number }
    expect(checkType({ name: 'x', entity, replication }).replication?.minAcks).toBe(1)
    expect(checkType({ name: 'x', entity })).toMatchObject({
      numShards: 256,
      idleTimeoutMs: 120_000,
      role: undefined,
    })
    expect(checkProxy({ name: 'x' })).toMatchObject({ numShards: 256, entity: undefined })
  })
})

describe('Sharding', () => {
  test('refuses limits that are none', () => {
    expect(() => checkLimits({ maxBuffered: 0 })).toThrow(
      wrong('Option limits.maxBuffered is 0; allowed is an integer from 1 to 9007199254740991.'),
    )
    expect(() => checkLimits({ fenceTimeoutMs: -1 })).toThrow(
      wrong('Option limits.fenceTimeoutMs is -1; allowed is a number of milliseconds above 0.'),
    )
    expect(() => checkLimits({ nonsense: 1 } as object)).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION' }),
    )
    expect(checkLimits({}).buffer.maxTotal).toBe(shardingLimitDefaults.maxBuffered)
  })

  test('refuses options that do not fit each other, and what is no system', async () => {
    await using world = await ShardingWorld.of('a')
    const { system, cluster, remoting } = world.node('a')
    const options = { system, cluster, remoting }
    expect(() => checkOptions({ ...options, leaseMs: 5_000, downRemovalMarginMs: 1_000 })).toThrow(
      wrong('Option downRemovalMarginMs is 1000; allowed is at least leaseMs (5000).'),
    )
    expect(checkOptions({ ...options, leaseMs: 20_000 }).downRemovalMarginMs).toBe(20_000)
    expect(() => checkOptions({ ...options, strategy: {} as AllocationStrategy })).toThrow(
      wrong(
        'Option strategy is an object; allowed is an allocation strategy with allocate, rebalance.',
      ),
    )
    const strategy = { ...leastShards, rebalanceIntervalMs: 0 }
    expect(() => checkOptions({ ...options, strategy })).toThrow(
      wrong(
        'Option strategy.rebalanceIntervalMs is 0; allowed is a number of milliseconds above 0.',
      ),
    )
    expect(() => Sharding.attach({ ...options, system: {} as typeof system })).toThrow(
      wrong(
        'Option system is an object; allowed is an ActorSystem with deliver, finish, whenStopped.',
      ),
    )
  })

  test('does not begin again on a node that has forgotten what it promised', async () => {
    await using world = await ShardingWorld.of('a')
    const { sharding, system, cluster, remoting } = world.node('a')
    sharding[Symbol.dispose]()
    expect(() => Sharding.attach({ system, cluster, remoting })).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION' }),
    )
  })

  test('hosts a type once on a node, and none after its end', async () => {
    await using world = await ShardingWorld.of('a')
    const { sharding } = world.node('a')
    const region = sharding.start({ name: 'x', entity })
    expect(sharding.startProxy({ name: 'x' })).toBe(region)
    expect(() => sharding.start({ name: 'x', entity })).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_TYPE_TAKEN' }),
    )
    expect(() => sharding.startProxy({ name: 'x', numShards: 7 })).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_TYPE_TAKEN' }),
    )
    expect(() => region.explain(256)).toThrow(
      wrong('Option shard is 256; allowed is an integer from 0 to 255.'),
    )
    sharding[Symbol.dispose]()
    expect(() => sharding.start({ name: 'y', entity })).toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_STOPPED' }),
    )
    region.tell('z', 'too late')
    expect(region.statistics().dropped).toEqual({ stopped: 1 })
  })
})
