// Five processes over TCP, their entities event-sourced in one PostgreSQL, and clients that read and write all
// the while. Whatever happens to nodes and network, clients see registers, and no acknowledged write is lost.
// These tests mostly wait, so they run side by side.
import { setTimeout as pause } from 'node:timers/promises'
import { postgresJournal, type PostgresJournal } from '@casty/journal-postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresPrograms, PostgresServer } from '../../postgres/index.ts'
import { Clients } from '../src/clients.ts'
import { Fleet } from '../src/fleet.ts'
import { judge } from '../src/judge.ts'
import type { NodeProcess } from '../src/node-process.ts'
import { keys } from '../src/protocol.ts'

const size = 5
const clientsPerNode = 2
/** How often each disaster happens in its test; CASTY_DISASTERS=20 for a long run. */
const rounds = Number(process.env['CASTY_DISASTERS'] ?? 1)
/** Nothing takes nearly as long: what hangs says so itself, after `patienceMs` of clients and fleet. */
const timeout = 60_000 + rounds * 600_000
/** Under load, before something happens. */
const calmMs = 500
const stoppedMs = 20_000

const programs = await postgresPrograms()
if ('missing' in programs) console.log(`Skipped, for want of a server: ${programs.missing}`)

let server: PostgresServer | undefined
let journal: PostgresJournal | undefined

beforeAll(async () => {
  if ('missing' in programs) return
  server = await PostgresServer.start(programs, { max_connections: '200' })
  journal = postgresJournal({ connectionString: server.connectionString() })
  await journal.ensureTables()
}, 300_000)

afterAll(async () => {
  await journal?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

describe.skipIf('missing' in programs)('of five nodes under load', () => {
  test.concurrent(
    'the owner of an entity, the coordinator, or both are killed, and the others go on',
    { timeout },
    async () =>
      await underLoad(async ({ fleet, clients }) => {
        const disasters: (() => readonly NodeProcess[])[] = [
          () => [ownerApart(fleet)],
          () => [fleet.coordinator],
          () => [ownerApart(fleet), fleet.coordinator],
        ]
        for (const victimsOf of disasters) {
          const victims = victimsOf()
          for (const victim of victims) victim.send('SIGKILL')
          await fleet.until('they are gone', () => victims.every(({ hasEnded }) => hasEnded))
          await clients.untilServed()
          for (const victim of victims) await fleet.replace(victim)
          await fleet.untilAgreed()
        }
      }),
  )

  test.concurrent(
    'each is restarted in turn, and those that stay answer everything meanwhile',
    { timeout },
    async () =>
      await underLoad(async ({ fleet }) => {
        for (const node of fleet.alive) {
          const staying = fleet.except(node)
          node.leave()
          await fleet.until('it has left', () => node.hasEnded)
          expect(staying.flatMap(({ unanswered }) => unanswered)).toEqual([])
          await fleet.replace(node)
          await fleet.untilAgreed()
        }
      }),
  )

  test.concurrent(
    'an owner stands still for 20 s, and knows when it goes on that others took over',
    { timeout },
    async () =>
      await underLoad(async ({ fleet, clients }) => {
        const owner = ownerApart(fleet)
        const others = fleet.except(owner)
        owner.send('SIGSTOP')
        const resumed = pause(stoppedMs).then(() => owner.send('SIGCONT'))
        await clients.untilServed(others)
        // It will read them as soon as it goes on, and must not answer with what it remembers.
        const readLate = clients.readThrough(owner)
        await resumed
        await readLate
        await fleet.untilAgreed()
      }),
  )

  test.concurrent(
    'two are cut off from three, which take over, and come back when the network does',
    { timeout },
    async () =>
      await underLoad(
        async ({ fleet, clients }) => {
          const [left, right] = [fleet.alive.slice(0, 2), fleet.alive.slice(2)]
          fleet.partition(left, right)
          await clients.untilServed(right)
          await fleet.untilAgreed(right)
          fleet.heal()
          await fleet.untilAgreed()
        },
        { cuttable: true },
      ),
  )
})

interface Scene {
  readonly fleet: Fleet
  readonly clients: Clients
}

/** Has a disaster happen to a fleet of its own, as often as is wished, and judges what its clients saw. */
async function underLoad(
  disaster: (scene: Scene) => Promise<void>,
  options?: { readonly cuttable: boolean },
): Promise<void> {
  if (!server || !journal) throw new Error('There is no journal.')
  const keeping = { type: 'registers', connectionString: server.connectionString() } as const
  await using fleet = await Fleet.start(size, () => keeping, options)
  const clients = new Clients(fleet, 1)
  clients.start(clientsPerNode)
  for (let round = 0; round < rounds; round++) {
    await pause(calmMs)
    await disaster({ fleet, clients })
    await clients.untilServed()
  }
  await clients.stop()
  const verdict = await judge(clients.history(), journal, fleet.name)
  expect(verdict).toMatchObject({ contradictions: [], lost: [], doubled: [], stale: [] })
  expect(verdict.acknowledged).toBeGreaterThan(keys.length)
}

/** An owner that is not the coordinator. */
function ownerApart(fleet: Fleet): NodeProcess {
  const { coordinator } = fleet
  const owner = keys.map((key) => fleet.ownerOf(key)).find((node) => node !== coordinator)
  if (!owner) throw new Error('The coordinator has all entities.')
  return owner
}
