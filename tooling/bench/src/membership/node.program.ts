// One node in a process of its own. It says when things happened, and little else: what it does for the
// measurement must not show in it.
import { Cluster, type ClusterEvent } from '@casty/membership'
import { tcpTransport } from '@casty/transport-tcp'
import { sharedNow, type Instruction, type Report } from './messages.ts'

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
      return start(instruction.port, instruction.contacts)
    case 'use':
      return reportUse()
  }
}

async function start(port: number, seedNodes: readonly string[]): Promise<void> {
  const started = await Cluster.start({ transport: tcpTransport(), name: 'bench', port, seedNodes })
  cluster = started
  const { address, key } = started.self
  report({ type: 'listening', address: address.toString(), key, at: sharedNow() })
  started.subscribe((event) => heed(started, event))
}

function heed(started: Cluster, event: ClusterEvent): void {
  if (event.type === 'member-unreachable') {
    report({ type: 'unreachable', key: event.member.key, at: sharedNow() })
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
