/** Why a message was not handled: each that was told is handled, or is a dead letter for one of these. */
export type DeadLetterReason =
  | 'stopped' // The actor has stopped, or did before its turn came.
  | 'mailbox-full'
  | 'stash-full'
  | 'unhandled' // Its behavior does not know what to do with it.
  | 'failed' // The actor failed on it.
  | 'late-answer' // Whoever asked has its answer, or waits no longer.

export interface DeadLetter {
  /** Where it was told to. */
  readonly path: string
  readonly message: unknown
  readonly reason: DeadLetterReason
}
