import { createServer, type Server, type Socket } from 'node:net'

/** A server that takes everybody in and ends the connection with the same bytes, as one that is just shut down may. */
export class AbruptServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** How many connections it has had. */
  connections = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => {}) // Whoever it was has gone.
      socket.once('data', () => void socket.end(welcomeAndFarewell))
    })
  }

  static async start(): Promise<AbruptServer> {
    const server = createServer()
    const abrupt = new AbruptServer(server)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return abrupt
  }

  get connectionString(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('It does not listen')
    return `postgres://somebody@127.0.0.1:${address.port}/database`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }
}

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

const authenticationOk = message('R', Buffer.alloc(4))
const readyForQuery = message('Z', Buffer.from('I'))
const shutDown = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0'))
const welcomeAndFarewell = Buffer.concat([authenticationOk, readyForQuery, shutDown])
