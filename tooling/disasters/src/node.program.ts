// One node in a process of its own, with everything as it comes: it hosts registers, asks them what the fleet
// wants to know, starts anew when it was downed, and ends with its fleet.
import { flushCompileCache } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { ActorSystem } from '@casty/actor'
import { Distributed } from '@casty/ddata'
import { openFileJournal } from '@casty/journal-file'
import { postgresJournal } from '@casty/journal-postgres'
import type { Cluster } from '@casty/membership'
import type { EventJournal } from '@casty/persistence'
import { ClientAccess, Remoting } from '@casty/remote'
import { superviseCluster } from '@casty/sbr'
import { Sharding, type EntityRegion } from '@casty/sharding'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { relayedTransport } from 'casty-relay'
import { parent } from '../../child-process/index.ts'
import {
  keys,
  numShards,
  sharedNow,
  type Answer,
  type Instruction,
  type Keeping,
  type NodeSettings,
  type Report,
  type View,
} from './protocol.ts'
import { register, type Command } from './register.ts'
import { StructuresUser } from './structures/acts.ts'
import { structuresRegion, type UserPort } from './structures/settings.ts'

/** What there is as long as the node is one and the same member. */
interface Life {
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly sharding: Sharding
  /** Of what it hosts. */
  readonly region: EntityRegion<never>
  readonly registers: EntityRegion<Command> | undefined
  readonly user: StructuresUser | undefined
}

const askTimeoutMs = 10_000
const viewIntervalMs = 100
const readIntervalMs = 100

process.on('disconnect', () => process.exit(0))
const { report, fail } = parent<Report>()

// The fleet is the only one to start this program, and passes settings.
const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings
const { name, port, relay, contacts, keeping } = settings
const journal = await journalOf(keeping)
const tcp = tcpTransport()

let life: Life | undefined

/** Writes to the resource that are not answered yet. */
const writes = new Map<number, (isTaken: boolean) => void>()
let written = 0
const userPort: UserPort = {
  granted: (grant) => report({ type: 'granted', grant }),
  believes: (belief) => report({ type: 'believes', belief }),
  write: (key, fence) =>
    new Promise((resolve) => {
      const id = written++
      writes.set(id, resolve)
      report({ type: 'writes', id, key, fence })
    }),
}

const supervisor = await superviseCluster(
  {
    transport: relay === undefined ? tcp : relayedTransport(tcp, NodeAddress.parse(relay)),
    name,
    port,
    seedNodes: contacts,
    eventLoopDelay: monitorEventLoopDelay({ resolution: 20 }),
  },
  { onStart: begin },
).catch(fail)
// By the time that it is killed it is too late, and the next process would compile all of it again.
flushCompileCache()

let viewReported = ''
setInterval(() => {
  if (!life) return
  const view = viewOf(life)
  const text = JSON.stringify(view)
  if (text === viewReported) return
  viewReported = text
  report({ type: 'view', view })
}, viewIntervalMs)

// A process that stood still runs timers before it hears anything of anybody: these are the first to ask.
setInterval(() => {
  const registers = life?.registers
  if (!registers) return
  for (const key of keys) if (isHere(registers, key)) void readHere(registers, key)
}, readIntervalMs)

process.on('message', (message) => {
  // Only the fleet sends, and it sends instructions.
  obey(message as Instruction).catch(fail)
})

async function begin(cluster: Cluster): Promise<void> {
  await life?.system[Symbol.asyncDispose]()
  const system = new ActorSystem()
  const remoting = Remoting.attach({ system, cluster })
  const sharding = Sharding.attach({ system, cluster, remoting })
  life = { cluster, system, sharding, ...hosted(system, sharding, remoting) }
  report({ type: 'life-began', address: String(cluster.self.address), key: cluster.self.key })
}

async function journalOf(kept: Keeping): Promise<EventJournal> {
  if (kept.type === 'structures') return await openFileJournal({ directory: kept.directory })
  return postgresJournal({ connectionString: kept.connectionString, maxConnections: 3 })
}

function hosted(
  system: ActorSystem,
  sharding: Sharding,
  remoting: Remoting,
): Pick<Life, 'region' | 'registers' | 'user'> {
  if (keeping.type === 'structures') {
    const access = new ClientAccess(remoting)
    system.beforeShutdown('drain', () => access[Symbol.dispose](), { name: 'let clients go' })
    // Any two of five may be lost at once.
    const replication = { copies: 5, ack: 3 }
    const distributed = new Distributed({ system, sharding }, { journal, numShards, replication })
    const user = new StructuresUser(distributed, userPort)
    return { region: structuresRegion(sharding), registers: undefined, user }
  }
  const registers = sharding.start<Command>({
    name: 'register',
    numShards,
    entity: ({ entityId, epoch }) => register(`${name}/${entityId}`, epoch, journal),
  })
  // Which messages it takes is no matter to who only looks at it.
  const region = registers as EntityRegion<unknown> as EntityRegion<never>
  return { region, registers, user: undefined }
}

async function obey(instruction: Instruction): Promise<void> {
  switch (instruction.type) {
    case 'ask':
      return await ask(instruction)
    case 'use':
      return await use(instruction)
    case 'written':
      writes.get(instruction.id)?.(instruction.isTaken)
      writes.delete(instruction.id)
      return
    case 'leave':
      await supervisor.leave()
      report({ type: 'left' }, () => process.exit(0))
      return
    case 'explain':
      report({ type: 'explanation', text: explanation() })
  }
}

async function ask({
  id,
  entityId,
  question,
}: Extract<Instruction, { readonly type: 'ask' }>): Promise<void> {
  try {
    if (!life?.registers) throw new Error('There is no life of this node yet.')
    const answer = await life.registers.ask<Answer>(
      entityId,
      (replyTo) => ({ ...question, replyTo }),
      { timeoutMs: askTimeoutMs },
    )
    report({ type: 'answered', id, answer })
  } catch (error) {
    report({ type: 'not-answered', id, why: String(error) })
  }
}

async function use({ id, act }: Extract<Instruction, { readonly type: 'use' }>): Promise<void> {
  const outcome = await life?.user?.perform(act)
  const none = {
    type: 'failed',
    applied: 'no',
    code: 'none',
    message: 'It has not begun.',
  } as const
  report({ type: 'used', id, outcome: outcome ?? none })
}

function isHere(registers: EntityRegion<Command>, key: string): boolean {
  return registers.explain(registers.shardOf(key)).route === 'here'
}

async function readHere(registers: EntityRegion<Command>, entityId: string): Promise<void> {
  const invokedAt = sharedNow()
  try {
    const answer = await registers.ask<Answer>(entityId, (replyTo) => ({ type: 'read', replyTo }))
    report({ type: 'read', entityId, answer, invokedAt, completedAt: sharedNow() })
  } catch {
    // A read that was not answered says nothing.
  }
}

function viewOf({ cluster, sharding, region }: Life): View {
  const { members, unreachable } = cluster.getState()
  return {
    up: members
      .filter(({ status, key }) => status === 'up' && !unreachable.has(key))
      .map(({ key }) => key)
      .toSorted(),
    memberCount: members.length,
    coordinator: sharding.explain().coordinator,
    owners: Array.from({ length: numShards }, (_, shard) => region.explain(shard).owner),
  }
}

function explanation(): string {
  if (!life) return 'has not begun'
  const { cluster, sharding, region } = life
  const { summary, suspicions, watched, doubt, downing } = cluster.explain()
  const waiting = Array.from({ length: numShards }, (_, shard) => region.explain(shard))
    .filter((shard) => shard.waiting > 0)
    .map((shard) => `${shard.shard}: ${shard.summary}`)
  const membership = { summary, suspicions, watched, doubt, downing }
  return JSON.stringify({ ...membership, sharding: sharding.explain(), waiting })
}
