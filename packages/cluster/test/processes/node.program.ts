// The first node of a cluster, in a process of its own, which a signal ends in good order.
import { ClusteredActorSystem } from '@casty/cluster'
import { tcpTransport } from '@casty/transport-tcp'
import { tally } from './tally.ts'

const system = await ClusteredActorSystem.start({
  transport: tcpTransport(),
  requiredQuorum: 1,
  shutdownOnSignals: ['SIGTERM'],
})
system.spawn(tally, 'tally')
process.send?.(system.selfNode.address.toString())
process.on('disconnect', () => process.exit(1))
