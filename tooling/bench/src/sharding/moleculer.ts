import { once } from 'node:events'
import { createServer } from 'node:net'
import { ServiceBroker } from 'moleculer'

export interface MoleculerNode {
  readonly port: number
  /** Resolves when this node knows of the service of the other. */
  untilFound(): Promise<void>
  call(): Promise<unknown>
}

/**
 * A node with the transporter that Moleculer brings along, with its defaults but for discovery: by address, rather
 * than by shouting into the network.
 *
 * @param seed - of the one with the service; absent for that one itself
 */
export async function startMoleculer(seed: number | undefined): Promise<MoleculerNode> {
  const port = await freePort()
  const broker = new ServiceBroker({
    nodeID: seed === undefined ? 'service' : 'client',
    logger: false,
    transporter: {
      type: 'TCP',
      options: {
        udpDiscovery: false,
        port,
        urls: seed === undefined ? '' : `127.0.0.1:${seed}/service`,
      },
    },
  })
  if (seed === undefined) {
    let total = 0
    broker.createService({
      name: 'counter',
      actions: {
        add(context: { readonly params: { readonly amount: number } }) {
          total += context.params.amount
          return { total }
        },
      },
    })
  }
  await broker.start()
  return {
    port,
    untilFound: async () => await broker.waitForServices('counter'),
    call: async () => await broker.call('counter.add', { amount: 3 }),
  }
}

/** It has no way to tell which port the system picked. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  if (typeof bound !== 'object' || bound === null) throw new Error('There is no port.')
  return bound.port
}
