import {
  classifyDialFailure,
  describeInsecurity,
  dialSocket,
  isInsecurityReason,
  type DialledSocket,
  type Security,
} from '@casty/net'
import { TransportError, type Channel, type NodeAddress } from '@casty/transport'
import { WebSocket } from 'ws'
import { refusalHeader, socketOptions } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'
import { WsChannel } from './ws-channel.ts'

/** Opens one WebSocket. */
export function wsDial(
  address: NodeAddress,
  options: ResolvedWsOptions,
  security: Security | undefined,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  const startedAt = Date.now()
  const timeoutMs = options.dialTimeoutMs
  return dialSocket(address, { timeoutMs, security }, signal, (dialled) => {
    const leftMs = Math.max(1, timeoutMs - (Date.now() - startedAt))
    return upgrade(address, dialled, options, leftMs, signal)
  })
}

function upgrade(
  address: NodeAddress,
  dialled: DialledSocket,
  options: ResolvedWsOptions,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const { socket: carrier } = dialled
    // With TLS, the connection below it is there: what is written on it is encrypted.
    const socket = new WebSocket(`ws://${address}${options.path}`, {
      createConnection: () => carrier,
      ...socketOptions(options.lingerMs),
    })
    carrier.resume() // It is paused as it comes; the request listens by then.
    let isSettled = false
    const settle = (): void => {
      isSettled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
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
    const opened = (): void => {
      settle()
      resolve(new WsChannel(socket, dialled, options))
    }
    // After a stall of the event loop the timer is due before an answer that has long arrived is
    // read. One more turn lets it count.
    const timer = setTimeout(() => {
      setImmediate(() => giveUp(TransportError.dialFailed(address, 'timeout')))
    }, timeoutMs)

    signal?.addEventListener('abort', aborted, { once: true })
    carrier.on('error', ignore) // The WebSocket is told as well.
    socket.once('open', opened)
    socket.once('error', failed)
    socket.once('unexpected-response', (_request, { statusCode, headers }) => {
      const reason = headers[refusalHeader]
      if (dialled.proof && isInsecurityReason(reason)) {
        const found = { reason, by: 'peer' } as const
        const detail = describeInsecurity(address.toString(), found)
        giveUp(TransportError.insecureDial(address, { ...found, detail }))
      } else failed(new Error(`Unexpected server response: ${statusCode}`))
    })
  })
}

function ignore(): void {}
