import type { ActorRef } from './actor-ref.ts'
import { localCell } from './local-ref.ts'

/**
 * Tells an actor on behalf of nobody who could know what to do where its mailbox refuses: that is a dead
 * letter then.
 */
export function courierTo<M>(ref: ActorRef<M>): (message: M) => void {
  const cell = localCell(ref)
  if (cell?.settings.overflow !== 'reject') return (message) => ref.tell(message)
  return (message) => {
    if (cell.isFull) cell.undelivered(message, 'mailbox-full')
    else ref.tell(message)
  }
}
