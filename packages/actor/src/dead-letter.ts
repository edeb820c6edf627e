/** Why a message was not handled: each that was told is handled, or is a dead letter for one of these. */
export type DeadLetterReason =
  | 'stopped' // The actor has stopped, or did before its turn came.
  | 'mailbox-full'
  | 'stash-full'
  | 'unhandled' // Its behavior does not know what to do with it.
  | 'failed' // The actor failed on it.
  | 'late-answer' // Whoever asked has its answer, or waits no longer.
  // What layers that carry messages further have to add:
  | 'not-found' // Nobody lives where it was sent to.
  | 'not-serializable' // It holds what cannot be sent to another node.
  | 'not-sent' // There was no room for it on its way, or it was too large.
  | 'lost' // It was on its way when the connection ended.
  | 'node-gone' // The node of the actor is no longer a member.
  | 'buffer-full' // Too many waited for somebody who could not take them yet.
  | 'overdue' // It waited there for too long.

/**
 * A message that was not handled, as an event. One that comes about while another is told, by what a
 * listener does, is counted and logged, and not told: or there might be no end of it.
 */
export interface DeadLetter {
  /** Where it was told to. */
  readonly path: string
  readonly message: unknown
  readonly reason: DeadLetterReason
}

/** How many dead letters there were, by reason. */
export type DeadLetterCounts = Readonly<Partial<Record<DeadLetterReason, number>>>
