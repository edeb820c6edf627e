// One node in a process of its own. It says when things happened, and little else: what it does for the
// measurement must not show in it.
import { Cluster, type ClusterEvent } from '@casty/membership'
import { splitBrainResolver } from '@casty/sbr'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { relayedTransport } from 'casty-relay'
import { sharedNow, type Instruction, type Report } from './messages.ts'

type StartInstruction = Extract<Instruction, { readonly type: 'start' }>

process.on('disconnect', () => process.exit())

let cluster: Cluster | undefined
let upCount = 0

process.on('message', (message) => {
  // Only the benchmark sends, and it sends instructions.
  obey(message as Instruction).catch((error: unknown) => {
    report({ type: 'failed', message: String(error) })
  })
})
report({ type: 'ready' })

async function obey(instruction: Instruction): Promise<void> {
  switch (instruction.type) {
    case 'start':
      return start(instruction)
    case 'use':
      return reportUse()
  }
}

async function start({ port, contacts, relay }: StartInstruction): Promise<void> {
  const transport = tcpTransport()
  const started = await Cluster.start({
    transport: relay ? relayedTransport(transport, NodeAddress.parse(relay)) : transport,
    name: 'bench',
    port,
    seedNodes: contacts,
    ...(relay && { downing: splitBrainResolver() }),
  })
  cluster = started
  const { address, key } = started.self
  report({ type: 'listening', address: address.toString(), key, at: sharedNow() })
  started.subscribe((event) => heed(started, event))
}

function heed(started: Cluster, event: ClusterEvent): void {
  switch (event.type) {
    case 'member-unreachable':
      report({ type: 'unreachable', key: event.member.key, at: sharedNow() })
      break
    case 'member-removed':
      report({ type: 'removed', key: event.member.key, at: sharedNow() })
      break
    case 'self-downed':
      report({ type: 'self-downed', at: sharedNow() })
      break
    default: // What counts as up follows from the state.
  }
  const { members, unreachable } = started.getState()
  const up = members.filter(({ status, key }) => status === 'up' && !unreachable.has(key)).length
  if (up === upCount) return
  upCount = up
  report({ type: 'up', count: up, at: sharedNow() })
}

function reportUse(): void {
  const { user, system } = process.cpuUsage()
  const counters = cluster?.metrics().endpoint
  report({
    type: 'use',
    use: {
      at: sharedNow(),
      cpuMs: (user + system) / 1_000,
      bytesSent: counters?.bytesSent ?? 0,
      framesSent: counters?.framesSent ?? 0,
    },
  })
}

function report(message: Report): void {
  if (process.connected) process.send?.(message)
}
