// One of several nodes that host entities, in a process of its own.
import { ActorSystem, Behaviors, type ActorRef } from '@casty/actor'
import { Cluster } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { Sharding, type EntityRegion } from '@casty/sharding'
import { tcpTransport } from '@casty/transport-tcp'
import { sharedNow } from '../membership/messages.ts'
import type { Instruction, Report } from './messages.ts'

interface Ping {
  readonly type: 'ping'
  readonly replyTo?: ActorRef<string>
}

interface Node {
  readonly cluster: Cluster
  readonly region: EntityRegion<Ping>
}

const askTimeoutMs = 30_000
const againMs = 10
/** Messages that may be under way to entities that start. */
const window = 5_000

process.on('disconnect', () => process.exit())
let node: Node | undefined

process.on('message', (message) => {
  // Only the benchmark sends, and it sends instructions.
  obey(message as Instruction).catch((error: unknown) => {
    report({ type: 'failed', message: String(error) })
  })
})
report({ type: 'ready' })

async function obey(instruction: Instruction): Promise<void> {
  if (instruction.type === 'start') {
    node = await start(instruction.contacts, instruction.numShards)
    const { address, key } = node.cluster.self
    report({ type: 'listening', address: String(address), key })
    return
  }
  if (!node) throw new Error('The node was not started.')
  const { cluster, region } = node
  switch (instruction.type) {
    case 'owners': {
      const shards = Array.from({ length: region.numShards }, (_, shard) => region.explain(shard))
      const settled = shards.map((shard) =>
        shard.movingTo === undefined ? shard.owner : undefined,
      )
      report({ type: 'owners', owners: settled })
      return
    }
    case 'probe':
      report({ type: 'probed', at: await probe(region, instruction.shards) })
      return
    case 'activate':
      report({ type: 'activated', ...(await activate(region, instruction.count)) })
      return
    case 'use':
      global.gc?.()
      report({
        type: 'use',
        bytes: process.memoryUsage().heapUsed + process.memoryUsage().external,
        entities: region.statistics().entities,
      })
      return
    case 'leave':
      await cluster.leave()
      report({ type: 'left', at: sharedNow() })
  }
}

async function start(contacts: readonly string[], numShards: number): Promise<Node> {
  const cluster = await Cluster.start({
    name: 'bench',
    transport: tcpTransport(),
    seedNodes: contacts,
  })
  const system = new ActorSystem()
  const remoting = Remoting.attach({ system, cluster })
  const sharding = Sharding.attach({ system, cluster, remoting })
  const entity = Behaviors.receive<Ping>(({ replyTo }) => replyTo?.tell('pong'))
  const region = sharding.start<Ping>({
    name: 'pinged',
    numShards,
    entity: () => entity,
    idleTimeoutMs: 3_600_000, // Idle they are to be, and there all the same.
  })
  return { cluster, region }
}

async function probe(
  region: EntityRegion<Ping>,
  shards: readonly number[],
): Promise<readonly number[]> {
  return await Promise.all(
    shards.map(async (shard) => {
      const entityId = idIn(region, shard)
      for (;;) {
        try {
          await ask(region, entityId)
          return sharedNow()
        } catch {
          await new Promise((resolve) => setTimeout(resolve, againMs)) // What was on its way is lost.
        }
      }
    }),
  )
}

async function ask(region: EntityRegion<Ping>, entityId: string): Promise<string> {
  return await region.ask<string>(entityId, (replyTo) => ({ type: 'ping', replyTo }), {
    timeoutMs: askTimeoutMs,
  })
}

const ids = new Map<number, string>()

/** The id of some entity of a shard. */
function idIn(region: EntityRegion<Ping>, shard: number): string {
  for (let tried = 0; !ids.has(shard); tried++) {
    const shardOfIt = region.shardOf(`probed-${tried}`)
    if (!ids.has(shardOfIt)) ids.set(shardOfIt, `probed-${tried}`)
  }
  return ids.get(shard) ?? ''
}

/** Asks each, so that none is counted that did not start. */
async function activate(
  region: EntityRegion<Ping>,
  count: number,
): Promise<{ readonly tookMs: number; readonly tookCpuMs: number }> {
  const beganAt = performance.now()
  const used = process.cpuUsage()
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) await ask(region, `entity-${next++}`)
  }
  await Promise.all(Array.from({ length: window }, work))
  const { user, system } = process.cpuUsage(used)
  return { tookMs: performance.now() - beganAt, tookCpuMs: (user + system) / 1_000 }
}

function report(message: Report): void {
  if (process.connected) process.send?.(message)
}
