// What users without types take for a behavior, and are told.
import { Behaviors, type Behavior } from '@casty/cluster'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const some = Behaviors.ignore
// As of a user who has no types.
const { sharded, singleton, broadcasted, discoverable } = Behaviors as unknown as Record<
  string,
  (...given: readonly unknown[]) => unknown
>

test.each<[string, () => unknown, string]>([
  ['a behavior for what makes one', () => sharded?.(some), 'entity of Behaviors.sharded() is an'],
  [
    'nothing for what makes one',
    () => singleton?.(),
    'factory of Behaviors.singleton() is missing',
  ],
  [
    'what makes a behavior for one',
    () => broadcasted?.(() => some),
    'behavior of Behaviors.broadcasted() is a function',
  ],
  [
    'no key',
    () => discoverable?.(some),
    'Behaviors.discoverable() is missing; allowed is an object',
  ],
  [
    'a name for a key',
    () => discoverable?.(some, { key: 'printers' }),
    'key of Behaviors.discoverable() is "printers"; allowed is a ServiceKey',
  ],
  [
    'a key for options',
    () => discoverable?.(some, { name: 'printers' }),
    'Option name of Behaviors.discoverable() is not known; allowed is key',
  ],
  [
    'an option that no singleton has',
    () => singleton?.(() => some, { idleTimeoutMs: 5 }),
    'Option idleTimeoutMs of Behaviors.singleton() is not known; allowed is role, stopMessage, journal',
  ],
  [
    'a role misspelt',
    () => broadcasted?.(some, { roles: 'worker' }),
    'Option roles of Behaviors.broadcasted() is not known; allowed is role',
  ],
  [
    'a role that is no text',
    () => broadcasted?.(some, { role: ['worker'] }),
    'Option role of Behaviors.broadcasted() is a list',
  ],
  [
    'a number for options',
    () => sharded?.(() => some, 5),
    'Option options of Behaviors.sharded() is 5; allowed is an object of options',
  ],
])('refuses %s where it is made', (_what, make, message) => {
  expect(make).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_OPTION',
      message: expect.stringContaining(message),
    }),
  )
})

test.each<[unknown, string]>([
  [5, 'Option replication of Behaviors.sharded() is 5; allowed is an object of options'],
  [null, 'Option replication of Behaviors.sharded() is null'],
  [{ replicaz: 2 }, 'Option replicaz of replication of Behaviors.sharded() is not known'],
  [{ replicas: -1 }, 'Option replicas of replication of Behaviors.sharded() is -1; allowed is'],
  [{ replicas: '2' }, 'Option replicas of replication of Behaviors.sharded() is "2"'],
  [{ replicas: 17 }, 'is 17; allowed is an integer from 0 to 16'],
  [{ replicas: 0, minAcks: 2 }, 'Option minAcks of replication of Behaviors.sharded() is 2'],
  [{ replicas: 2, minAcks: 3 }, 'is 3; allowed is an integer from 0 to 2'],
  [{ minAcks: 'all' }, 'Option minAcks of replication of Behaviors.sharded() is "all"'],
  [{ ackTimeoutMs: 0 }, 'Option ackTimeoutMs of replication of Behaviors.sharded() is 0'],
  [{ ownAck: 'no' }, 'Option ownAck of replication of Behaviors.sharded() is "no"'],
  [{ maxCopyBytes: 0 }, 'Option maxCopyBytes of replication of Behaviors.sharded() is 0'],
])('refuses a replication of %j, in place of keeping nothing', (replication, message) => {
  expect(() => sharded?.(() => some, { replication })).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_OPTION',
      message: expect.stringContaining(message),
    }),
  )
})

test.each([
  [5, 'CASTY_CLUSTER_INVALID_OPTION'],
  [{ capacity: -1 }, 'CASTY_ACTOR_INVALID_OPTION'],
  [{ size: 5 }, 'CASTY_ACTOR_INVALID_OPTION'],
])('refuses a mailbox of %j before any entity has it', async (mailbox, code) => {
  await using world = new SystemWorld()
  const system = await world.start('a')
  const entities = Behaviors.sharded(() => Behaviors.ignore)
  const options = { name: 'x', mailbox: mailbox as object }
  expect(() => system.spawn(entities, options)).toThrow(expect.objectContaining({ code }))
})

test.each([
  ['nothing', undefined, 'is missing'],
  ['what makes a behavior', () => some, 'is a function'],
])('refuses to spawn %s', async (_what, behavior, said) => {
  await using world = new SystemWorld()
  const system = await world.start('a')
  expect(() => system.spawn(behavior as unknown as Behavior<never>, 'x')).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_OPTION',
      message: `Option behavior of spawn() ${said}; allowed is a behavior, as Behaviors.receive() makes one.`,
    }),
  )
})
