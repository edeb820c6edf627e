// Structures end with what they are used through.
import { DDataError } from '../errors.ts'

/** What structures are used through, and what is said when it has ended: a sentence without its end. */
export const whyEnded = {
  client: 'the client that it goes through has ended. Connect another one',
  node: 'the system of this node has ended',
} as const

/** How a system says that it has ended, or sharding that ended with it. */
const stopped: ReadonlySet<unknown> = new Set(['CASTY_ACTOR_STOPPED', 'CASTY_SHARDING_STOPPED'])

/** @throws DDataError `CASTY_DDATA_CLOSED`; what else `begin` throws */
export function unlessEnded<T>(who: keyof typeof whyEnded, begin: () => T): T {
  try {
    return begin()
  } catch (error) {
    const { code } = error as { readonly code?: unknown } // Anything may be thrown.
    if (!stopped.has(code)) throw error
    throw DDataError.closed('The use of structures', { why: whyEnded[who], cause: error })
  }
}
