// A node that stands still for a while is slow, not dead: it may be unreachable meanwhile, but nothing
// may come of it, and it must not blame the others for what it missed. These tests mostly wait, so they
// run side by side.
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { NodeProcess } from './node-process.ts'
import { areAllUp, Supervisor } from './supervisor.ts'

const timeout = 120_000

test.concurrent(
  'nobody is downed for standing still for 5 s, and all are reachable again',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const nodes = await supervisor.startCluster(5)
    const stopped = last(nodes)
    stopped.send('SIGSTOP')
    await pause(5_000)
    stopped.send('SIGCONT')
    await untilHealed(supervisor, nodes)
    expect(downings(nodes)).toEqual([])
    expect(accusationsBy(stopped, nodes)).toEqual([])
  },
)

test.concurrent(
  'a process that stands still is found unreachable, and heals once it goes on',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const nodes = await supervisor.startCluster(5)
    const stopped = last(nodes)
    const others = nodes.filter((node) => node !== stopped)
    stopped.send('SIGSTOP')
    await supervisor.until('the others find it unreachable', () =>
      others.every(({ view }) => view.unreachable.includes(stopped.key)),
    )
    stopped.send('SIGCONT')
    await untilHealed(supervisor, nodes)
    expect(downings(nodes)).toEqual([])
    expect(accusationsBy(stopped, nodes)).toEqual([])
  },
)

test.concurrent(
  'a node whose event loop was blocked for 3 s accuses nobody, and is not accused for good',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const nodes = await supervisor.startCluster(5)
    const blocked = last(nodes)
    blocked.tell({ type: 'block', forMs: 3_000 })
    await supervisor.until('it goes on', () => blocked.reportsOf('unblocked').length > 0)
    await untilHealed(supervisor, nodes)
    expect(downings(nodes)).toEqual([])
    expect(accusationsBy(blocked, nodes)).toEqual([])
  },
)

test.concurrent(
  'when all but one stand still for 4 s, all are up again afterwards',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const nodes = await supervisor.startCluster(4)
    const stopped = nodes.slice(1)
    for (const node of stopped) node.send('SIGSTOP')
    await pause(4_000)
    for (const node of stopped) node.send('SIGCONT')
    await untilHealed(supervisor, nodes)
    expect(downings(nodes)).toEqual([])
  },
)

/** All up everywhere, and still so when the suspicions that a stall holds back (1 s) and probes (1 s) are due. */
async function untilHealed(supervisor: Supervisor, nodes: readonly NodeProcess[]): Promise<void> {
  await supervisor.untilAllUp(nodes)
  const seenBefore = nodes.map(({ events }) => events.length)
  await pause(2_500)
  await supervisor.untilAllUp(nodes)
  const since = nodes.flatMap(({ events }, index) => events.slice(seenBefore[index]))
  expect(since.filter(({ type }) => type === 'member-unreachable')).toEqual([])
  expect(areAllUp(nodes)).toBe(true)
}

function downings(nodes: readonly NodeProcess[]): readonly string[] {
  const ends = new Set(['member-downed', 'member-removed', 'self-downed', 'cluster-shutting-down'])
  return nodes
    .flatMap(({ events }) => events.map(({ type }) => type))
    .filter((type) => ends.has(type))
}

/** What `observer` ever held against anybody, in anybody's view. */
function accusationsBy(observer: NodeProcess, nodes: readonly NodeProcess[]): readonly string[] {
  const all = nodes.flatMap(({ views }) => views.flatMap(({ accusations }) => accusations))
  return [...new Set(all)].filter((accusation) => accusation.startsWith(`${observer.key}>`))
}

function last(nodes: readonly NodeProcess[]): NodeProcess {
  const node = nodes.at(-1)
  if (!node) throw new Error('Some were started.')
  return node
}
