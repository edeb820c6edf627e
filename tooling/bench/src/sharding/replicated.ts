import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PairFigures } from '../pair.ts'

/** What one node is told, as its only argument in JSON. */
export interface ReplicatedTask {
  readonly replicas: number
  readonly minAcks: number
  readonly inFlight: number
  /** Of the seed node; absent for the one that writes. */
  readonly port?: number
}

export type ReplicatedReport =
  | { readonly type: 'listening'; readonly port: number }
  /** Confirmed writes, and what each took of the processor of the node that wrote. */
  | { readonly type: 'written'; readonly perSecond: number; readonly cpuMicros: number }

const program = fileURLToPath(new URL('replicated.program.ts', import.meta.url))
const patienceMs = 120_000

/**
 * Confirmed writes of event-sourced entities whose events are kept on so many other nodes as well.
 *
 * @returns with what each took of the processor of the node that wrote, alone
 */
export async function measureReplicated(task: Omit<ReplicatedTask, 'port'>): Promise<PairFigures> {
  const children: ChildProcess[] = []
  const begin = (port?: number): ChildProcess => {
    const told = JSON.stringify({ ...task, ...(port !== undefined && { port }) })
    const child = fork(program, [told], { execArgv: ['--conditions=@casty/source'] })
    children.push(child)
    return child
  }
  try {
    const writer = begin()
    const { port } = await report(writer, 'listening')
    const written = report(writer, 'written')
    for (let count = 0; count < task.replicas; count++) begin(port)
    const { perSecond, cpuMicros: micros } = await written
    return { perSecond, micros }
  } finally {
    for (const child of children) child.kill()
  }
}

async function report<T extends ReplicatedReport['type']>(
  child: ChildProcess,
  type: T,
): Promise<Extract<ReplicatedReport, { readonly type: T }>> {
  return await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`No ${type} in ${patienceMs} ms`)), patienceMs)
    child.on('message', (message) => {
      // The program sends nothing but reports.
      const told = message as ReplicatedReport
      if (told.type !== type) return
      clearTimeout(late)
      resolve(told as Extract<ReplicatedReport, { readonly type: T }>)
    })
    child.once('exit', (code) => reject(new Error(`A node ended with ${code}`)))
  })
}
