// The program of the page. The test calls what it hangs on the global object.
import {
  ClusteredClient,
  distributedOf,
  replicatorOf,
  type ActorRef,
  type Consistency,
  type Distributed,
} from '@casty/cluster/client'
import { wsTransport } from '@casty/transport-ws'
import { board, clerks, clusterName, numShards, type CartMessage } from './protocol.ts'

class Shop {
  readonly #client: ClusteredClient
  #distributed: Distributed | undefined

  private constructor(client: ClusteredClient) {
    this.#client = client
    client.regionRef<CartMessage>('carts', { numShards })
    client.cluster.subscribe(({ type }) => this.events.push(type))
    client.client.subscribe((event) => {
      if (event.type === 'contact-changed') this.contacts.push(event.reason ?? 'found')
    })
    replicatorOf(client).subscribe(board, () => {})
  }

  /** What it was told of members. */
  readonly events: string[] = []
  /** Why its contacts were given up. */
  readonly contacts: string[] = []

  get self(): string {
    return this.#client.client.self.key
  }

  get members(): readonly string[] {
    return this.#client.cluster.getState().members.map(({ key }) => key)
  }

  /** @param addressMap - where to dial instead of nodes, which a proxy may stand before */
  static async enter(
    contactPoints: readonly string[],
    addressMap: Readonly<Record<string, string>> = {},
  ): Promise<Shop> {
    const options = { name: clusterName, transport: wsTransport(), contactPoints, addressMap }
    return new Shop(await ClusteredClient.connect(options))
  }

  get contact(): string | undefined {
    return this.#client.client.contact?.key
  }

  add(cart: string, item: string): void {
    this.#client.entityRef<CartMessage>('carts', cart).tell({ type: 'add', item })
  }

  async list(cart: string): Promise<readonly string[]> {
    const list = (replyTo: ActorRef<readonly string[]>): CartMessage => ({ type: 'list', replyTo })
    return await this.#client.entityAsk('carts', cart, list, { timeoutMs: 30_000 })
  }

  async askClerk(): Promise<string> {
    const [clerk] = this.#client.lookup(clerks).instances
    if (!clerk) throw new Error('There is no clerk.')
    return await this.#client.ask(clerk.ref, (replyTo: ActorRef<string>) => replyTo)
  }

  async count(): Promise<number> {
    return await this.#structures.counter('visitors').addAndGet(1, { timeoutMs: 30_000 })
  }

  get #structures(): Distributed {
    return (this.#distributed ??= distributedOf(this.#client, { numShards }))
  }

  get board(): readonly string[] {
    return replicatorOf(this.#client).local(board).value
  }

  /** Writes on the board. @returns how many members have confirmed it */
  async write(line: string, write: Consistency = 'local'): Promise<number> {
    const add = { write, timeoutMs: 30_000 }
    const outcome = await replicatorOf(this.#client).update(
      board,
      (lines, me) => lines.add(me, line),
      add,
    )
    return outcome.type === 'confirmed' ? outcome.nodes : 0
  }

  /** Resolves once the board has that on it. */
  async reads(line: string): Promise<boolean> {
    await new Promise<void>((resolve) => {
      replicatorOf(this.#client).subscribe(board, (lines) => {
        if (lines.has(line)) resolve()
      })
    })
    return true
  }

  /** Resolves once that member is none any more. */
  async leaves(key: string): Promise<boolean> {
    await new Promise<void>((resolve) => {
      this.#client.cluster.subscribe((event) => {
        const isGone = event.type === 'member-removed' && event.member.key === key
        if (isGone || !this.members.includes(key)) resolve()
      })
    })
    return true
  }
}

Object.assign(globalThis, { Shop })
