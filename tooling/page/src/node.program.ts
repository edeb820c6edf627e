// One node over WebSocket, in a process of its own.
import { flushCompileCache } from 'node:module'
import { Behaviors, ClusteredActorSystem, type ActorRef } from '@casty/cluster'
import { wsTransport } from '@casty/transport-ws'
import { parent } from '../../child-process/index.ts'
import { clerks, clusterName, numShards, type CartMessage, type NodeReport } from './protocol.ts'

process.on('disconnect', () => process.exit(0))
const { report, fail } = parent<NodeReport>()

const [origin = '', quorum = '', ...seedNodes] = process.argv.slice(2)
const system = await ClusteredActorSystem.start({
  name: clusterName,
  transport: wsTransport({ allowedOrigins: [origin] }),
  seedNodes,
  clients: true,
  distributed: { numShards, replication: { copies: 3, ack: 2 } },
}).catch(fail)

const { address, key } = system.selfNode
report({ type: 'listens', address: String(address), key })

const cart = Behaviors.setup<CartMessage>(() => {
  const items: string[] = []
  return Behaviors.receiveMessage((message) => {
    if (message.type === 'add') items.push(message.item)
    else message.replyTo.tell([...items])
  })
})
system.spawn(
  Behaviors.sharded(() => cart, { numShards }),
  'carts',
)
const clerk = Behaviors.receiveMessage<ActorRef<string>>((replyTo) => replyTo.tell(key))
system.spawn(Behaviors.discoverable(clerk, { key: clerks }))
await system.replicator()
await system.waitFor(Number(quorum)).catch(fail)
report({ type: 'up' })
// By the time that it is killed it is too late, and the next process would compile all of it again.
flushCompileCache()
process.once('message', () => void system.shutdown().then(() => process.exit(0), fail)) // It is told to leave.
