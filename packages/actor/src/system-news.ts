// What happens in a system, as it is told: to those who listen, to the logger, and in numbers.
import type { DeadLetterCounts, DeadLetterReason } from './dead-letter.ts'
import { EventStream } from './event-stream.ts'
import type { SystemEvent } from './system-event.ts'
import type { SystemLog } from './system-log.ts'

export class SystemNews {
  readonly events: EventStream<SystemEvent> = new EventStream<SystemEvent>({
    onError: (error) => this.report(error, 'A listener threw'),
  })
  readonly #log: SystemLog | undefined
  readonly #counts = new Map<DeadLetterReason, number>()
  #isTellingDeadLetter = false

  constructor(log: SystemLog | undefined) {
    this.#log = log
  }

  get deadLetters(): DeadLetterCounts {
    return Object.fromEntries(this.#counts)
  }

  publish(event: SystemEvent): void {
    if (event.type === 'actor-failed') this.#log?.failed(event)
    if (this.events.size > 0) this.events.publish(event)
  }

  report(error: unknown, what: string): void {
    this.#log?.report(error, what)
  }

  deadLetter(path: string, message: unknown, reason: DeadLetterReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
    this.#log?.deadLetter(path, message, reason)
    // Those who listen and cannot handle it would otherwise be told that, and so on for ever; as would those
    // whose listening makes another.
    if (this.events.size === 0 || this.#isTellingDeadLetter || isOfDeadLetter(message)) return
    this.#isTellingDeadLetter = true
    try {
      this.publish({ type: 'dead-letter', deadLetter: { path, message, reason } })
    } finally {
      this.#isTellingDeadLetter = false
    }
  }
}

/** Whether a message is the word of a dead letter. */
function isOfDeadLetter(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false
  try {
    return 'type' in message && message.type === 'dead-letter' && 'deadLetter' in message
  } catch {
    return false // A message may be anything, a proxy for one: whoever looks at it may be in for it.
  }
}
