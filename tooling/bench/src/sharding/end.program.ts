// One of two nodes in a process of its own: the first hosts entities, the second sends to them. Or one node that
// does both.
import { ActorSystem } from '@casty/actor'
import { Cluster } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { Sharding } from '@casty/sharding'
import { tcpTransport } from '@casty/transport-tcp'
import type { PairReport } from '../pair.ts'
import { Meter } from '../transport/workload.ts'
import { askOn, counters, entityIds, sendOn, type Message } from './counting.ts'
import type { Assignment } from './measure.ts'

/** More code takes part than in bare frames, and longer to be compiled. */
const warmUp = { ms: 2_500, count: 500_000 }
const warmUpOfOneByOne = { ms: 2_500, count: 50_000 }
const type = { name: 'counter' }

// Written by `measure.ts` in this folder.
const { workload, port } = JSON.parse(process.argv[2] ?? '') as Assignment
process.on('disconnect', () => process.exit())

const isOneByOne = workload.type === 'ask' && workload.inFlight === 1
const meter = new Meter(
  (perSecond) => report({ type: 'measured', perSecond }),
  isOneByOne ? warmUpOfOneByOne : warmUp,
)
const count = (): void => meter.count()
const cluster = await Cluster.start({
  name: 'bench',
  transport: tcpTransport(),
  ...(port !== undefined && { seedNodes: [`127.0.0.1:${port}`] }),
})
const system = new ActorSystem()
const remoting = Remoting.attach({ system, cluster })
const sharding = Sharding.attach({ system, cluster, remoting })

if (port === undefined) {
  const mailbox = { capacity: 1_000_000 }
  const region = sharding.start<Message>({ ...type, entity: counters(count), mailbox })
  report({ type: 'listening', port: cluster.self.address.port })
  if (workload.type === 'local-ask') askOn(region, workload.inFlight, count)
} else {
  await cluster.waitFor(2)
  const region = sharding.startProxy<Message>(type)
  // All are there, and their homes are known.
  for (const entityId of entityIds) {
    await region.ask<{ readonly total: number }>(entityId, (replyTo) => ({
      type: 'add',
      amount: 0,
      replyTo,
    }))
  }
  if (workload.type === 'ask') askOn(region, workload.inFlight, count)
  else sendOn(system, region)
}

function report(message: PairReport): void {
  process.send?.(message)
}
