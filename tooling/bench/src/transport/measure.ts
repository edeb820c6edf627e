import { fileURLToPath } from 'node:url'
import { measurePair, type PairFigures } from '../pair.ts'
import { benchCredentials } from './credentials.ts'
import type { SubjectName } from './messages.ts'
import type { Workload } from './workload.ts'

const program = fileURLToPath(new URL('end.program.ts', import.meta.url))

const secure: ReadonlySet<SubjectName> = new Set(['raw-tls', 'casty-tls', 'raw-wss', 'casty-wss'])

/** Messages, or answered requests, between two fresh processes on loopback. */
export async function measure(subject: SubjectName, workload: Workload): Promise<PairFigures> {
  const tls = secure.has(subject) ? await benchCredentials() : undefined
  return await measurePair(
    program,
    (port) => ({ subject, workload, ...(tls && { tls }), ...(port !== undefined && { port }) }),
    workload.type === 'one-way' ? 'listening' : 'connecting',
  )
}
