// One node in a process of its own, with everything as it comes: it hosts registers, asks them what the fleet
// wants to know, starts anew when it was downed, and ends with its fleet.
import { flushCompileCache } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { ActorSystem } from '@casty/actor'
import { postgresJournal } from '@casty/journal-postgres'
import type { Cluster } from '@casty/membership'
import { Remoting } from '@casty/remote'
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
  type NodeSettings,
  type Report,
  type View,
} from './protocol.ts'
import { register, type Command } from './register.ts'

/** What there is as long as the node is one and the same member. */
interface Life {
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly sharding: Sharding
  readonly registers: EntityRegion<Command>
}

const askTimeoutMs = 10_000
const viewIntervalMs = 100
const readIntervalMs = 100

process.on('disconnect', () => process.exit(0))
const { report, fail } = parent<Report>()

// The fleet is the only one to start this program, and passes settings.
const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings
const { name, port, relay, contacts, connectionString } = settings
const journal = postgresJournal({ connectionString, maxConnections: 3 })
const tcp = tcpTransport()

let life: Life | undefined
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
  for (const key of keys) if (life && isHere(life, key)) void readHere(life, key)
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
  const registers = sharding.start<Command>({
    name: 'register',
    numShards,
    entity: ({ entityId, epoch }) => register(`${name}/${entityId}`, epoch, journal),
  })
  life = { cluster, system, sharding, registers }
  report({ type: 'life-began', address: String(cluster.self.address), key: cluster.self.key })
}

async function obey(instruction: Instruction): Promise<void> {
  switch (instruction.type) {
    case 'ask':
      return await ask(instruction)
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
    if (!life) throw new Error('There is no life of this node yet.')
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

function isHere({ registers }: Life, key: string): boolean {
  return registers.explain(registers.shardOf(key)).route === 'here'
}

async function readHere({ registers }: Life, entityId: string): Promise<void> {
  const invokedAt = sharedNow()
  try {
    const answer = await registers.ask<Answer>(entityId, (replyTo) => ({ type: 'read', replyTo }))
    report({ type: 'read', entityId, answer, invokedAt, completedAt: sharedNow() })
  } catch {
    // A read that was not answered says nothing.
  }
}

function viewOf({ cluster, sharding, registers }: Life): View {
  const { members, unreachable } = cluster.getState()
  return {
    up: members
      .filter(({ status, key }) => status === 'up' && !unreachable.has(key))
      .map(({ key }) => key)
      .toSorted(),
    memberCount: members.length,
    coordinator: sharding.explain().coordinator,
    owners: Array.from({ length: numShards }, (_, shard) => registers.explain(shard).owner),
  }
}

function explanation(): string {
  if (!life) return 'has not begun'
  const { cluster, sharding, registers } = life
  const { summary, suspicions, downing } = cluster.explain()
  const waiting = Array.from({ length: numShards }, (_, shard) => registers.explain(shard))
    .filter((shard) => shard.waiting > 0)
    .map((shard) => `${shard.shard}: ${shard.summary}`)
  return JSON.stringify({ summary, suspicions, downing, sharding: sharding.explain(), waiting })
}
