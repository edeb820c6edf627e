// A cluster whose members let clients in, and clients of it, over the network in memory and on virtual time.
import { ActorSystem } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import {
  ClientAccess,
  ClusterClient,
  type ClientAccessOptions,
  type ClusterClientOptions,
} from '@casty/remote'
import { NodeAddress } from '@casty/transport'
import { RemoteWorld, type NodeOptions, type TestNode } from './remote-world.ts'

export interface TestClient {
  readonly client: ClusterClient
  readonly system: ActorSystem
  /** Where its links begin, on the network. */
  readonly address: NodeAddress
  /** Dead letters, as `reason path: message`. */
  readonly lost: string[]
}

export class ClientWorld extends RemoteWorld {
  readonly access = new Map<string, ClientAccess>()
  readonly #access: ClientAccessOptions
  readonly #clients: TestClient[] = []
  #seed = 100

  constructor(access: ClientAccessOptions = {}) {
    super()
    this.#access = access
  }

  static async with(hosts: string, access: ClientAccessOptions = {}): Promise<ClientWorld> {
    const world = new ClientWorld(access)
    for (const host of hosts.split(' ')) await world.start(host)
    await world.untilAllUp()
    return world
  }

  async untilAllUp(): Promise<void> {
    await this.until(() =>
      this.nodes.every(({ cluster }) => {
        const { members } = cluster.getState()
        return (
          members.length === this.nodes.length && members.every(({ status }) => status === 'up')
        )
      }),
    )
  }

  override async start(host: string, options: NodeOptions = {}): Promise<TestNode> {
    const node = await super.start(host, options)
    this.access.set(host, new ClientAccess(node.remoting, this.#access))
    return node
  }

  override async kill(host: string): Promise<void> {
    this.access.get(host)?.[Symbol.dispose]()
    await super.kill(host)
  }

  /** The cut of everything between a client and a member. */
  cut(client: TestClient, host: string): void {
    this.network.cut(client.address, this.node(host).address, { mode: 'silent' })
  }

  async client(host: string, options: Partial<ClusterClientOptions> = {}): Promise<TestClient> {
    const { clock } = this
    const random = seededRandom(this.#seed++)
    const system = new ActorSystem({ clock, random })
    const lost: string[] = []
    system.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      const { reason, path, message } = event.deadLetter
      lost.push(`${reason} ${path}: ${JSON.stringify(message)}`)
    })
    const connecting = ClusterClient.connect({
      system,
      transport: this.network.transport({ host }),
      contactPoints: ['a:1'],
      random,
      ...options,
    })
    const client = await this.settled(connecting, 30_000)
    const test = { client, system, lost, address: NodeAddress.of(host, 0) }
    this.#clients.push(test)
    return test
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, system } of this.#clients) {
      await client[Symbol.asyncDispose]()
      const stopped = system.shutdown()
      await this.clock.advanceAsync(0)
      await stopped
    }
    for (const access of this.access.values()) access[Symbol.dispose]()
    await super[Symbol.asyncDispose]()
  }
}
