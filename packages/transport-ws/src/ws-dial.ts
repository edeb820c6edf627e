import {
  attemptDial,
  dialSocket,
  isInsecurityReason,
  type AttemptBounds,
  type ConnectedSocket,
  type Security,
} from '@casty/net'
import type { Channel, NodeAddress, TransportDialOptions } from '@casty/transport'
import { WebSocket } from 'ws'
import { refusalHeader, socketOptions } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'
import { WsChannel } from './ws-channel.ts'

/** Opens one WebSocket. */
export function wsDial(
  address: NodeAddress,
  options: ResolvedWsOptions,
  security: Security | undefined,
  { signal, mayDial }: TransportDialOptions,
): Promise<Channel> {
  const startedAt = Date.now()
  const timeoutMs = options.dialTimeoutMs
  const bounds = { timeoutMs, security, ...(mayDial && { mayDial }) }
  return dialSocket(address, bounds, signal, (dialled) => {
    const leftMs = Math.max(1, timeoutMs - (Date.now() - startedAt))
    return upgrade(address, dialled, options, { timeoutMs: leftMs, signal })
  })
}

/** Asks for a WebSocket on a connection that is there. */
function upgrade(
  address: NodeAddress,
  dialled: ConnectedSocket,
  options: ResolvedWsOptions,
  bounds: AttemptBounds,
): Promise<Channel> {
  return attemptDial<Channel>(address, bounds, (attempt) => {
    const { socket: carrier } = dialled
    // With TLS, the connection below it is there: what is written on it is encrypted.
    const socket = new WebSocket(`ws://${address}${options.path}`, {
      createConnection: () => carrier,
      ...socketOptions(options.lingerMs),
    })
    carrier.resume() // It is paused as it comes; the request listens by then.
    const opened = (): void => attempt.succeed(() => new WsChannel(socket, dialled, options))
    const failed = (error: Error): void => {
      // Node says `ECONNRESET` where the other end closed in order as well.
      const isHungUpOn = carrier.readableEnded && !dialled.proof
      if (isHungUpOn) attempt.hungUpOn(error)
      else attempt.fail(error)
    }
    carrier.on('error', ignore) // The WebSocket is told as well.
    socket.once('open', opened)
    socket.once('error', failed)
    socket.once('unexpected-response', (_request, { statusCode, headers }) => {
      const reason = headers[refusalHeader]
      if (dialled.proof && isInsecurityReason(reason)) attempt.distrust({ reason, by: 'peer' })
      else attempt.fail(new Error(`Unexpected server response: ${statusCode}`))
    })
    return {
      settled() {
        socket.removeListener('open', opened)
        socket.removeListener('error', failed)
      },
      abandoned() {
        socket.on('error', ignore) // Ending one that still connects is an error of its own.
        socket.terminate()
        carrier.destroy()
      },
    }
  })
}

function ignore(): void {}
