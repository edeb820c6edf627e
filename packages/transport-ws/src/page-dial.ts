import { TransportError, type Channel, type NodeAddress } from '@casty/transport'
import type { PageWsOptions } from './browser-options.ts'
import { PageChannel } from './page-channel.ts'

/**
 * Opens one WebSocket. A page is not told why one fails, so as not to be used to look around: every failure
 * but that of time is `unreachable`.
 *
 * @see WHATWG WebSockets, §3.1, "fail the WebSocket connection"
 */
export function pageDial(
  address: NodeAddress,
  options: Required<PageWsOptions>,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const scheme = options.isSecure ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${address}${options.path}`)
    socket.binaryType = 'arraybuffer'
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      socket.removeEventListener('open', opened)
      socket.removeEventListener('close', failed)
    }
    const giveUp = (reason: unknown): void => {
      settle()
      socket.close()
      // `signal.reason` is what the caller chose to abort with, an Error or not.
      reject(reason)
    }
    const aborted = (): void => giveUp(signal?.reason)
    const failed = (): void => giveUp(TransportError.dialFailed(address, 'unreachable'))
    const opened = (): void => {
      settle()
      resolve(new PageChannel(socket, address.host, options))
    }
    const timer = setTimeout(
      () => giveUp(TransportError.dialFailed(address, 'timeout')),
      options.dialTimeoutMs,
    )
    signal?.addEventListener('abort', aborted, { once: true })
    socket.addEventListener('open', opened, { once: true })
    socket.addEventListener('close', failed, { once: true })
  })
}
