// One node of the demo's cluster: a process of its own that does what it is told over IPC, reports
// whatever changes, and ends with the demo, however that ends.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster } from '@casty/membership'
import { tcpTransport } from '@casty/transport-tcp'
import { ByteRate } from './byte-rate.ts'
import { eventOf, viewOf } from './node-view.ts'
import { isInstruction, type Instruction, type NodeSettings, type Report } from './protocol.ts'

/** φ and bytes per second change all the time: they are sampled, and all else is told at once. */
const sampleIntervalMs = 250
const rateWindowMs = 2_000

const rate = new ByteRate(rateWindowMs)
let cluster: Cluster | undefined
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

async function start({ name, clusterName, port, seedNodes }: NodeSettings): Promise<void> {
  const started = await Cluster.start({
    transport: tcpTransport(),
    name: clusterName,
    nodeId: name,
    port,
    seedNodes,
    eventLoopDelay: monitorEventLoopDelay({ resolution: 20 }),
  })
  cluster = started
  const { address, incarnation } = started.self
  report({ type: 'listening', address: address.toString(), incarnation })
  started.subscribe((event) => {
    const told = eventOf(started, event)
    if (told) report({ type: 'event', event: told })
    if (event.type === 'self-downed') fail(new Error('The cluster decided against this node.'))
    reportViewSoon(started)
  })
  started.subscribeTopology(() => reportViewSoon(started))
  setInterval(() => {
    sentBytesPerSecond = rate.sample(started.metrics().bytesSent, performance.now())
    reportViewSoon(started)
  }, sampleIntervalMs)
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
