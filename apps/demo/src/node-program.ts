// One node of the demo's cluster: a process of its own that does what it is told over IPC, reports
// whatever changes, and ends with the demo, however that ends.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster, ClusterSupervisor, type ClusterConfig } from '@casty/membership'
import { splitBrainResolver } from '@casty/sbr'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { relayedTransport } from 'casty-relay'
import { ByteRate } from './byte-rate.ts'
import { eventOf, viewOf } from './node-view.ts'
import { isInstruction, type Instruction, type NodeSettings, type Report } from './protocol.ts'

/** φ and bytes per second change all the time: they are sampled, and all else is told at once. */
const sampleIntervalMs = 250
const rateWindowMs = 2_000

/** The present life of the node, and what it sends. */
let cluster: Cluster | undefined
let rate = new ByteRate(rateWindowMs)
let stoppedSiblings: readonly number[] = []
let viewIsDue = false
let sentBytesPerSecond = 0

// Ctrl-C reaches every process of the terminal: when the nodes end is for the demo to say.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => {
  for (const pid of stoppedSiblings) wake(pid)
  process.exit(0)
})
process.on('uncaughtException', (error) => fail(error))
process.on('message', (message) => {
  if (isInstruction(message)) obey(message)
})

function obey(instruction: Instruction): void {
  switch (instruction.type) {
    case 'start':
      void start(instruction.settings).catch(fail)
      return
    case 'leave':
      void leave().catch(fail)
      return
    case 'explain':
      report({ type: 'explanation', summary: cluster?.explain().summary ?? 'It does not listen.' })
      return
    case 'stopped-siblings':
      stoppedSiblings = instruction.pids
      return
  }
}

async function start(settings: NodeSettings): Promise<void> {
  const { name, clusterName, port, seedNodes, partition } = settings
  const config: ClusterConfig = {
    transport: tcpTransport(),
    name: clusterName,
    nodeId: name,
    port,
    seedNodes,
    eventLoopDelay: monitorEventLoopDelay({ resolution: 20 }),
  }
  if (partition) await startResilient(config, NodeAddress.parse(partition.relay))
  else follow(await Cluster.start(config), () => fail(new Error('The cluster decided against it.')))
  setInterval(() => {
    if (!cluster) return
    sentBytesPerSecond = rate.sample(cluster.metrics().bytesSent, performance.now())
    reportViewSoon(cluster)
  }, sampleIntervalMs)
}

/** A node that decides who goes on when the network is cut, and starts anew when it was decided against. */
async function startResilient(config: ClusterConfig, relay: NodeAddress): Promise<void> {
  const downing = splitBrainResolver({
    onRuling: ({ reason }) => report({ type: 'event', event: { type: 'ruled', reason } }),
  })
  const transport = relayedTransport(config.transport, relay)
  const onStart = (life: Cluster): void => follow(life, () => {})
  await ClusterSupervisor.start({ ...config, transport, downing }, { onStart })
}

function follow(life: Cluster, whenDowned: () => void): void {
  cluster = life
  rate = new ByteRate(rateWindowMs)
  const { address, incarnation } = life.self
  report({ type: 'listening', address: address.toString(), incarnation })
  let isDown = false
  life.subscribe((event) => {
    // What the accusations of one who is down no longer say of the others is no news of them.
    const told = isDown && event.type !== 'self-downed' ? undefined : eventOf(life, event)
    if (told) report({ type: 'event', event: told })
    isDown ||= event.type === 'member-downed' && event.member.node.equals(life.self)
    if (event.type === 'self-downed') whenDowned()
    reportViewSoon(life)
  })
  life.subscribeTopology(() => reportViewSoon(life))
}

async function leave(): Promise<void> {
  await cluster?.leave()
  report({ type: 'left' }, () => process.exit(0))
}

/** Many changes of one turn make one view. */
function reportViewSoon(started: Cluster): void {
  if (viewIsDue) return
  viewIsDue = true
  setImmediate(() => {
    viewIsDue = false
    report({ type: 'view', view: viewOf(started, sentBytesPerSecond) })
  })
}

function fail(reason: unknown): void {
  const message = reason instanceof Error ? reason.message : String(reason)
  const code =
    reason instanceof Error && 'code' in reason && typeof reason.code === 'string'
      ? reason.code
      : undefined
  report({ type: 'failed', code, message }, () => process.exit(1))
}

/** What cannot be sent is of no use any more: the demo has gone, and `disconnect` follows. */
function report(what: Report, then: () => void = () => {}): void {
  if (process.connected) process.send?.(what, undefined, undefined, then)
}

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // It is gone already, which is what was wanted.
  }
}
