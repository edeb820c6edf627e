// One of several nodes that keep what entities write: the first writes, and tells how much of it was confirmed.
import { ActorSystem, type ActorRef } from '@casty/actor'
import { Cluster } from '@casty/membership'
import { eventSourced, inMemoryJournal } from '@casty/persistence'
import { Remoting } from '@casty/remote'
import { Sharding, type EntityRegion } from '@casty/sharding'
import { tcpTransport } from '@casty/transport-tcp'
import type { ReplicatedReport, ReplicatedTask } from './replicated.ts'

interface Add {
  readonly amount: number
  readonly replyTo: ActorRef<number>
}

const entities = 1_000
const warmUpMs = 10_000
const measuredMs = 1_000

// Written by `replicated.ts` in this folder.
const { replicas, minAcks, inFlight, port } = JSON.parse(process.argv[2] ?? '') as ReplicatedTask
process.on('disconnect', () => process.exit())

const cluster = await Cluster.start({
  name: 'bench',
  transport: tcpTransport(),
  ...(port !== undefined && { seedNodes: [`127.0.0.1:${port}`] }),
})
const system = new ActorSystem()
const remoting = Remoting.attach({ system, cluster })
const sharding = Sharding.attach({ system, cluster, remoting })
const alone = inMemoryJournal({ maxBytes: 1_073_741_824 })
const region = sharding.start<Add>({
  name: 'kept',
  numShards: 64,
  ...(replicas > 0
    ? { replication: { replicas, minAcks, maxCopyBytes: 1_073_741_824 } }
    : { journal: alone }),
  entity: ({ entityId, journal }) =>
    eventSourced<Add, number, number>({
      id: entityId,
      journal,
      initialState: 0,
      snapshots: { every: 1_000, deleteEvents: true },
      onCommand: (_total, { amount, replyTo }, { effects }) =>
        effects.persist(amount).thenReply(replyTo, (total) => total),
      onEvent: (total, amount) => total + amount,
    }),
})
report({ type: 'listening', port: cluster.self.address.port })
if (port === undefined) await write()

async function write(): Promise<void> {
  await cluster.waitFor(replicas + 1)
  while (!isSettled(region)) await pause(50)
  const own = ownIds(region)
  let written = 0
  let next = 0
  const ask = async (): Promise<never> => {
    for (;;) {
      const entityId = own[next++ % own.length] ?? ''
      await region.ask<number>(entityId, (replyTo) => ({ amount: 1, replyTo }))
      written++
    }
  }
  for (let count = 0; count < inFlight; count++) void ask()
  await pause(warmUpMs)
  const [beganAt, before, cpu] = [performance.now(), written, process.cpuUsage()]
  await pause(measuredMs)
  const seconds = (performance.now() - beganAt) / 1_000
  const { user, system: kernel } = process.cpuUsage(cpu)
  const perSecond = (written - before) / seconds
  report({ type: 'written', perSecond, cpuMicros: (user + kernel) / (written - before) })
}

/** All nodes have equally many shards, so that none will move, and those that are to keep copies have all. */
function isSettled({ numShards }: EntityRegion<Add>): boolean {
  const shards = Array.from({ length: numShards }, (_, shard) => region.explain(shard))
  const counts = new Map<string | undefined, number>()
  for (const { owner } of shards) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  return (
    counts.size === replicas + 1 &&
    Math.max(...counts.values()) - Math.min(...counts.values()) < 2 &&
    shards.every(
      ({ owner, movingTo, replication }) =>
        owner !== undefined &&
        movingTo === undefined &&
        (replication?.replicas.length ?? 0) === replicas &&
        replication?.isReplicated !== false,
    )
  )
}

/** Of shards that this node has: so nothing but copies goes to others. */
function ownIds({ shardOf }: Pick<EntityRegion<Add>, 'shardOf'>): readonly string[] {
  const self = cluster.self.toString()
  const ids: string[] = []
  for (let at = 0; ids.length < entities; at++) {
    const id = `kept-${at}`
    if (region.explain(shardOf.call(region, id)).owner === self) ids.push(id)
  }
  return ids
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

function report(message: ReplicatedReport): void {
  process.send?.(message)
}
