import type { EventJournal } from '../journal/event-journal.ts'

/**
 * So many actors recover from one journal at once. Without a limit, ten thousand that start together would
 * wait in its queues for longer than they have patience, and start again: slower each time.
 */
const mostAtOnce = 64

const gates = new WeakMap<EventJournal, RecoveryGate>()

/** That of all actors with this journal. */
export function gateOf(journal: EventJournal): RecoveryGate {
  const known = gates.get(journal)
  if (known) return known
  const gate = new RecoveryGate()
  gates.set(journal, gate)
  return gate
}

/** Lets so many through at a time, in the order in which they came. */
export class RecoveryGate {
  #inside = 0
  readonly #waiting = new Set<() => void>()

  /** Whoever entered must leave. Rejects with the reason of the signal, and has not entered then. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#inside < mostAtOnce) this.#inside++
    else await this.#turn(signal)
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        if (this.#waiting.delete(enter)) reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.add(enter)
    })
  }

  leave(): void {
    for (const enter of this.#waiting) {
      this.#waiting.delete(enter)
      enter() // The place is handed on.
      return
    }
    this.#inside--
  }
}
