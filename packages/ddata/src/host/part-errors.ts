import type { ActorSystem } from '@casty/actor'
import { isJournalError } from '@casty/persistence'

/** Where there is no room, many parts fail, again and again. */
const fullEveryMs = 60_000

/** Tells whoever looks after a node of errors that parts met. Where there is no room, that is said once a minute. */
export function reportOfParts(system: ActorSystem): (error: unknown, part: string) => void {
  let fullAt = Number.NEGATIVE_INFINITY
  return (error, part) => {
    if (isJournalError(error) && error.code === 'CASTY_JOURNAL_FULL') {
      const now = system.clock.now()
      if (now < fullAt + fullEveryMs) return
      fullAt = now
    }
    system.logger?.error(
      { error, part },
      'A part of distributed structures met an error, of which those are told whose calls it concerns',
    )
  }
}
