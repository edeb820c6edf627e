import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Assignment, Report } from './messages.ts'

const program = fileURLToPath(new URL('subject.program.ts', import.meta.url))
const patienceMs = 120_000

/** What a fresh process measured. */
export function measure<Type extends Report['type']>(
  type: Type,
  assignment: Assignment,
): Promise<Extract<Report, { readonly type: Type }>> {
  const child = fork(program, [JSON.stringify(assignment)], {
    execArgv: [
      '--conditions=@casty/source',
      '--expose-gc',
      ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
    ],
    timeout: patienceMs,
  })
  return new Promise((resolve, reject) => {
    let reported: Extract<Report, { readonly type: Type }> | undefined
    // Only `subject.program.ts` sends to us, and it sends reports.
    child.on('message', (message) => {
      const report = message as Report
      if (isReport(report, type)) reported = report
    })
    child.once('error', reject)
    child.once('exit', () => {
      if (reported) resolve(reported)
      else reject(new Error(`Nothing was measured of ${JSON.stringify(assignment)}.`))
    })
  })
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
