import { dialSocket, type Security } from '@casty/net'
import type { Channel, NodeAddress, TransportDialOptions } from '@casty/transport'
import type { ResolvedTcpOptions } from './options.ts'
import { onRead } from './preallocated-reads.ts'
import { TcpChannel } from './tcp-channel.ts'

/**
 * Opens one connection.
 *
 * @param readBuffer - shared by all sockets of the transport
 */
export function tcpDial(
  address: NodeAddress,
  { dialTimeoutMs: timeoutMs, keepAliveDelayMs, lingerMs }: ResolvedTcpOptions,
  readBuffer: Uint8Array,
  security: Security | undefined,
  { signal, mayDial }: TransportDialOptions,
): Promise<Channel> {
  let channel: TcpChannel | undefined
  const onread = onRead(readBuffer, (bytes) => channel?.deliver(bytes))
  const sockets = { timeoutMs, keepAliveDelayMs, onread, security, awaitsWord: true }
  const options = { ...sockets, ...(mayDial && { mayDial }) }
  return dialSocket(address, options, signal, (dialled) => {
    channel = new TcpChannel(dialled, lingerMs)
    if (dialled.proof) dialled.socket.on('data', (bytes) => channel?.deliverBuffer(bytes))
    return channel
  })
}
