// What it costs to agree on many shards: cores of five nodes in one process, every message as bytes, no network.
// Prints JSON: processor time of all five together, and what they said, in each phase.
//
// node --conditions=@casty/source packages/sharding/bench/agreement.ts [shards]
import { NodeIdentity } from '@casty/transport'
import {
  coreDefaults,
  decodeShardingMessage,
  encodeShardingMessage,
  ShardingCore,
  type CoreEffect,
  type CoreEvent,
  type ShardRow,
  type ViewMember,
} from '@casty/sharding'

const numShards = Number(process.argv[2] ?? 10_000)
const nodes = [1, 2, 3, 4, 5].map((number) => NodeIdentity.parse(`n${number}:1#1`))
const cores = new Map(
  nodes.map((self) => [self.key, new ShardingCore({ ...coreDefaults, self }, 0)]),
)
const queue: (readonly [NodeIdentity, CoreEvent])[] = []
const dead = new Set<NodeIdentity>()
const results: Record<string, unknown>[] = []
let [now, messages, bytes] = [0, 0, 0]

function step(node: NodeIdentity, event: CoreEvent): void {
  const effects = dead.has(node)
    ? []
    : cores.get(node.key)?.step(event, { now, wallNow: 1e12 + now })
  for (const effect of effects ?? []) perform(node, effect)
}

function perform(node: NodeIdentity, effect: CoreEffect): void {
  if (effect.type === 'send') {
    const frame = encodeShardingMessage(effect.message)
    messages++
    bytes += frame.length
    const to = nodes.find(({ key }) => key === effect.to.key)
    const message = decodeShardingMessage(frame)
    if (to) queue.push([to, { type: 'message-received', from: node, message }])
  } else if (effect.type === 'table-committed') {
    for (const { typeName, shard, row } of effect.changes) {
      if (row.owner?.key !== node.key || !row.movingTo) continue
      queue.push([node, { type: 'shard-released', shard: { typeName, shard, epoch: row.epoch } }])
    }
  }
}

/** What is said in one millisecond arrives in the next. */
function run(isOver: () => boolean): void {
  for (; !isOver(); now++) {
    for (const [node, event] of queue.splice(0)) step(node, event)
    for (const node of nodes) {
      const deadline = cores.get(node.key)?.nextDeadline(now) ?? Number.POSITIVE_INFINITY
      if (!dead.has(node) && deadline <= now) step(node, { type: 'deadline-reached' })
    }
  }
}

function tellAll(): void {
  const members = nodes.map((node, index): ViewMember => {
    return { node, status: 'up', upNumber: index + 1, isReachable: !dead.has(node) }
  })
  for (const node of nodes) step(node, { type: 'members-changed', members })
}

/** The table as the youngest node has it, which never dies here. */
function rows(): readonly ShardRow[] {
  return cores.get(nodes[4]?.key ?? raise())?.committed.types.get('t')?.rows ?? []
}

function raise(): never {
  throw new Error('There are five nodes.')
}

function owned(by: NodeIdentity | undefined): number {
  return rows().filter(({ owner, movingTo }) => owner?.key === by?.key && !movingTo).length
}

function phase(name: string, isOver: (ms: number) => boolean): void {
  const [cpu, began] = [process.cpuUsage(), now]
  ;[messages, bytes] = [0, 0]
  run(() => isOver(now - began))
  const { user, system } = process.cpuUsage(cpu)
  const processorMs = Math.round((user + system) / 1_000)
  results.push({ phase: name, virtualMs: now - began, processorMs, messages, bytes })
}

const [first, , third] = nodes
const share = Math.floor(numShards / nodes.length)
const types = [{ name: 't', numShards, replicas: 0, disks: 0 }]
for (const node of nodes) step(node, { type: 'types-started', types })
tellAll()
phase('start', () => nodes.every((node) => owned(node) >= share))
phase('nothing happens', (ms) => ms >= 20_000)
if (third) dead.add(third)
tellAll()
phase('a node dies', () => owned(third) === 0)
dead.clear()
tellAll()
phase('it is back', () => owned(third) >= share)
if (first) dead.add(first)
tellAll()
phase('the coordinator dies', () => owned(first) === 0)
console.log(JSON.stringify({ numShards, nodes: nodes.length, phases: results }, undefined, 1))
