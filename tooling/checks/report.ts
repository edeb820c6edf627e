import type { Counts, StepResult } from './step.ts'

const marks = { passed: '✓', failed: '✗', 'not-run': '–', interrupted: '–' } as const

/** One line per finished step; what a failed one printed follows, unless it was shown live. */
export function resultLine(result: StepResult): string {
  const { step, outcome, durationMs, output } = result
  if (outcome === 'not-run') return `– ${step.name}: not run, what it needs has failed`
  if (outcome === 'interrupted') return `– ${step.name}: interrupted`
  const line = `${marks[outcome]} ${step.name.padEnd(12)} ${seconds(durationMs).padStart(8)}${counted(result)}`
  if (outcome === 'passed' || step.alone) return line
  return `${line}\n  $ pnpm exec ${step.command.join(' ')}\n${indent(output)}`
}

/** A table of all steps, which tests failed, and the totals: the last line reads `N passed, N failed`. */
export function summary(results: readonly StepResult[], totalMs: number): string {
  const rows = results.map(
    (result) =>
      `${marks[result.outcome]} ${result.step.name.padEnd(12)} ${seconds(result.durationMs).padStart(8)}${counted(result)}`,
  )
  const failed = results.filter(({ outcome }) => outcome !== 'passed')
  const verdict =
    failed.length === 0
      ? `All ${results.length} steps passed in ${seconds(totalMs)}.`
      : `Failed: ${failed.map(({ step }) => step.name).join(', ')} (${seconds(totalMs)}). ` +
        `Run one alone: pnpm exec ${failed[0]?.step.command.join(' ')}`
  const { passed, failed: failures } = total(results)
  return [
    '',
    ...rows,
    '',
    ...failed.flatMap(failedTests),
    verdict,
    `${passed} passed, ${failures} failed`,
  ].join('\n')
}

/** What `closingLine` said of them; a log may be cut before the end, and then this is what is left. */
function failedTests({ step, output }: StepResult): readonly string[] {
  return (output.match(/^failed: .*$/gm) ?? []).map((line) => `  ${step.name} ${line}`)
}

/** What is left to say of a run that was interrupted, of `count` steps in all. */
export function interruption(results: readonly StepResult[], count: number): string {
  const passed = results.filter(({ outcome }) => outcome === 'passed').length
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  const names = failed.map(({ step }) => step.name).join(', ')
  return `Interrupted: ${passed} of ${count} steps had passed${names && `, and ${names} had failed`}.`
}

export function total(results: readonly StepResult[]): Counts {
  return results.reduce(
    (sum, { counts }) => ({
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
    }),
    { passed: 0, failed: 0 },
  )
}

/** A run is good if every step passed and at least one of them counted something. */
export function isGood(results: readonly StepResult[]): boolean {
  return results.every(({ outcome }) => outcome === 'passed') && total(results).passed > 0
}

function counted({ counts: { passed, failed } }: StepResult): string {
  if (passed + failed === 0) return ''
  return failed === 0 ? `  ${passed} passed` : `  ${passed} passed, ${failed} failed`
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  | ')
}
