import { connect, type Socket } from 'node:net'
import { NodeAddress } from '@casty/transport'
import { connected, decodeGreeting, refused, type Greeting } from './greeting.ts'
import type { Link } from './link.ts'
import { Pipe } from './pipe.ts'
import { resetSocket } from './reset.ts'

/** The two directions of a connection, as seen from the node that dialled. */
export interface Route {
  readonly there: Link
  readonly back: Link
}

export interface RelayedConnectionParts {
  routeOf(greeting: Greeting): Route
  /** Nothing is left of it. */
  closed(): void
}

/**
 * A connection from one node to another: it is told who dials whom, dials on, and pipes. To dial takes
 * both directions, as the handshake of TCP does, so it waits until both links are open.
 */
export class RelayedConnection {
  readonly #parts: RelayedConnectionParts
  readonly #dialler: Socket
  #dialled: Socket | undefined
  #route: Route | undefined
  #pipes: readonly Pipe[] = []
  /** To be called once both links are open; undefined before there are any, and afterwards. */
  #dialOn: (() => void) | undefined

  constructor(dialler: Socket, parts: RelayedConnectionParts) {
    this.#parts = parts
    this.#dialler = this.#watch(dialler)
    let heard: Uint8Array = new Uint8Array()
    dialler.on('data', (bytes: Uint8Array) => {
      heard = Buffer.concat([heard, bytes])
      this.#greeted(heard)
    })
    // Before it is answered it has nothing more to say: it gave up.
    dialler.on('end', () => dialler.destroy())
  }

  linksChanged(): void {
    if (!this.#route) return
    const { there, back } = this.#route
    if (there.cut === 'reset' || back.cut === 'reset') return this.reset()
    for (const pipe of this.#pipes) pipe.linkChanged()
    if (!this.#dialOn || !there.isOpen || !back.isOpen) return
    setTimeout(this.#dialOn, there.delayMs)
    this.#dialOn = undefined
  }

  reset(): void {
    for (const pipe of this.#pipes) pipe.close()
    resetSocket(this.#dialler)
    if (this.#dialled) resetSocket(this.#dialled)
  }

  #greeted(heard: Uint8Array): void {
    try {
      const greeting = decodeGreeting(heard)
      if (!greeting) return
      const to = NodeAddress.parse(greeting.to)
      const route = this.#parts.routeOf(greeting)
      this.#route = route
      this.#dialOn = () => this.#dial(to, route)
      this.linksChanged()
    } catch {
      this.reset() // It is no node of ours.
    }
  }

  #dial({ host, port }: NodeAddress, { there, back }: Route): void {
    if (this.#dialler.destroyed) return
    const dialled = this.#watch(connect({ host, port, allowHalfOpen: true, noDelay: true }))
    this.#dialled = dialled
    const failed = (error: Error): void => {
      if ('code' in error && error.code === 'ECONNREFUSED')
        this.#dialler.end(Uint8Array.of(refused))
      else this.reset()
    }
    dialled.once('error', failed)
    dialled.once('connect', () => {
      dialled.off('error', failed)
      this.#dialler.removeAllListeners('data').removeAllListeners('end')
      const answers = new Pipe(dialled, this.#dialler, back)
      answers.send(Uint8Array.of(connected))
      this.#pipes = [new Pipe(this.#dialler, dialled, there), answers]
      this.linksChanged()
    })
  }

  #watch(socket: Socket): Socket {
    socket.on('error', () => {}) // `close` follows.
    return socket.on('close', () => {
      if (this.#dialler.destroyed && this.#dialled?.destroyed !== false) this.#parts.closed()
    })
  }
}
