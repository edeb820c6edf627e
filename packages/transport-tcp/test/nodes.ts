import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { systemClock } from '@casty/clock'
import {
  Endpoint,
  type NodeAddress,
  type EndpointEvent,
  type EndpointOptions,
  type NodeIdentity,
  type Transport,
} from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { boundAddress, deferred, loopback } from './support.ts'

/** The frame type that tests send. */
export const note = 32

let incarnations = 0

/** An endpoint, over TCP unless it is told otherwise, that remembers what happened to it. */
export class Node implements AsyncDisposable {
  readonly endpoint: Endpoint
  readonly events: EndpointEvent[] = []
  /** The text of every note received, with the lane left out. */
  readonly notes: string[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
    endpoint.subscribe((event) => {
      this.events.push(event)
      this.#check()
    })
    endpoint.handle(note, (_from, bytes, start, end) => {
      this.notes.push(Buffer.from(bytes.subarray(start, end)).toString())
      this.#check()
    })
  }

  static async start(options: Partial<EndpointOptions> = {}): Promise<Node> {
    const endpoint = await Endpoint.start({
      transport: tcpTransport(),
      clock: systemClock,
      address: loopback,
      incarnation: ++incarnations,
      clusterName: 'tests',
      ...options,
    })
    return new Node(endpoint)
  }

  get self(): NodeIdentity {
    return this.endpoint.self
  }

  send(to: NodeIdentity, text: string, lane: 'control' | 'data' = 'control'): string {
    return this.endpoint.send(to, lane, note, Buffer.from(text))
  }

  /** The first event of a type that has come, or comes. */
  async event<Type extends EndpointEvent['type']>(
    type: Type,
    from = 0,
  ): Promise<Extract<EndpointEvent, { readonly type: Type }>> {
    const found = (): EndpointEvent | undefined =>
      this.events.slice(from).find((event) => event.type === type)
    await this.until(() => found() !== undefined)
    // `found` looked for this type.
    return found() as Extract<EndpointEvent, { readonly type: Type }>
  }

  until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = deferred<undefined>()
    const check = (): void => {
      if (!condition()) return
      this.#waiting.delete(check)
      resolve(undefined)
    }
    this.#waiting.add(check)
    check()
    return promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.endpoint[Symbol.asyncDispose]()
  }

  #check(): void {
    for (const check of Array.from(this.#waiting)) check()
  }
}

/** Stands between two nodes, so that a test can hold their bytes back or cut their connections. */
export class Relay implements AsyncDisposable {
  readonly address: NodeAddress
  target: NodeAddress | undefined
  /** Pairs of sockets, in the order in which they were dialled. */
  readonly pairs: { readonly from: Socket; readonly to: Socket }[] = []
  /** How many connections were torn down because nothing came through them for `idleMs`. */
  idled = 0
  readonly #server: ReturnType<typeof createServer>

  private constructor(server: ReturnType<typeof createServer>, idleMs: number) {
    this.#server = server
    this.address = boundAddress(server)
    server.on('connection', (from) => {
      if (this.target === undefined) throw new Error('The relay has no target.')
      const to = connect(this.target.port, this.target.host)
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        one.on('error', () => {}).on('close', () => other.destroy())
        one.pipe(other)
      }
      from.setTimeout(idleMs, () => {
        this.idled += 1
        from.resetAndDestroy()
      })
      this.pairs.push({ from, to })
    })
  }

  /** @param options.idleMs - as proxies do: connections that are silent for so long are torn down; 0, none is */
  static async start({ idleMs = 0 }: { readonly idleMs?: number } = {}): Promise<Relay> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server, idleMs)
  }

  /** Tears every connection down, at both ends. */
  reset(): void {
    for (const { from, to } of this.pairs.splice(0)) {
      from.resetAndDestroy()
      to.resetAndDestroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reset()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** A node that others reach through a relay: what it tells peers of its address is the relay's. */
export async function startBehind(
  relay: Relay,
  options: Partial<EndpointOptions> = {},
): Promise<Node> {
  const behind = options.transport ?? tcpTransport()
  const transport: Transport = {
    ...behind,
    async listen(address, accept) {
      const listener = await behind.listen(address, accept)
      relay.target = listener.address
      return listener
    },
  }
  const { host, port } = relay.address
  return await Node.start({ ...options, transport, advertised: { host, port } })
}
