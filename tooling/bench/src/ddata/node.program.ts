// One of several nodes in a process of its own: hosts keep structures, and one that does not is the user who is measured.
import { ActorSystem } from '@casty/actor'
import { Distributed } from '@casty/ddata'
import { openFileJournal } from '@casty/journal-file'
import { Cluster } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { Sharding } from '@casty/sharding'
import { tcpTransport } from '@casty/transport-tcp'
import { castyOperations } from './casty-operations.ts'
import { fillMap, probeMap, scanMap } from './large-map.ts'
import { underLoad } from './load.ts'
import type { Instruction, Report } from './messages.ts'

const role = 'keeps-structures'

process.on('disconnect', () => process.exit())
let distributed: Distributed | undefined

process.on('message', (message) => {
  if (message === 'use') return
  // Only the benchmark sends, and it sends instructions.
  obey(message as Instruction).then(report, (error: unknown) => {
    report({
      type: 'failed',
      message: error instanceof Error ? (error.stack ?? '') : String(error),
    })
  })
})
report({ type: 'ready' })

async function obey(instruction: Instruction): Promise<Report> {
  if (instruction.type === 'start-node') return await start(instruction)
  if (!distributed) throw new Error('The node was not started.')
  switch (instruction.type) {
    case 'run': {
      const { operation, inFlight, times } = instruction
      const prepared = await castyOperations[operation]?.(distributed)
      if (!prepared) throw new Error(`There is no operation ${operation}.`)
      return { type: 'ran', ...(await underLoad(prepared.operation, inFlight, times)) }
    }
    case 'fill-map':
      return { type: 'filled', perSecond: await fillMap(distributed, instruction.entries) }
    case 'scan-map':
      return { type: 'scanned', ...(await scanMap(distributed)) }
    case 'probe-map':
      return { type: 'probed', tookMs: await probeMap(distributed) }
    case 'use': {
      if (instruction.collects) global.gc?.()
      const { heapUsed, external } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      return { type: 'use', bytes: heapUsed + external, processorMicros: user + system }
    }
    case 'start-rival':
      throw new Error('A node is no rival.')
  }
}

async function start(instruction: Instruction & { readonly type: 'start-node' }): Promise<Report> {
  const { contacts, keeping, journalDirectory, hosts, nodes } = instruction
  const cluster = await Cluster.start({
    name: 'bench',
    transport: tcpTransport(),
    seedNodes: contacts,
    roles: hosts ? [role] : [],
  })
  const system = new ActorSystem()
  const remoting = Remoting.attach({ system, cluster })
  const sharding = Sharding.attach({ system, cluster, remoting })
  const isJournaled = keeping === 'synced journal'
  // The user has nothing to keep, and yet says what the others do.
  const journal = isJournaled
    ? await openFileJournal({ directory: journalDirectory ?? '' })
    : undefined
  const replication = { copies: keeping === 'three copies' ? 3 : 1 }
  distributed = new Distributed(
    { system, sharding },
    { role, timeoutMs: 60_000, ...(journal ? { journal } : { replication }) },
  )
  void cluster.waitFor(nodes)
  return { type: 'started', address: String(cluster.self.address) }
}

function report(message: Report): void {
  process.send?.(message)
}
