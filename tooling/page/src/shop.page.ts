// The program of the page. The test calls what it hangs on the global object.
import { ClusteredClient, type ActorRef } from '@casty/cluster/client'
import { wsTransport } from '@casty/transport-ws'
import { clerks, clusterName, numShards, type CartMessage } from './protocol.ts'

class Shop {
  readonly #client: ClusteredClient

  private constructor(client: ClusteredClient) {
    this.#client = client
    client.regionRef<CartMessage>('carts', { numShards })
  }

  static async enter(contactPoints: readonly string[]): Promise<Shop> {
    const transport = wsTransport()
    return new Shop(await ClusteredClient.connect({ name: clusterName, transport, contactPoints }))
  }

  get contact(): string | undefined {
    return this.#client.client.contact?.key
  }

  add(cart: string, item: string): void {
    this.#client.entityRef<CartMessage>('carts', cart).tell({ type: 'add', item })
  }

  async list(cart: string): Promise<readonly string[]> {
    const list = (replyTo: ActorRef<readonly string[]>): CartMessage => ({ type: 'list', replyTo })
    return await this.#client.entityAsk('carts', cart, list)
  }

  async askClerk(): Promise<string> {
    const [clerk] = this.#client.lookup(clerks).instances
    if (!clerk) throw new Error('There is no clerk.')
    return await this.#client.ask(clerk.ref, (replyTo: ActorRef<string>) => replyTo)
  }

  async count(): Promise<number> {
    return await this.#client.distributed({ numShards }).counter('visitors').addAndGet(1)
  }
}

Object.assign(globalThis, { Shop })
