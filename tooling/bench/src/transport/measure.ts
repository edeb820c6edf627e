import { fileURLToPath } from 'node:url'
import { measurePair, type PairFigures } from '../pair.ts'
import { benchCredentials } from './credentials.ts'
import type { SubjectName } from './messages.ts'
import type { Workload } from './workload.ts'

const program = fileURLToPath(new URL('end.program.ts', import.meta.url))

/** Messages, or answered requests, between two fresh processes on loopback. */
export async function measure(subject: SubjectName, workload: Workload): Promise<PairFigures> {
  const isSecure = subject === 'raw-tls' || subject === 'casty-tls'
  const tls = isSecure ? await benchCredentials() : undefined
  return await measurePair(
    program,
    (port) => ({ subject, workload, ...(tls && { tls }), ...(port !== undefined && { port }) }),
    workload.type === 'one-way' ? 'listening' : 'connecting',
  )
}
