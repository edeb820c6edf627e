import {
  createConnection,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'

/**
 * A network before a server: a TCP port whose connections lead to a Unix socket, and can fail on the
 * way. What is lost stays lost: a connection that lost bytes stays silent, as one would whose peer is gone.
 */
export class Relay implements AsyncDisposable {
  readonly #server: Server
  readonly #links = new Set<Link>()
  readonly #lost = { requests: false, answers: false }
  /** Called with each request, to see whether it is the one that is waited for. */
  #watch: ((request: Buffer, link: Link) => void) | undefined

  private constructor(socketPath: string) {
    this.#server = createServer((client) => {
      const server = createConnection(socketPath)
      const link = new Link(client, server, this.#lost, (request) => this.#watch?.(request, link))
      this.#links.add(link)
      server.on('close', () => this.#links.delete(link))
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

  /** Loses what is sent to the server, from it, or both. Connections are still accepted. */
  lose(what: 'requests' | 'answers' | 'everything'): void {
    if (what !== 'answers') this.#lost.requests = true
    if (what !== 'requests') this.#lost.answers = true
  }

  /** Loses all answers from the next request on that holds this text; that one is still carried out. */
  loseAnswersFrom(text: string): void {
    this.#onRequest(text, () => this.lose('answers'))
  }

  /**
   * Holds back the next request that holds this text, with all behind it on its connection, until
   * `pass`: it arrives then, also where whoever sent it has gone since.
   */
  holdRequest(text: string): void {
    this.#onRequest(text, (link) => link.hold())
  }

  /** Whether the request to hold back has come. */
  get isHolding(): boolean {
    return [...this.#links].some((link) => link.isHolding)
  }

  /** Lets everything through again, and first what was held. */
  pass(): void {
    this.#watch = undefined
    Object.assign(this.#lost, { requests: false, answers: false })
    for (const link of this.#links) link.flush()
  }

  /** Tears down the connection of the next request that holds this text, which does not arrive. */
  resetAtRequest(text: string): void {
    this.#onRequest(text, (link) => link.destroy())
  }

  /** Whether what was asked for at the next request with some text is still to come. */
  get isWatching(): boolean {
    return this.#watch !== undefined
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

  #onRequest(text: string, act: (link: Link) => void): void {
    this.#watch = (request, link) => {
      if (!request.includes(text)) return
      this.#watch = undefined
      act(link)
    }
  }
}

/** One connection of a client, and the one to the server that belongs to it. */
class Link {
  readonly #client: Socket
  readonly #server: Socket
  #held: Buffer[] | undefined
  #isSilent = false

  constructor(
    client: Socket,
    server: Socket,
    lost: { readonly requests: boolean; readonly answers: boolean },
    onRequest: (request: Buffer) => void,
  ) {
    this.#client = client
    this.#server = server
    client.on('data', (bytes) => {
      onRequest(bytes)
      if (this.#held) this.#held.push(bytes)
      else this.#carry(bytes, lost.requests, server)
    })
    server.on('data', (bytes) => this.#carry(bytes, lost.answers, client))
    // An end is held back with the bytes before it, and lost with them.
    client.on('close', () => {
      if (!this.#held) server.destroy()
    })
    server.on('close', () => {
      if (!this.#isSilent) client.destroy()
    })
    for (const socket of [client, server]) socket.on('error', () => {})
  }

  get isHolding(): boolean {
    return this.#held !== undefined && this.#held.length > 0
  }

  hold(): void {
    this.#held ??= []
  }

  flush(): void {
    for (const bytes of this.#held ?? []) this.#server.write(bytes)
    if (this.#held && this.#client.destroyed) this.#server.end()
    this.#held = undefined
  }

  destroy(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  #carry(bytes: Buffer, isLost: boolean, to: Socket): void {
    this.#isSilent ||= isLost
    if (!this.#isSilent) to.write(bytes)
  }
}
