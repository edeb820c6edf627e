import { expect, test } from 'vitest'
import { areAllUp, contactsOf, Supervisor } from './supervisor.ts'

const timeout = 120_000

test('five processes find each other over TCP and agree who is up', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const nodes = await supervisor.startCluster(5)
  const views = nodes.map(({ view }) => ({
    ...view,
    members: Object.keys(view.members).toSorted(),
  }))
  expect(new Set(views.map((view) => JSON.stringify(view))).size).toBe(1)
})

test('twenty nodes that join at once are all up', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const seed = await supervisor.start()
  const joiners = Array.from({ length: 20 }, () => supervisor.fork({ contacts: contactsOf(seed) }))
  const nodes = [seed, ...joiners]
  await supervisor.until('all listen', () => joiners.every(({ listening }) => listening), nodes)
  await supervisor.untilAllUp(nodes)
  expect(nodes.flatMap(({ events }) => events).filter(isAccident)).toEqual([])
})

test('after the seed is gone a node joins through another member', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const [seed, ...others] = await supervisor.startCluster(3)
  seed?.tell({ type: 'leave' })
  await supervisor.untilAllUp(others)
  const late = await supervisor.start({ contacts: contactsOf(...(seed ? [seed] : []), ...others) })
  await supervisor.untilAllUp([...others, late])
  expect(areAllUp([...others, late])).toBe(true)
})

test('after the seed was killed a node joins through another member', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const nodes = await supervisor.startCluster(3)
  const [seed, second, third] = nodes
  if (!seed || !second || !third) throw new Error('Three were started.')
  seed.send('SIGKILL')
  await supervisor.until('the seed is unreachable', () =>
    [second, third].every(({ view }) => view.unreachable.includes(seed.key)),
  )
  second.tell({ type: 'down', address: seed.address })
  await supervisor.untilAllUp([second, third])
  const late = await supervisor.start({ contacts: contactsOf(seed, second) })
  await supervisor.untilAllUp([second, third, late])
  expect(late.view.clusterId).toBe(seed.key)
})

test('a discovery function is asked until it names a member', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const [seed, ...others] = await supervisor.startCluster(3)
  if (!seed) throw new Error('Three were started.')
  seed.tell({ type: 'leave' })
  await supervisor.untilAllUp(others)
  const answers = ['fails', [], [seed.address], others.map(({ address }) => address)] as const
  const late = await supervisor.start({ contacts: { type: 'function', answers } })
  await supervisor.untilAllUp([...others, late])
  expect(late.view.clusterId).toBe(seed.key)
})

function isAccident({ type }: { readonly type: string }): boolean {
  return ['member-unreachable', 'member-downed', 'member-removed', 'self-downed'].includes(type)
}
