import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** By which messages go from one node to the other. */
export type OneWaySubject = 'frames' | 'remote' | 'sharded'

/** What the program is told, as its only argument in JSON. */
export interface Assignment {
  readonly subject: OneWaySubject
}

/** What one message takes of a processor at either end, in microseconds: one sample per round. */
export interface EndFigures {
  readonly sending: readonly number[]
  readonly receiving: readonly number[]
}

const program = fileURLToPath(new URL('ends.program.ts', import.meta.url))
const patienceMs = 120_000

/** What a fresh process measured. */
export function measureEnds(subject: OneWaySubject): Promise<EndFigures> {
  const assignment: Assignment = { subject }
  const child = fork(program, [JSON.stringify(assignment)], {
    execArgv: [
      '--conditions=@casty/source',
      ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
    ],
    timeout: patienceMs,
  })
  return new Promise((resolve, reject) => {
    let figures: EndFigures | undefined
    // Only `ends.program.ts` sends to us, and it sends figures.
    child.on('message', (message) => (figures = message as EndFigures))
    child.once('error', reject)
    child.once('exit', () => {
      if (figures) resolve(figures)
      else reject(new Error(`Nothing was measured of ${subject}.`))
    })
  })
}
