import { connect, type Socket } from 'node:net'
import { classifyDialFailure, isConnectedToItself } from '@casty/net'
import { TransportError, type Channel, type NodeAddress } from '@casty/transport'
import { WebSocket } from 'ws'
import { socketOptions } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'
import { WsChannel } from './ws-channel.ts'

/** Opens one WebSocket. The name is resolved anew for every dial, so a peer that moved is found. */
export function wsDial(
  address: NodeAddress,
  options: ResolvedWsOptions,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const { host, port } = address
    const carrier: Socket = connect({ host, port, noDelay: true, keepAlive: true })
    const socket = new WebSocket(`ws://${address}${options.path}`, {
      createConnection: () => carrier,
      ...socketOptions(options.lingerMs),
    })
    let isSettled = false
    const settle = (): void => {
      isSettled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      carrier.removeListener('connect', connected)
      socket.removeListener('open', opened)
      socket.removeListener('error', failed)
    }
    const giveUp = (reason: unknown): void => {
      if (isSettled) return
      settle()
      socket.on('error', ignore) // Ending one that still connects is an error of its own.
      socket.terminate()
      carrier.destroy()
      // `signal.reason` is what the caller chose to abort with, an Error or not.
      reject(reason)
    }
    const aborted = (): void => giveUp(signal?.reason)
    const failed = (error: Error): void =>
      giveUp(TransportError.dialFailed(address, classifyDialFailure(error), error))
    const connected = (): void => {
      if (isConnectedToItself(carrier)) giveUp(TransportError.dialFailed(address, 'refused'))
    }
    const opened = (): void => {
      settle()
      resolve(new WsChannel(socket, carrier, options))
    }
    // After a stall of the event loop the timer is due before an answer that has long arrived is
    // read. One more turn lets it count.
    const timer = setTimeout(() => {
      setImmediate(() => giveUp(TransportError.dialFailed(address, 'timeout')))
    }, options.dialTimeoutMs)

    signal?.addEventListener('abort', aborted, { once: true })
    carrier.once('connect', connected)
    socket.once('open', opened)
    socket.once('error', failed)
  })
}

function ignore(): void {}
