import {
  createConnection,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'

/** What a relay does with bytes that go one way. */
type Passage = 'pass' | 'lose' | 'hold'

/**
 * A network before a server: a TCP port whose connections lead to a Unix socket, and can fail on the
 * way. What is lost stays lost: a connection that lost bytes stays silent, as one would whose peer is gone.
 */
export class Relay implements AsyncDisposable {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #requests: Passage = 'pass'
  #answers: Passage = 'pass'

  private constructor(socketPath: string) {
    this.#server = createServer((client) => {
      const link = new Link(client, createConnection(socketPath), {
        requests: () => this.#requests,
        answers: () => this.#answers,
      })
      this.#links.add(link)
      client.on('close', () => this.#links.delete(link))
    })
  }

  static async start(socketPath: string): Promise<Relay> {
    const relay = new Relay(socketPath)
    await new Promise<void>((resolve) => {
      relay.#server.listen(0, '127.0.0.1', resolve)
    })
    return relay
  }

  /** On 127.0.0.1. */
  get port(): number {
    // A server that listens on TCP has an address of this form.
    return (this.#server.address() as AddressInfo).port
  }

  /** Loses what is sent from now on, to the server, from it, or both. Connections are still accepted. */
  lose(what: 'requests' | 'answers' | 'everything'): void {
    if (what !== 'answers') this.#requests = 'lose'
    if (what !== 'requests') this.#answers = 'lose'
  }

  /** Holds requests back; `pass` sends them on, also where whoever sent them has gone since. */
  holdRequests(): void {
    this.#requests = 'hold'
  }

  /** Lets everything through again, and first what was held. */
  pass(): void {
    this.#requests = 'pass'
    this.#answers = 'pass'
    for (const link of this.#links) link.flush()
  }

  /** Tears down all connections there are. */
  reset(): void {
    for (const link of this.#links) link.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reset()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }
}

/** One connection of a client, and the one to the server that belongs to it. */
class Link {
  readonly #client: Socket
  readonly #server: Socket
  readonly #held: Buffer[] = []
  #isSilent = false

  constructor(
    client: Socket,
    server: Socket,
    { requests, answers }: { requests: () => Passage; answers: () => Passage },
  ) {
    this.#client = client
    this.#server = server
    client.on('data', (bytes) => this.#carry(bytes, requests(), server))
    server.on('data', (bytes) => this.#carry(bytes, answers(), client))
    // An end is held back with the bytes before it, and lost with them.
    client.on('close', () => {
      if (this.#held.length === 0) server.destroy()
    })
    server.on('close', () => {
      if (!this.#isSilent) client.destroy()
    })
    for (const socket of [client, server]) socket.on('error', () => {})
  }

  flush(): void {
    for (const bytes of this.#held.splice(0)) this.#server.write(bytes)
    if (this.#client.destroyed) this.#server.end()
  }

  destroy(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  #carry(bytes: Buffer, passage: Passage, to: Socket): void {
    if (passage === 'lose') this.#isSilent = true
    if (this.#isSilent) return
    if (passage === 'hold' || this.#held.length > 0) this.#held.push(bytes)
    else to.write(bytes)
  }
}
