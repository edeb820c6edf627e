// Measures large clusters, each size in a process of its own: memory is told apart, and a heap for
// thousands of nodes needs an option of the process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freemem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { missedTargets, scaleTable, type ScalePhase, type ScaleReport } from '@casty/simulation'
import type { MeasureScale } from './command-line.ts'
import { Refusal } from './hand.ts'
import type { Output } from './output.ts'

/** Left to the rest of the machine. */
const spareMegabytes = 2_048

/** What one measurement is asked for, and told in an argument. */
export interface ScaleTask {
  readonly nodes: number
  readonly seed: number
  readonly without: readonly ScalePhase[]
}

/** What a process that measures says, a line of JSON each. */
export type ScaleLine =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'report'; readonly report: ScaleReport }

/** @returns the exit code: 1 where something is missed of what is wanted */
export async function runScale(
  { sizes, seed, without }: MeasureScale,
  output: Output,
): Promise<number> {
  const reports: ScaleReport[] = []
  for (const nodes of sizes) {
    const report = await measureApart({ nodes, seed, without }, (text) => output.step(text))
    output.json(JSON.stringify(report))
    reports.push(report)
  }
  output.text(scaleTable(reports))
  const missed = missedTargets(reports)
  for (const { nodes, name, most, found } of missed) {
    output.text(`MISSED at ${nodes} nodes: ${name} is ${found}, wanted at most ${most}`)
  }
  return missed.length === 0 ? 0 : 1
}

async function measureApart(
  task: ScaleTask,
  progress: (text: string) => void,
): Promise<ScaleReport> {
  const heapMegabytes = Math.max(2_048, Math.floor(freemem() / 1_048_576) - spareMegabytes)
  const child = spawn(
    process.execPath,
    [
      '--conditions=@casty/source',
      '--expose-gc',
      `--max-old-space-size=${heapMegabytes}`,
      '--max-semi-space-size=128', // States of thousands of members are short-lived, and many.
      fileURLToPath(new URL('scale-worker.ts', import.meta.url)),
      JSON.stringify(task),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const closed = once(child, 'close')
  let report: ScaleReport | undefined
  let rest = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      // Written by our own worker.
      const line = JSON.parse(text) as ScaleLine
      if (line.type === 'progress') progress(line.text)
      else report = line.report
    }
  }
  await closed
  if (report !== undefined) return report
  const how = child.signalCode ?? `exit code ${child.exitCode}`
  throw new Refusal(
    `The measurement of ${task.nodes} nodes ended early, by ${how}: a machine that runs out of memory ` +
      'ends the largest process.',
  )
}
