import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Tears a connection down, so that the other end does not take what it got for all there was. */
export function resetConnection(socket: Socket): void {
  // Node resets none but bare TCP sockets; TLS marks its end, and one that is cut off lacks that.
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
