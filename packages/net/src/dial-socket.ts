import { connect, type OnReadOpts, type Socket } from 'node:net'
import type { NodeAddress } from '@casty/transport'
import type { ConnectedSocket } from './connected-socket.ts'
import { attemptDial } from './dial-attempt.ts'
import { permittedLookup, type ResolveName } from './permitted-lookup.ts'
import { isConnectedToItself } from './self-connection.ts'
import { insecurityOf } from './tls/insecurity.ts'
import { decodeWord, type Security } from './tls/security.ts'
import { startTls } from './tls/start-tls.ts'

/** How a socket is dialled. Every duration is in milliseconds. */
export interface DialSocketOptions {
  readonly timeoutMs: number
  readonly keepAliveDelayMs?: number
  /** Reads into a buffer of the caller's; not with TLS. */
  readonly onread?: OnReadOpts
  /** With TLS: whom to show and to trust. */
  readonly security?: Security | undefined
  /** With TLS: the other end says with its first byte whether it trusts this one. */
  readonly awaitsWord?: boolean
  /** Asked of each address that a name leads to; what it refuses is not dialled. Not asked of a host that is an address. */
  readonly mayDial?: (host: string) => boolean
  /** Answers what names lead to. @defaultValue `lookup` of `node:dns`, which asks as the system does */
  readonly resolve?: ResolveName
}

/**
 * Opens one connection. The name is resolved anew for every dial, so a peer that moved is found; and once, so that what
 * was judged is what is dialled.
 *
 * @param take - called in the turn in which the socket is there, paused, so that no event of it is missed
 * @throws TransportError `CASTY_TRANSPORT_DIAL_FAILED`; `signal.reason` once that is aborted
 */
export function dialSocket<T>(
  address: NodeAddress,
  options: DialSocketOptions,
  signal: AbortSignal | undefined,
  take: (dialled: ConnectedSocket) => T | PromiseLike<T>,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  const { security, timeoutMs } = options
  return attemptDial<T>(address, { timeoutMs, signal }, (attempt) => {
    const carrier = connectTo(address, options)
    const tls = security && startTls(carrier, security)
    const secured = tls?.socket
    const socket: Socket = secured ?? carrier
    socket.pause() // Nothing is read before the channel is opened.

    const failed = (error: unknown): void => {
      const found = security && insecurityOf(error, carrier.bytesWritten > 0)
      if (found) attempt.distrust(found, error)
      else attempt.fail(error)
    }
    /** Without an error, and before it was of use. */
    const closed = (): void => failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const done = (): void =>
      attempt.succeed(() => {
        const proof = tls?.proof()
        return take({ socket, carrier, ...(proof && { proof }) })
      })
    const connected = (): void => {
      if (isConnectedToItself(carrier)) attempt.refuse()
      else if (!secured) done()
    }
    const greeted = (): void => {
      if (!options.awaitsWord) return done()
      secured?.on('data', told).resume()
    }
    const told = (bytes: Buffer): void => {
      secured?.pause()
      const reason = decodeWord(bytes[0])
      if (reason !== 'trusted') return attempt.distrust({ reason, by: 'peer' })
      done()
      if (bytes.length > 1) secured?.unshift(bytes.subarray(1))
    }
    carrier.once('connect', connected)
    secured?.once('secureConnect', greeted)
    socket.once('error', failed)
    socket.once('close', closed)
    return {
      settled() {
        carrier.removeListener('connect', connected)
        socket.removeListener('error', failed)
        socket.removeListener('close', closed)
        secured?.removeListener('secureConnect', greeted).removeListener('data', told)
      },
      abandoned() {
        // Destroying a socket that is still connecting may raise another error.
        for (const one of new Set([socket, carrier])) one.on('error', ignore).destroy()
      },
    }
  })
}

function connectTo({ host, port }: NodeAddress, options: DialSocketOptions): Socket {
  const { keepAliveDelayMs: keepAliveInitialDelay, onread, security, mayDial, resolve } = options
  return connect({
    host,
    port,
    lookup: permittedLookup(mayDial, resolve),
    noDelay: true,
    keepAlive: true,
    ...(keepAliveInitialDelay !== undefined && { keepAliveInitialDelay }),
    ...(onread && !security && { onread }),
  })
}

function ignore(): void {}
