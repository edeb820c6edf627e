import { fileURLToPath } from 'node:url'
import { measurePair } from '../pair.ts'
import type { SubjectName } from './messages.ts'
import type { Workload } from './workload.ts'

const program = fileURLToPath(new URL('end.program.ts', import.meta.url))

/** Messages, or answered requests, per second between two fresh processes on loopback. */
export async function measure(subject: SubjectName, workload: Workload): Promise<number> {
  return await measurePair(
    program,
    (port) => ({ subject, workload, ...(port !== undefined && { port }) }),
    workload.type === 'one-way' ? 'listening' : 'connecting',
  )
}
