import { expect, test } from 'vitest'
import type { NodeProcess } from './node-process.ts'
import { contactsOf, Supervisor } from './supervisor.ts'

const timeout = 120_000

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a node ended by %s is unreachable for all who are left, and still a member',
  { timeout },
  async (signal) => {
    await using supervisor = new Supervisor()
    const [victim, ...survivors] = (await supervisor.startCluster(5)).toReversed()
    if (!victim) throw new Error('Five were started.')
    victim.send(signal)
    await supervisor.until(
      'all survivors find it unreachable',
      () => survivors.every(({ view }) => view.unreachable.includes(victim.key)),
      survivors,
    )
    for (const { view } of survivors) {
      expect(view.unreachable).toEqual([victim.key])
      expect(view.members[victim.key]).toBe('up')
    }
  },
)

test(
  'restarted at once at its address, twenty times: the old incarnation goes, the new one is up',
  { timeout: 240_000 },
  async () => {
    await using supervisor = new Supervisor()
    const [seed, second, first] = await supervisor.startCluster(3)
    if (!seed || !second || !first) throw new Error('Three were started.')
    const survivors = [seed, second]
    let current: NodeProcess = first
    for (let life = 1; life <= 20; life++) {
      const old = current
      old.send('SIGKILL')
      await supervisor.untilEnded(old)
      current = await supervisor.start({ port: old.port, contacts: contactsOf(seed, second) })
      await supervisor.untilAllUp([...survivors, current])
      for (const survivor of survivors) {
        const told = survivor.events.filter(({ subject }) => subject === old.key)
        expect(told.slice(-2).map(({ type }) => type)).toEqual(['member-downed', 'member-removed'])
      }
      expect(Number(current.key.split('#')[1])).toBeGreaterThan(Number(old.key.split('#')[1]))
    }
  },
)

test(
  'the seed itself, restarted at its address, joins its old cluster again',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const [seed, ...others] = await supervisor.startCluster(3)
    if (!seed) throw new Error('Three were started.')
    seed.send('SIGKILL')
    await supervisor.untilEnded(seed)
    const contacts = {
      type: 'list',
      addresses: [seed, ...others].map(({ address }) => address),
    } as const
    const again = await supervisor.start({ port: seed.port, contacts })
    await supervisor.untilAllUp([...others, again])
    expect(again.view.clusterId).toBe(seed.key)
  },
)

test('a node that leaves goes through every status, and is no accident', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const [seed, leaving, other] = await supervisor.startCluster(3)
  if (!seed || !leaving || !other) throw new Error('Three were started.')
  leaving.tell({ type: 'leave' })
  await supervisor.untilAllUp([seed, other])
  await supervisor.untilEnded(leaving)
  expect(leaving.reportsOf('left')).toHaveLength(1)
  for (const { events } of [seed, other]) {
    const told = events.filter(({ subject }) => subject === leaving.key).map(({ type }) => type)
    expect(told).not.toContain('member-unreachable')
    expect(told).not.toContain('member-downed')
    expect(told.at(-1)).toBe('member-removed')
  }
})

test(
  'a node that was downed stops, and its address is free for a new life',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const [seed, downed, other] = await supervisor.startCluster(3)
    if (!seed || !downed || !other) throw new Error('Three were started.')
    seed.tell({ type: 'down', address: downed.address })
    await supervisor.untilAllUp([seed, other])
    await supervisor.until('it hears of it', () =>
      downed.events.some(({ type }) => type === 'cluster-shutting-down'),
    )
    expect(downed.events.map(({ type }) => type)).toContain('self-downed')
    const again = await supervisor.start({ port: downed.port, contacts: contactsOf(seed) })
    await supervisor.untilAllUp([seed, other, again])
  },
)

test('node processes end with their supervisor', { timeout }, async () => {
  await using supervisor = new Supervisor()
  const [seed, other] = await supervisor.startCluster(2)
  if (!seed || !other) throw new Error('Two were started.')
  for (const node of [seed, other]) node.disconnect()
  await supervisor.untilEnded(seed)
  await supervisor.untilEnded(other)
  expect([seed.signal, other.signal]).toEqual([null, null])
})

test(
  'a supervisor that is disposed of leaves no process behind, not even one that stands still',
  { timeout },
  async () => {
    const supervisor = new Supervisor()
    const nodes = await supervisor.startCluster(3)
    nodes[1]?.send('SIGSTOP')
    await supervisor[Symbol.asyncDispose]()
    expect(nodes.map(({ pid }) => isRunning(pid))).toEqual([false, false, false])
  },
)

function isRunning(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false // No such process.
  }
}
