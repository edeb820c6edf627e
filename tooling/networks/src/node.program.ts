// One node in a process and a network namespace of its own: it tells what it sees, and talks to others when it is told to.
import { closeSync, openSync } from 'node:fs'
import type { Cluster, ClusterEvent, NodeIdentity } from '@casty/membership'
import { superviseCluster } from '@casty/sbr'
import type { EndpointEvent } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { wsTransport } from '@casty/transport-ws'
import { parent } from '../../child-process/index.ts'
import type { Instruction, NodeSettings, Report } from './protocol.ts'

const frameTypes = { question: 100, answer: 101 } as const
const talkIntervalMs = 20
const countsIntervalMs = 50

process.on('disconnect', () => process.exit(0))
const { report, fail } = parent<Report>()

// The tests are the only ones to start this program, and pass settings.
const { host, port, seedNodes, transport } = JSON.parse(process.argv[2] ?? '') as NodeSettings

let cluster: Cluster | undefined
/** By host: how many bytes are sent to it each time, the number of the last frame, and of the last that came back. */
const talks = new Map<string, { bytes: number; sent: number; last: number; answered: number }>()
/** By host: the last that came from it. */
const heard = new Map<string, number>()
const openFiles: number[] = []

await superviseCluster(
  {
    name: 'networks',
    transport: transport === 'tcp' ? tcpTransport() : wsTransport(),
    host,
    bindHost: '0.0.0.0',
    port,
    seedNodes,
    insecure: true,
  },
  { onStart: begin },
).catch(fail)

setInterval(talk, talkIntervalMs)
setInterval(tellCounts, countsIntervalMs)

process.on('message', (message) => {
  // Only the tests send, and they send instructions.
  obey(message as Instruction)
})

function begin(life: Cluster): void {
  cluster = life
  life.endpoint.handle(frameTypes.question, (from, bytes, start, end) => {
    const number = numberIn(bytes, start)
    const last = heard.get(from.key) ?? 0
    if (number <= last)
      report({ type: 'told', what: `disorder ${from.address.host} ${number} after ${last}` })
    heard.set(from.key, number)
    life.endpoint.send(from, 'data', frameTypes.answer, bytes, start, Math.min(end, start + 4))
  })
  life.endpoint.handle(frameTypes.answer, (from, bytes, start) => {
    const talk = talks.get(from.address.host)
    if (!talk) return
    talk.answered += 1
    talk.last = numberIn(bytes, start)
  })
  life.endpoint.subscribe(tellOfLanes)
  life.subscribe(tellOfMembers)
  report({ type: 'began', key: life.self.key })
}

function numberIn(bytes: Uint8Array, start: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0)
}

function obey(instruction: Instruction): void {
  switch (instruction.type) {
    case 'talk': {
      const { to, bytes } = instruction
      const talk = talks.get(to)
      if (talk) talk.bytes = bytes
      else talks.set(to, { bytes, sent: 0, last: 0, answered: 0 })
      return
    }
    case 'exhaust':
      exhaust()
      return
    case 'relax':
      for (const file of openFiles.splice(0)) closeSync(file)
  }
}

function exhaust(): void {
  try {
    for (;;) openFiles.push(openSync('/dev/null', 'r'))
  } catch {
    // The system gives no more: that was wanted.
  }
}

/** Never so much that a queue fills: what is lost is to be lost on the way. */
function talk(): void {
  for (const [to, talk] of talks) {
    const peer = memberAt(to)
    if (!peer || talk.bytes === 0) continue
    const frame = new Uint8Array(Math.max(4, talk.bytes))
    new DataView(frame.buffer).setUint32(0, ++talk.sent)
    cluster?.endpoint.send(peer, 'data', frameTypes.question, frame)
  }
  // Files of those that were closed meanwhile are taken as well.
  if (openFiles.length > 0) exhaust()
}

function memberAt(name: string): NodeIdentity | undefined {
  return cluster?.getState().members.find(({ node }) => node.address.host === name)?.node
}

function tellCounts(): void {
  const answered = Object.fromEntries([...talks].map(([to, talk]) => [to, talk.answered]))
  const localFailures = cluster?.endpoint.counters().dialsFailed.local ?? 0
  report({ type: 'counts', answered, openFiles: openFiles.length, localFailures })
}

function tellOfLanes(event: EndpointEvent): void {
  switch (event.type) {
    case 'lane-closed':
      report({
        type: 'told',
        what: `closed ${event.lane} ${event.peer.address.host} ${event.reason}`,
      })
      return
    case 'lane-opened':
      report({ type: 'told', what: `opened ${event.lane} ${event.peer.address.host}` })
      return
    case 'dial-failed':
      report({
        type: 'told',
        what: `dial-failed ${event.lane} ${event.address.host} ${event.failure}`,
      })
      return
    default: // The rest is of no interest here.
  }
}

function tellOfMembers(event: ClusterEvent): void {
  if (event.type === 'link-fault' || event.type === 'link-restored') {
    report({
      type: 'told',
      what: `${event.type} ${event.observer} ${event.subject.node.address.host}`,
    })
  }
  if (event.type === 'member-downed' || event.type === 'member-unreachable') {
    report({ type: 'told', what: `${event.type} ${event.member.node.address.host}` })
  }
  if (!cluster) return
  const { members, unreachable } = cluster.getState()
  const up = members.filter(({ status }) => status === 'up').map(({ key }) => key)
  report({ type: 'view', view: { up, unreachable: [...unreachable] } })
}
