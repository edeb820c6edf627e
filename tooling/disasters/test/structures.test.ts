// Five processes over TCP that keep structures on disks of their own, and users on all of them and outside. Whatever
// happens to nodes, what they see is what one would see who had all to itself.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { shardOf } from '@casty/sharding'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fleet } from '../src/fleet.ts'
import type { NodeProcess } from '../src/node-process.ts'
import type { Act, ActValue } from '../src/structures/acts.ts'
import { StructuresUsers } from '../src/structures/users.ts'

const size = 5
const usersPerNode = 2
/** CASTY_DISASTER_MINUTES=30 for a long run, of all disasters again and again; otherwise three of them happen once. */
const minutes = Number(process.env['CASTY_DISASTER_MINUTES'] ?? 0)
const timeout = 300_000 + minutes * 60_000
/** Under load, before and after something happens. */
const calmMs = 300
const mostTries = 5

let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'casty-structures-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

interface Scene {
  readonly fleet: Fleet
  readonly users: StructuresUsers
}

type Disaster = readonly [name: string, happens: (scene: Scene) => Promise<void>]

const brief: readonly Disaster[] = [
  ['the holder of a lock stands still for longer than its lease', stopHolder],
  ['who keeps a lock, and the coordinator, are killed', killOwners],
  ['all are killed, and start again', async ({ fleet }) => await fleet.restartAll()],
]

const all: readonly Disaster[] = [
  ...brief,
  ['each is restarted in turn', restartEach],
  ['one is killed', killOne],
  ['one stands still, and is taken for lost', stopOne],
]

test(
  'structures keep their promises when nodes stand still, are killed, or all begin anew',
  { timeout },
  async () => {
    const keepingOf = (index: number) =>
      ({ type: 'structures', directory: join(directory, `node-${index}`) }) as const
    await using fleet = await Fleet.start(size, keepingOf)
    await using users = await StructuresUsers.connect(fleet, 1)
    await users.untilServed()
    if (minutes === 0) await suffer({ fleet, users }, brief)
    const beganAt = performance.now()
    for (let round = 0; performance.now() - beganAt < minutes * 60_000; round++) {
      const disaster = all[round % all.length]
      if (disaster) await suffer({ fleet, users }, [disaster])
    }
    expect(fleet.holdings.refused).toBeGreaterThan(0)
  },
)

/** Has users meet disasters, and judges what they saw. */
async function suffer({ fleet, users }: Scene, disasters: readonly Disaster[]): Promise<void> {
  users.start(usersPerNode)
  for (const [name, happens] of disasters) {
    await pause(calmMs)
    const beganAt = performance.now()
    await happens({ fleet, users })
    await users.untilServed()
    if (minutes > 0) {
      const { answered, unknown } = users.counts
      const took = ((performance.now() - beganAt) / 1_000).toFixed(1)
      console.log(`${took} s: ${name}; ${answered} answers, ${unknown} unknown, ${fleet.holdings.count} leases`) // prettier-ignore
    }
  }
  await users.untilAnswered(300)
  await users.stop()
  expect(await users.judge()).toEqual([])
}

/** Where all is slow, the first may lose it before it stands still: then what it writes late is still taken. */
async function stopHolder({ fleet }: Scene): Promise<void> {
  let tries = 0
  while (await wasTakenLate(fleet)) expect(++tries).toBeLessThan(mostTries)
  await fleet.untilAgreed()
}

/** The holder of a lock is neither who keeps it nor the coordinator: so nothing but its lease is in question. */
async function wasTakenLate(fleet: Fleet): Promise<boolean> {
  const { holdings } = fleet
  const [holder, other] = fleet.except(fleet.coordinator, fleet.ownerOf(partOf('held')))
  if (!holder || !other) throw new Error('Nobody is apart.')
  const hold = { type: 'hold', kind: 'lock', name: 'held', waitMs: 60_000 } as const
  const before = holdings.believedOf('lock held')
  const held = holding(holder, { ...hold, holdMs: 600_000 })
  await fleet.until('it has the lock', () => holdings.believedOf('lock held') > before)
  holder.send('SIGSTOP')
  const fence = holdings.believedOf('lock held')
  while (holdings.highestOf('lock held') <= fence) await other.use({ ...hold, holdMs: 100 })
  holder.send('SIGCONT')
  const value = await held
  expect(value).toMatchObject({ end: 'lost' })
  return value !== null && typeof value === 'object' && 'end' in value && value.wasTakenLate
}

/** Resolves when it holds it no more: it may be too slow to get it at once. */
async function holding(node: NodeProcess, hold: Act): Promise<ActValue> {
  for (;;) {
    const outcome = await node.use(hold)
    if (outcome?.type === 'ok') return outcome.value
    if (!outcome) throw new Error(`It ended: ${node.describe()}`)
  }
}

async function killOwners({ fleet, users }: Scene): Promise<void> {
  const victims = [...new Set([fleet.ownerOf(partOf('held')), fleet.coordinator])]
  await kill(victims, { fleet, users })
}

async function killOne({ fleet, users }: Scene): Promise<void> {
  const [victim] = fleet.alive
  if (victim) await kill([victim], { fleet, users })
}

async function kill(victims: readonly NodeProcess[], { fleet, users }: Scene): Promise<void> {
  for (const victim of victims) victim.send('SIGKILL')
  await fleet.until('they are gone', () => victims.every(({ hasEnded }) => hasEnded))
  await users.untilServed()
  for (const victim of victims) await fleet.replace(victim)
  await fleet.untilAgreed()
}

async function restartEach({ fleet }: Scene): Promise<void> {
  for (const node of fleet.alive) {
    node.leave()
    await fleet.until('it has left', () => node.hasEnded)
    await fleet.replace(node)
    await fleet.untilAgreed()
  }
}

async function stopOne({ fleet, users }: Scene): Promise<void> {
  const [, node] = fleet.alive
  if (!node) return
  node.send('SIGSTOP')
  const others = fleet.except(node)
  await fleet.until('it is taken for lost', () =>
    others.every(({ view }) => !view.up.includes(node.key)),
  )
  await users.untilServed(others)
  node.send('SIGCONT')
  await fleet.untilAgreed()
}

/** The entity that keeps a lock. */
function partOf(name: string): string {
  return `lock/${shardOf(name, 100)}`
}
