// More than one node at a time.
import { expect, test } from 'vitest'
import type { NodeProcess } from './node-process.ts'
import { contactsOf, Supervisor } from './supervisor.ts'

const timeout = 120_000

test.each([
  [2, 5],
  [3, 5],
  [2, 3],
])(
  '%i of %i killed at once are unreachable for all who are left',
  { timeout },
  async (killed, size) => {
    await using supervisor = new Supervisor()
    const nodes = await supervisor.startCluster(size)
    const [victims, survivors] = [nodes.slice(0, killed), nodes.slice(killed)]
    for (const victim of victims) victim.send('SIGKILL')
    await supervisor.until(
      'all survivors find them unreachable',
      () => survivors.every(({ view }) => view.unreachable.length === killed),
      survivors,
    )
    const expected = victims.map(({ key }) => key).toSorted()
    for (const { view } of survivors) expect([...view.unreachable].toSorted()).toEqual(expected)
  },
)

test(
  'all killed at once, and started again at their addresses, form one cluster',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const former = await supervisor.startCluster(5)
    for (const node of former) node.send('SIGKILL')
    for (const node of former) await supervisor.untilEnded(node)
    const nodes = startAll(supervisor, former)
    await supervisor.untilAllUp(nodes)
    expect(new Set(nodes.map(({ view }) => view.clusterId)).size).toBe(1)
  },
)

test(
  'all killed and started again one after the other, the first contact last, form one cluster',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const former = await supervisor.startCluster(3)
    for (const node of former) node.send('SIGKILL')
    for (const node of former) await supervisor.untilEnded(node)
    const contacts = contactsOf(...former)
    const nodes: NodeProcess[] = []
    for (const { port } of former.toReversed())
      nodes.push(await supervisor.start({ port, contacts }))
    await supervisor.untilAllUp(nodes)
    expect(new Set(nodes.map(({ view }) => view.clusterId))).toEqual(new Set([nodes.at(-1)?.key]))
  },
)

test(
  'while five join, one of them and a member are killed: the others are up',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const members = await supervisor.startCluster(3)
    const [survivor, other, victim] = members
    const settings = { contacts: contactsOf(...members) }
    const [doomed, ...joiners] = Array.from({ length: 5 }, () => supervisor.fork(settings))
    if (!doomed || !survivor || !other || !victim) throw new Error('They were started.')
    await supervisor.until(
      'the first joiner is taken in',
      () => doomed.listening !== undefined && survivor.view.members[doomed.key] !== undefined,
    )
    for (const node of [victim, doomed]) node.send('SIGKILL')
    await supervisor.until('the others listen', () => joiners.every(({ listening }) => listening))
    for (const { address } of [victim, doomed]) survivor.tell({ type: 'down', address })
    const alive = [survivor, other, ...joiners]
    await supervisor.untilAllUp(alive)
    expect(new Set(alive.map(({ view }) => view.clusterId)).size).toBe(1)
  },
)

/** Starts nodes at the addresses of others, all at once, each knowing all. */
function startAll(supervisor: Supervisor, former: readonly NodeProcess[]): readonly NodeProcess[] {
  const contacts = contactsOf(...former)
  return former.map(({ port }) => supervisor.fork({ port, contacts }))
}
