import type { DeadLetterReason } from '@casty/actor'

/** Reasons as they travel: by position, which never changes; new ones come last. */
const reasons: readonly DeadLetterReason[] = [
  'stopped',
  'mailbox-full',
  'stash-full',
  'unhandled',
  'failed',
  'late-answer',
  'not-found',
  'not-serializable',
  'not-sent',
  'lost',
  'node-gone',
  'buffer-full',
  'overdue',
]

export function codeOf(reason: DeadLetterReason): number {
  return reasons.indexOf(reason)
}

/** One that a newer node has and this one does not know counts as lost: what became of it is unknown. */
export function reasonOf(code: number): DeadLetterReason {
  return reasons[code] ?? 'lost'
}
