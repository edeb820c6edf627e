// One node in a process of its own: it runs a `Cluster` over TCP, reports what changes over IPC, does
// what it is told, and ends with its supervisor. Like most programs it does nothing about SIGTERM.
import { flushCompileCache } from 'node:module'
import { Cluster, type ClusterEvent, type SeedNodes } from '@casty/membership'
import { tcpTransport } from '@casty/transport-tcp'
import { NodeAddress } from '@casty/transport'
import { parent } from '../../../../tooling/child-process/index.ts'
import type { Contacts, Instruction, NodeEvent, NodeSettings, Report, View } from './protocol.ts'

process.on('disconnect', () => process.exit(0))
const { report, fail } = parent<Report>()

// The supervisor is the only one to start this program, and passes settings.
const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings

const cluster = await Cluster.start({
  transport: tcpTransport(),
  name: settings.name,
  port: settings.port,
  seedNodes: seedNodesFrom(settings.contacts),
  minMembers: settings.minMembers,
}).catch(fail)
const { address, incarnation } = cluster.self
report({ type: 'listening', address: address.toString(), incarnation })
// By the time that it is killed it is too late, and the next process would compile all of it again.
flushCompileCache()

let viewIsDue = false
cluster.subscribe((event) => {
  report({ type: 'event', event: eventFrom(event) })
  reportViewSoon()
})
cluster.subscribeTopology(reportViewSoon)

process.on('message', (message) => {
  // Only the supervisor sends, and it sends instructions.
  obey(message as Instruction).catch(fail)
})

async function obey(instruction: Instruction): Promise<void> {
  switch (instruction.type) {
    case 'leave':
      await cluster.leave()
      report({ type: 'left' }, () => process.exit(0))
      return
    case 'down':
      cluster.down(NodeAddress.parse(instruction.address))
      return
    case 'block':
      block(instruction.forMs)
      report({ type: 'unblocked' })
      return
    case 'wait-for':
      report({ type: 'waited', code: await waitFor(instruction.count, instruction.timeoutMs) })
      return
    case 'explain':
      report({ type: 'explanation', text: explanation() })
      return
  }
}

function seedNodesFrom(contacts: Contacts): SeedNodes {
  if (contacts.type === 'list') return contacts.addresses
  let calls = 0
  return async () => {
    const answer = contacts.answers[Math.min(calls++, contacts.answers.length - 1)] ?? []
    if (answer === 'fails') throw new Error('The registry of nodes is not there.')
    return answer
  }
}

function block(forMs: number): void {
  const until = performance.now() + forMs
  while (performance.now() < until);
}

/** The code of the error that it ended with, if it did. */
async function waitFor(count: number, timeoutMs: number): Promise<string | undefined> {
  try {
    await cluster.waitFor(count, { timeoutMs })
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}

function explanation(): string {
  const { summary, blockers, suspicions, watched, doubt, lastRefusal, dropped, transport } =
    cluster.explain()
  return JSON.stringify(
    { summary, blockers, suspicions, watched, doubt, lastRefusal, dropped, transport },
    (_, value: unknown) => (value === 0 ? undefined : value), // Most counters are 0.
    1,
  )
}

function eventFrom(event: ClusterEvent): NodeEvent {
  const reason = 'reason' in event ? event.reason : undefined
  if ('member' in event) return { type: event.type, subject: event.member.key, reason }
  if ('subject' in event) return { type: event.type, subject: event.subject.key, reason }
  if ('contact' in event) return { type: event.type, subject: event.contact, reason }
  return { type: event.type, subject: undefined, reason }
}

/** Many changes of one turn make one view. */
function reportViewSoon(): void {
  if (viewIsDue) return
  viewIsDue = true
  setImmediate(() => {
    viewIsDue = false
    report({ type: 'view', view: currentView() })
  })
}

function currentView(): View {
  const state = cluster.getState()
  const accusations = [...state.reachability.observersBySubject()].flatMap(([subject, observers]) =>
    observers.map((observer) => `${observer}>${subject}`),
  )
  return {
    clusterId: state.clusterId,
    members: Object.fromEntries(state.members.map(({ key, status }) => [key, status])),
    unreachable: [...state.unreachable],
    accusations,
    leader: state.leader?.key,
    converged: state.isConverged,
  }
}
