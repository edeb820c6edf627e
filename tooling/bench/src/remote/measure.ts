import { fileURLToPath } from 'node:url'
import { measurePair, type PairFigures } from '../pair.ts'

/** What is done to an actor of another process. */
export type RemoteWorkload =
  | { readonly type: 'ask'; readonly inFlight: number }
  | { readonly type: 'one-way' }

/** What one end of a measurement is told, as its only argument in JSON. */
export interface Assignment {
  readonly workload: RemoteWorkload
  /** Of the seed node; absent for the side that is asked. */
  readonly port?: number
}

const program = fileURLToPath(new URL('end.program.ts', import.meta.url))

/** Answered questions, or messages, between actors of two fresh processes on loopback. */
export async function measureRemote(workload: RemoteWorkload): Promise<PairFigures> {
  return await measurePair(
    program,
    (port) => ({ workload, ...(port !== undefined && { port }) }),
    workload.type === 'one-way' ? 'listening' : 'connecting',
  )
}
