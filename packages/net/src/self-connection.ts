import type { Socket } from 'node:net'

/**
 * TCP lets a socket that dials a free local port connect to itself if the system happens to give it
 * that port. It would talk to a mirror, and keep the restarting peer from its own port.
 *
 * @see RFC 9293, §3.5, "simultaneous open"
 */
export function isConnectedToItself(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress
}
