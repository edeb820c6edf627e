import {
  keepMajority,
  keepOldest,
  splitBrainResolver,
  startCluster,
  superviseCluster,
} from '@casty/sbr'
import { expect, test } from 'vitest'
import { SplitWorld } from './split-world.ts'

// Callers without types may pass anything.
const untyped = <T>(value: unknown): T => value as T
const code = 'CASTY_SBR_INVALID_OPTION'

test('a cluster is not started with a strategy for a resolver, and is told where it goes', async () => {
  const start = startCluster(untyped({ downing: keepOldest() }))
  await expect(start).rejects.toMatchObject({
    code,
    message:
      'Option downing of startCluster() is the strategy "keep-oldest", which needs a resolver to carry ' +
      'it out; write downing: splitBrainResolver({ strategy }).',
  })
})

test.each([null, false, {}])('a cluster is not started with downing %j', async (downing) => {
  const start = startCluster(untyped({ downing }))
  await expect(start).rejects.toMatchObject({ code })
  await expect(start).rejects.toThrow(
    /^Option downing of startCluster\(\) is .*splitBrainResolver\(/,
  )
})

test('a cluster is not started without a config', async () => {
  const start = untyped<() => Promise<never>>(startCluster)()
  await expect(start).rejects.toMatchObject({ code })
  await expect(start).rejects.toThrow(
    /^startCluster\(\) was given no options; allowed is an object/,
  )
})

test('a resolver is not made of a bare strategy, and says where it goes', () => {
  const make = () => splitBrainResolver(untyped(keepMajority()))
  expect(make).toThrow(expect.objectContaining({ code }))
  expect(make).toThrow(/"keep-majority".*; write splitBrainResolver\(\{ strategy \}\)\.$/)
})

test('an option of a resolver that is misspelt is told the nearest name', () => {
  const make = () => splitBrainResolver(untyped({ stableAfter: 5_000 }))
  expect(make).toThrow(
    'Option stableAfter of splitBrainResolver() is not known; allowed is stableAfterMs.',
  )
})

test('a node that is supervised is resolved by majority, in its next life too', async () => {
  await using world = new SplitWorld()
  await world.form('a b c')
  await using supervisor = await superviseCluster({
    transport: world.network.transport({ host: 'd' }),
    host: 'd',
    port: 1,
    insecure: true,
    seedNodes: ['a:1'],
    clock: world.clock,
  })
  const downing = () => supervisor.current.explain().downing
  await world.until(() => world.allUp(4), 10_000)
  expect(downing()).toMatchObject({ strategy: 'keep-majority' })
  world.cluster('a').down(supervisor.current.self)
  await world.until(() => supervisor.restarts === 1 && world.allUp(4), 30_000)
  expect(downing()).toMatchObject({ strategy: 'keep-majority' })
})

test('a supervised node is not started with a strategy for a resolver', async () => {
  const start = superviseCluster(untyped({ downing: keepOldest() }))
  await expect(start).rejects.toThrow(/^Option downing of superviseCluster\(\) is the strategy/)
})

test.each([
  ['strategy.name', { name: ' ' }],
  ['strategy.name', { name: 'two\nlines' }],
  ['strategy.agreement', { agreement: '' }],
])('a strategy is refused whose %s says nothing, or too much', (option, wrong) => {
  const make = () => splitBrainResolver({ strategy: { ...keepMajority(), ...wrong } })
  expect(make).toThrow(expect.objectContaining({ code }))
  expect(make).toThrow(`Option ${option} of splitBrainResolver() is`)
})

test.each([
  ['stableAfterMs', { stableAfterMs: 200 }, 3_000],
  ['downAllWhenUnstable', { downAllWhenUnstable: 1 }, 3_000],
  ['downRemovalMarginMs', { downRemovalMarginMs: 8_999 }, 9_000],
])('a node whose %s breaks promises warns when it starts', async (option, options, leastMs) => {
  await using world = new SplitWorld()
  await world.startWith('a', options)
  const warnings = world.node('a').log.filter(({ level }) => level === 'warn')
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringMatching(new RegExp(`^${option} is .*; raise it to ${leastMs} ms or more`)),
  ])
})

test('a node with the default settings warns of nothing', async () => {
  await using world = new SplitWorld()
  await world.startWith('a', {})
  expect(world.node('a').log.filter(({ level }) => level === 'warn')).toEqual([])
})
