// A TCP relay between node processes. Each of them dials through it (`relayedTransport`) and says whom;
// so the relay knows for every connection which two nodes it joins, and can let their bytes pass, hold
// them or tear the connection down, each direction by itself.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { NodeAddress } from '@casty/transport'
import { Link, type CutMode } from './link.ts'
import { RelayedConnection } from './relayed-connection.ts'

/** Disposed of, it resets what is connected and lets its port go. */
export class Relay implements AsyncDisposable {
  readonly #server: Server
  readonly #links = new Map<string, Link>()
  readonly #connections = new Set<RelayedConnection>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#accept(socket))
  }

  /** Listens on a free port of the loopback. */
  static async start(): Promise<Relay> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server)
  }

  /** Where node processes dial. */
  get address(): NodeAddress {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new Error('The relay was disposed of.')
    return NodeAddress.of(bound.address, bound.port)
  }

  /** Cuts the link between two nodes, named by the addresses they listen on; both ways unless `oneWay`. */
  cut(
    from: string,
    to: string,
    options: { readonly mode?: CutMode; readonly oneWay?: boolean } = {},
  ): void {
    const { mode = 'silent', oneWay = false } = options
    this.#change(this.#linksBetween(from, to, oneWay), (link) => (link.cut = mode))
  }

  /** Cuts every link between two groups of nodes, both ways. */
  partition(
    left: readonly string[],
    right: readonly string[],
    options: { readonly mode?: CutMode } = {},
  ): void {
    for (const from of left) for (const to of right) this.cut(from, to, options)
  }

  /** Takes the cut from the link between two nodes, both ways unless `oneWay`. */
  mend(from: string, to: string, { oneWay = false }: { readonly oneWay?: boolean } = {}): void {
    this.#change(this.#linksBetween(from, to, oneWay), (link) => (link.cut = undefined))
  }

  /** Has bytes of one direction arrive that much later, in milliseconds. */
  delay(from: string, to: string, delayMs: number): void {
    this.#change([this.#link(from, to)], (link) => (link.delayMs = delayMs))
  }

  /** Takes cuts and delays from all links. */
  heal(): void {
    this.#change([...this.#links.values()], (link) => {
      link.cut = undefined
      link.delayMs = 0
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.reset()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  #linksBetween(from: string, to: string, oneWay: boolean): readonly Link[] {
    return oneWay ? [this.#link(from, to)] : [this.#link(from, to), this.#link(to, from)]
  }

  #link(from: string, to: string): Link {
    const name = `${from} ${to}`
    const known = this.#links.get(name)
    if (known) return known
    const link = new Link()
    this.#links.set(name, link)
    return link
  }

  #change(links: readonly Link[], change: (link: Link) => void): void {
    for (const link of links) change(link)
    for (const connection of this.#connections) connection.linksChanged()
  }

  #accept(socket: Socket): void {
    const connection: RelayedConnection = new RelayedConnection(socket, {
      routeOf: ({ from, to }) => ({ there: this.#link(from, to), back: this.#link(to, from) }),
      closed: () => void this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }
}
