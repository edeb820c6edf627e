// One node in a process of its own, with split-brain resolution as it comes: it reports what changes over
// IPC, starts anew when it was downed, and ends with its fleet.
import { flushCompileCache } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { ClusterSupervisor, type Cluster, type ClusterEvent } from '@casty/membership'
import { splitBrainResolver } from '@casty/sbr'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { relayedTransport } from 'casty-relay'
import { parent } from '../../../../tooling/child-process/index.ts'
import type { NodeEvent, NodeSettings, Report, View } from './protocol.ts'

process.on('disconnect', () => process.exit(0))
const { report, fail } = parent<Report>()

// The fleet is the only one to start this program, and passes settings.
const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings
const { name, host, relay, contacts } = settings
const tcp = tcpTransport()

const supervisor = await ClusterSupervisor.start(
  {
    transport: relay === undefined ? tcp : relayedTransport(tcp, NodeAddress.parse(relay)),
    name,
    host,
    insecure: true, // The network of a test is nobody else's.
    seedNodes: contacts,
    eventLoopDelay: monitorEventLoopDelay({ resolution: 20 }),
    downing: splitBrainResolver(),
  },
  { onStart: follow },
).catch(fail)
// By the time that it is killed it is too late, and the next process would compile all of it again.
flushCompileCache()

process.on('message', () => {
  // Only the fleet sends, and all that it asks for is an explanation.
  const {
    summary,
    suspicions,
    watched,
    doubt,
    contacts: asked,
    downing,
  } = supervisor.current.explain()
  const text = JSON.stringify({ summary, suspicions, watched, doubt, asked, downing })
  report({ type: 'explanation', text })
})

function follow(life: Cluster): void {
  report({ type: 'life-began', address: String(life.self.address), key: life.self.key })
  let viewIsDue = false
  /** Many changes of one turn make one view. */
  const reportViewSoon = (): void => {
    if (viewIsDue) return
    viewIsDue = true
    setImmediate(() => {
      viewIsDue = false
      report({ type: 'view', view: viewOf(life) })
    })
  }
  life.subscribe((event) => {
    report({ type: 'event', event: eventFrom(event) })
    reportViewSoon()
  })
  life.subscribeTopology(reportViewSoon)
}

function eventFrom(event: ClusterEvent): NodeEvent {
  return {
    type: event.type,
    subject: subjectOf(event),
    atMs: Number(process.hrtime.bigint()) / 1e6,
  }
}

function subjectOf(event: ClusterEvent): string | undefined {
  if ('member' in event) return event.member.key
  if ('subject' in event) return event.subject.key
  return event.type === 'self-downed' ? event.self : undefined
}

function viewOf(life: Cluster): View {
  const { clusterId, members, unreachable, isConverged } = life.getState()
  return {
    clusterId,
    members: Object.fromEntries(members.map(({ key, status }) => [key, status])),
    unreachable: [...unreachable],
    converged: isConverged,
  }
}
