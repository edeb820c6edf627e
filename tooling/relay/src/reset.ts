import type { Socket } from 'node:net'

/**
 * Tears a connection down, so that the other end hears of a reset. While the system still sends our own
 * end of it that is no longer possible: to try would leave a handle behind that keeps the process from
 * exiting, so the connection is closed in order.
 */
export function resetSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished
  if (isEnding) socket.destroy()
  else socket.resetAndDestroy()
}
