// A page that watches members and asks entities, and does nothing else.
import { ClusteredClient, type ActorRef } from '@casty/cluster/client'
import { wsTransport } from '@casty/transport-ws'

const here = (replyTo: ActorRef<string>): ActorRef<string> => replyTo

async function watch(contactPoints: readonly string[]): Promise<string> {
  const client = await ClusteredClient.connect({ transport: wsTransport(), contactPoints })
  client.cluster.subscribe(({ type }) => console.log(type))
  client.regionRef<ActorRef<string>>('carts', { numShards: 8 })
  return await client.entityAsk('carts', 'ann', here)
}

Object.assign(globalThis, { watch })
