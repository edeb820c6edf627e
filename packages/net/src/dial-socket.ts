import { connect, type OnReadOpts, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { TransportError, type ChannelProof, type NodeAddress } from '@casty/transport'
import { classifyDialFailure } from './dial-failure.ts'
import { isConnectedToItself } from './self-connection.ts'
import { proofOf } from './tls/certificate-proof.ts'
import { describeInsecurity, insecurityOf } from './tls/insecurity.ts'
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
}

/** A connected socket, paused. */
export interface DialledSocket {
  readonly socket: Socket
  /** The connection below it: itself without TLS. */
  readonly carrier: Socket
  readonly proof?: ChannelProof
}

/**
 * Opens one connection. The name is resolved anew for every dial, so a peer that moved is found.
 *
 * @param take - called in the turn in which the socket is there, so that no event of it is missed
 * @throws TransportError `CASTY_TRANSPORT_DIAL_FAILED`; `signal.reason` once that is aborted
 */
export function dialSocket<T>(
  address: NodeAddress,
  options: DialSocketOptions,
  signal: AbortSignal | undefined,
  take: (dialled: DialledSocket) => T | PromiseLike<T>,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const { security, keepAliveDelayMs: keepAliveInitialDelay, onread, timeoutMs } = options
    const { host, port } = address
    const carrier = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      ...(keepAliveInitialDelay !== undefined && { keepAliveInitialDelay }),
      ...(onread && !security && { onread }),
    })
    const secured: TLSSocket | undefined = security && startTls(carrier, security)
    const socket: Socket = secured ?? carrier
    socket.pause() // Nothing is read before the channel is opened.

    let isSettled = false
    const settle = (): void => {
      isSettled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      carrier.removeListener('connect', connected)
      socket.removeListener('error', failed)
      socket.removeListener('close', closed)
      secured?.removeListener('secureConnect', greeted).removeListener('data', told)
    }
    const giveUp = (reason: unknown): void => {
      if (isSettled) return
      settle()
      // Destroying a socket that is still connecting may raise another.
      for (const one of new Set([socket, carrier])) one.on('error', ignore).destroy()
      // `signal.reason` is what the caller chose to abort with, an Error or not.
      reject(reason)
    }
    const aborted = (): void => giveUp(signal?.reason)
    const failed = (error: unknown): void => {
      const found = security && insecurityOf(error, carrier.bytesWritten > 0)
      if (!found) {
        return giveUp(TransportError.dialFailed(address, classifyDialFailure(error), error))
      }
      const detail = describeInsecurity(address.toString(), found)
      giveUp(TransportError.insecureDial(address, { ...found, detail }, error))
    }
    /** Without an error, and before it was of use. */
    const closed = (): void => failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const done = (): void => {
      settle()
      const proof = secured && proofOf(secured)
      resolve(take({ socket, carrier, ...(proof && { proof }) }))
    }
    const connected = (): void => {
      if (isConnectedToItself(carrier)) giveUp(TransportError.dialFailed(address, 'refused'))
      else if (!secured) done()
    }
    const greeted = (): void => {
      if (!options.awaitsWord) return done()
      secured?.on('data', told).resume()
    }
    const told = (bytes: Buffer): void => {
      secured?.pause()
      const reason = decodeWord(bytes[0])
      if (reason !== 'trusted') {
        const found = { reason, by: 'peer' } as const
        const detail = describeInsecurity(address.toString(), found)
        return giveUp(TransportError.insecureDial(address, { ...found, detail }))
      }
      done()
      if (bytes.length > 1) secured?.unshift(bytes.subarray(1))
    }
    // After a stall of the event loop the timer is due before an answer that has long arrived is
    // read. One more turn lets it count.
    const timer = setTimeout(() => {
      setImmediate(() => giveUp(TransportError.dialFailed(address, 'timeout')))
    }, timeoutMs)

    signal?.addEventListener('abort', aborted, { once: true })
    carrier.once('connect', connected)
    secured?.once('secureConnect', greeted)
    socket.once('error', failed)
    socket.once('close', closed)
  })
}

function ignore(): void {}
