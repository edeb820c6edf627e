import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Assignment, Report, SubjectName } from './messages.ts'
import type { Workload } from './workload.ts'

const program = fileURLToPath(new URL('end.program.ts', import.meta.url))
const patienceMs = 30_000

/** Messages, or answered requests, per second between two fresh processes on loopback. */
export async function measure(subject: SubjectName, workload: Workload): Promise<number> {
  const listening = start({ subject, workload })
  const children = [listening]
  try {
    const { port } = await reportOf(listening, 'listening')
    const connecting = start({ subject, workload, port })
    children.push(connecting)
    const measuring = workload.type === 'one-way' ? listening : connecting
    return (await reportOf(measuring, 'measured')).perSecond
  } finally {
    // The sender first: one whose receiver is gone would fail.
    for (const child of children.toReversed()) await stop(child)
  }
}

function start(assignment: Assignment): ChildProcess {
  return fork(program, [JSON.stringify(assignment)], {
    execArgv: [
      '--conditions=@casty/source',
      ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
    ],
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}

function reportOf<Type extends Report['type']>(
  child: ChildProcess,
  type: Type,
): Promise<Extract<Report, { readonly type: Type }>> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer)
      child.off('message', received)
      child.off('exit', exited)
    }
    // Only `end.program.ts` sends to us, and it sends reports.
    const received = (message: unknown): void => {
      const report = message as Report
      if (!isReport(report, type)) return
      settle()
      resolve(report)
    }
    const fail = (why: string): void => {
      settle()
      reject(new Error(`A measuring process ${why}, before it was ${type}.`))
    }
    const exited = (): void => fail('ended')
    const timer = setTimeout(() => fail(`said nothing for ${patienceMs} ms`), patienceMs)
    child.on('message', received)
    child.once('exit', exited)
  })
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
