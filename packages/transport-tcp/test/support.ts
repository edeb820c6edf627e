import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import {
  NodeAddress,
  type Channel,
  type ChannelCloseReason,
  type ChannelSink,
  type Listener,
  type Transport,
} from '@casty/transport'

export const loopback: NodeAddress = NodeAddress.parse('127.0.0.1:0')

/** A promise and its `resolve` (`Promise.withResolvers`, which ES2023 does not have). */
export function deferred<Value>(): {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
} {
  let settle: ((value: Value) => void) | undefined
  const promise = new Promise<Value>((resolve) => (settle = resolve))
  return { promise, resolve: (value) => settle?.(value) }
}

/** Keeps what a channel delivers, and lets a test wait for it. */
export class CollectingSink implements ChannelSink {
  readonly chunks: Uint8Array[] = []
  receivedBytes = 0
  drains = 0
  readonly closeReasons: ChannelCloseReason[] = []
  readonly #waiting = new Set<() => void>()

  received(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice())
    this.receivedBytes += bytes.length
    this.#check()
  }

  drained(): void {
    this.drains += 1
    this.#check()
  }

  closed(reason: ChannelCloseReason): void {
    this.closeReasons.push(reason)
    this.#check()
  }

  until(condition: (sink: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition(this)) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  async closeReason(): Promise<ChannelCloseReason | undefined> {
    await this.until((sink) => sink.closeReasons.length > 0)
    return this.closeReasons[0]
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.chunks)
  }

  text(): string {
    return Buffer.from(this.bytes()).toString()
  }

  #check(): void {
    for (const check of Array.from(this.#waiting)) check()
  }
}

export interface Pair extends AsyncDisposable {
  readonly listener: Listener
  readonly dialled: Channel
  readonly accepted: Channel
}

/** Both ends of one connection, neither of them opened yet. */
export async function connectPair(
  transport: Transport,
  address: NodeAddress = loopback,
): Promise<Pair> {
  const { promise, resolve } = deferred<Channel>()
  const listener = await transport.listen(address, resolve)
  const dialled = await transport.dial(listener.address)
  const accepted = await promise
  return {
    listener,
    dialled,
    accepted,
    async [Symbol.asyncDispose]() {
      dialled.close()
      accepted.close()
      await listener[Symbol.asyncDispose]()
    },
  }
}

export interface ForeignPeer extends AsyncDisposable {
  readonly channel: Channel
  readonly sink: CollectingSink
  /** The other end, a socket that knows nothing of casty, paused. */
  readonly socket: Socket
}

/** A channel of ours, dialled or accepted, to a bare socket that a test drives by hand. */
export async function foreignPeer(
  transport: Transport,
  kind: 'dialled' | 'accepted',
): Promise<ForeignPeer> {
  const ends = await (kind === 'dialled' ? dialForeign(transport) : acceptForeign(transport))
  const { channel, socket } = ends
  socket.on('error', () => {})
  const sink = new CollectingSink()
  channel.open(sink)
  return {
    channel,
    sink,
    socket,
    async [Symbol.asyncDispose]() {
      channel.close()
      socket.destroy()
      await ends.end()
    },
  }
}

interface Ends {
  readonly channel: Channel
  readonly socket: Socket
  end(): PromiseLike<void>
}

async function dialForeign(transport: Transport): Promise<Ends> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  const address = await listenOn(server)
  const socket = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const channel = await transport.dial(address)
  return {
    channel,
    socket: await socket,
    end: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

async function acceptForeign(transport: Transport): Promise<Ends> {
  const { promise, resolve } = deferred<Channel>()
  const listener = await transport.listen(loopback, resolve)
  const { host, port } = listener.address
  const socket = connect({ host, port, allowHalfOpen: true }).pause()
  return { channel: await promise, socket, end: () => listener[Symbol.asyncDispose]() }
}

/** Listens on a free port of loopback and says which. */
export async function listenOn(server: Server): Promise<NodeAddress> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return boundAddress(server)
}

export function boundAddress(server: Server): NodeAddress {
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null) throw new Error('The server is not listening.')
  return NodeAddress.of(bound.address, bound.port)
}

/** A port where nobody listens: it was free a moment ago. */
export async function unusedAddress(): Promise<NodeAddress> {
  const server = createServer()
  const address = await listenOn(server)
  await new Promise((resolve) => server.close(resolve))
  return address
}
