import { fileURLToPath } from 'node:url'
import { measureAlone, measurePair, type PairFigures } from '../pair.ts'

/** What is done to entities. */
export type ShardedWorkload =
  | { readonly type: 'ask'; readonly inFlight: number }
  | { readonly type: 'one-way' }
  /** Within one process. */
  | { readonly type: 'local-ask'; readonly inFlight: number }

/** What one end of a measurement is told, as its only argument in JSON. */
export interface Assignment {
  readonly workload: ShardedWorkload
  /** Of the seed node; absent for the side that is asked. */
  readonly port?: number
}

/** Answered questions, or messages, to entities of another fresh process on loopback. */
export async function measureSharded(workload: ShardedWorkload): Promise<PairFigures> {
  if (workload.type === 'local-ask') return await measureAlone(program('end'), { workload })
  return await measureBetween(program('end'), workload)
}

/** The same of remote calls of Moleculer. */
export async function measureMoleculer(inFlight: number): Promise<PairFigures> {
  return await measureBetween(program('moleculer'), { type: 'ask', inFlight })
}

async function measureBetween(path: string, workload: ShardedWorkload): Promise<PairFigures> {
  return await measurePair(
    path,
    (port) => ({ workload, ...(port !== undefined && { port }) }),
    workload.type === 'one-way' ? 'listening' : 'connecting',
  )
}

function program(name: string): string {
  return fileURLToPath(new URL(`${name}.program.ts`, import.meta.url))
}
