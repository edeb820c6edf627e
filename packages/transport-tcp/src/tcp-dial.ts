import { connect } from 'node:net'
import { classifyDialFailure, isConnectedToItself } from '@casty/net'
import { TransportError, type Channel, type NodeAddress } from '@casty/transport'
import type { TcpOptions } from './options.ts'
import { onRead } from './preallocated-reads.ts'
import { TcpChannel } from './tcp-channel.ts'

/**
 * Opens one connection. The name is resolved anew for every dial, so a peer that moved is found.
 *
 * @param readBuffer - shared by all sockets of the transport
 */
export function tcpDial(
  address: NodeAddress,
  options: Required<TcpOptions>,
  readBuffer: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    let channel: TcpChannel | undefined
    const socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: options.keepAliveDelayMs,
      onread: onRead(readBuffer, (bytes) => channel?.deliver(bytes)),
    })
    socket.pause() // Nothing is read before the channel is opened.

    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      socket.removeListener('connect', connected)
      socket.removeListener('error', failed)
    }
    const giveUp = (reason: unknown): void => {
      settle()
      socket.on('error', ignore) // Destroying a socket that is still connecting may raise another.
      socket.destroy()
      // `signal.reason` is what the caller chose to abort with, an Error or not.
      reject(reason)
    }
    const aborted = (): void => giveUp(signal?.reason)
    const failed = (error: Error): void =>
      giveUp(TransportError.dialFailed(address, classifyDialFailure(error), error))
    const connected = (): void => {
      if (isConnectedToItself(socket)) return giveUp(TransportError.dialFailed(address, 'refused'))
      settle()
      channel = new TcpChannel(socket, options.lingerMs)
      resolve(channel)
    }
    // After a stall of the event loop the timer is due before an answer that has long arrived is
    // read. One more turn lets it count.
    const timer = setTimeout(() => {
      setImmediate(() => {
        if (channel === undefined && !socket.destroyed)
          giveUp(TransportError.dialFailed(address, 'timeout'))
      })
    }, options.dialTimeoutMs)

    signal?.addEventListener('abort', aborted, { once: true })
    socket.once('connect', connected)
    socket.once('error', failed)
  })
}

function ignore(): void {}
