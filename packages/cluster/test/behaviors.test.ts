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
])('refuses %s where it is made', (_what, make, message) => {
  expect(make).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_OPTION',
      message: expect.stringContaining(message),
    }),
  )
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
