import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import {
  sourceGroup,
  type ChannelProof,
  type InsecurityReason,
  type TurnedAway,
} from '@casty/transport'
import type { ConnectedSocket } from '../connected-socket.ts'
import { errorCode } from '../dial-failure.ts'
import { plainAddress } from '../plain-address.ts'
import { contextOf } from './certificates.ts'
import { proofOf } from './certificate-proof.ts'
import type { Credentials } from './credentials.ts'
import { insecurityOf, reasonOfVerification } from './insecurity.ts'
import type { Security } from './security.ts'

/** One under way. */
interface Pending {
  readonly carrier: Socket
  /** The source that it counts for. */
  readonly group: string
  /** What was trusted when it began. */
  readonly judgedBy: Credentials
}

export interface SecureAcceptorParts {
  readonly security: Security
  /** Takes a connection whose other end has proven itself: `proof` is there. */
  readonly accept: (connection: ConnectedSocket) => void
  /** What an end is told that is not; it is read on and closed by the acceptor. */
  readonly farewell: (reason: InsecurityReason) => Uint8Array
  /** Told of each such end, but for those that only went away. */
  readonly turnedAway?: ((whom: TurnedAway) => void) | undefined
}

/**
 * Takes incoming connections through TLS, few at a time. An end that is not trusted is told why: with
 * TLS 1.3 it has finished its handshake before its certificate is looked at, and would see a
 * connection that breaks.
 */
export class TlsAcceptor implements Disposable {
  readonly #parts: SecureAcceptorParts
  readonly #server: Server
  readonly #watch: Disposable
  /** Those under way, by their two ends, which no other connection has. */
  readonly #pending = new Map<string, Pending>()
  readonly #perGroup = new Map<string, number>()

  constructor(parts: SecureAcceptorParts) {
    const { options, certificates } = parts.security
    this.#parts = parts
    this.#server = createServer({
      ...contextWithoutSessions(certificates.credentials),
      requestCert: true,
      rejectUnauthorized: false, // Judged in `#judge`, which tells the other end why.
      handshakeTimeout: options.handshakeTimeoutMs,
    })
    this.#server.on('secureConnection', (socket) => this.#secured(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket))
    this.#watch = certificates.watch(() =>
      this.#server.setSecureContext(contextWithoutSessions(certificates.credentials)),
    )
  }

  /** Takes a connection that nobody has read from. */
  admit(carrier: Socket): void {
    const { security } = this.#parts
    const group = sourceGroup(plainAddress(carrier.remoteAddress))
    const ofGroup = this.#perGroup.get(group) ?? 0
    const { maxPendingHandshakes, maxPendingHandshakesPerSource } = security.options
    carrier.on('error', ignore) // The socket above it is told as well.
    if (this.#pending.size >= maxPendingHandshakes || ofGroup >= maxPendingHandshakesPerSource) {
      security.count('busy')
      carrier.destroy()
      return
    }
    const ends = endsOf(carrier)
    const judgedBy = security.certificates.credentials
    this.#pending.set(ends, { carrier, group, judgedBy })
    this.#perGroup.set(group, ofGroup + 1)
    carrier.once('close', () => this.#settle(ends))
    this.#server.emit('connection', carrier)
  }

  /** Ends what is under way. Connections that were handed on live on. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
    for (const { carrier } of this.#pending.values()) carrier.destroy()
  }

  #secured(socket: TLSSocket): void {
    const ends = endsOf(socket)
    const pending = this.#pending.get(ends)
    if (pending === undefined) {
      socket.destroy() // It is gone already.
      return
    }
    const { carrier, judgedBy } = pending
    const verdict = judgeAccepted(socket, this.#parts.security, judgedBy)
    if (typeof verdict === 'string') {
      this.#refuse(socket, carrier, verdict)
      return
    }
    this.#settle(ends)
    this.#parts.accept({ socket, carrier, proof: verdict })
  }

  /** It counts as pending until it is gone, which it is soon. */
  #refuse(socket: TLSSocket, carrier: Socket, reason: InsecurityReason): void {
    const { security, farewell } = this.#parts
    security.count(reason)
    this.#tell(socket, reason)
    const timer = setTimeout(() => carrier.destroy(), security.options.handshakeTimeoutMs)
    carrier.once('close', () => clearTimeout(timer))
    // Closing with bytes unread makes the system send a reset, which can overtake the farewell.
    socket.on('error', ignore).resume().end(farewell(reason))
  }

  #failed(error: Error, socket: TLSSocket): void {
    const isLate = errorCode(error) === 'ERR_TLS_HANDSHAKE_TIMEOUT'
    const reason = insecurityOf(error, true)?.reason ?? 'protocol'
    this.#parts.security.count(isLate ? 'timeout' : reason)
    if (!isLate && reason !== 'ended') this.#tell(socket, reason)
    socket.destroy()
  }

  #tell(socket: Socket, reason: InsecurityReason): void {
    this.#parts.turnedAway?.({ source: plainAddress(socket.remoteAddress), reason })
  }

  #settle(ends: string): void {
    const group = this.#pending.get(ends)?.group
    if (group === undefined) return
    this.#pending.delete(ends)
    const left = (this.#perGroup.get(group) ?? 1) - 1
    if (left > 0) this.#perGroup.set(group, left)
    else this.#perGroup.delete(group)
  }
}

/**
 * The proof of an end that is trusted, or why it is not.
 *
 * @param judgedBy - what was trusted when it began: now, where that is not known
 */
export function judgeAccepted(
  socket: TLSSocket,
  security: Security,
  judgedBy: Credentials = security.certificates.credentials,
): ChannelProof | InsecurityReason {
  if (socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) return 'protocol'
  const proof = proofOf(socket, security, judgedBy)
  if (proof === undefined) return 'no-certificate'
  if (!socket.authorized) return reasonOfVerification(String(socket.authorizationError))
  return security.allows(proof.names) ? proof : 'not-allowed'
}

/** Whoever resumes a session is not asked for its certificate again. */
function contextWithoutSessions(credentials: Credentials): SecureContextOptions {
  return { ...contextOf(credentials), secureOptions: constants.SSL_OP_NO_TICKET }
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
}

function ignore(): void {}
