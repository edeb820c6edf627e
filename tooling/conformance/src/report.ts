import type { Deviation } from './deviations.ts'
import type { Json } from './json.ts'
import { countCases, type CaseResult, type Counts, type FileResult } from './run.ts'

/** For people: each failure, a line per file, and the totals as the last line. */
export function textReport(results: readonly FileResult[]): string {
  const failures = results.flatMap((result) =>
    result.cases.flatMap((one) =>
      one.type === 'failed' ? failureLines(result.fileName, one) : [],
    ),
  )
  const lines = [...failures, ...results.map(fileLine), closingLine(countCases(results))]
  return `${lines.join('\n')}\n`
}

function failureLines(
  fileName: string,
  failure: Extract<CaseResult, { type: 'failed' }>,
): readonly string[] {
  const title = `✗ ${fileName} ${failure.id} (${failure.kind})`
  if (failure.reason !== undefined) return [`${title}: ${failure.reason}`]
  return [
    title,
    ...failure.facts.flatMap(({ part, expected, actual, tolerance }) => [
      `    ${part}`,
      `      expected ${shown(expected)}${tolerance === undefined ? '' : ` ± ${tolerance}`}`,
      `      actual   ${shown(actual)}`,
    ]),
  ]
}

/** As JSON, but with the numbers that JSON has no word for. */
function shown(value: Json): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

function fileLine(result: FileResult): string {
  if (result.isAwaited) return `${result.fileName}: not run yet: no package`
  return `${result.fileName}: ${closingLine(countCases([result]))}`
}

export function closingLine({ passed, failed, deviated }: Counts): string {
  const differing = deviated === 0 ? '' : `, ${deviated} deviated`
  return `${passed} passed, ${failed} failed${differing}`
}

/** For programs: one JSON document. */
export function jsonReport(results: readonly FileResult[]): string {
  const document = {
    ...countCases(results),
    summary: closingLine(countCases(results)),
    files: results.map((result) => ({
      file: result.fileName,
      ...(result.isAwaited ? { notRunYet: 'no package' } : countCases([result])),
      failures: result.cases.filter(({ type }) => type === 'failed'),
      deviations: result.cases.filter(({ type }) => type === 'deviated'),
    })),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

/** Every declared deviation with its reason, and the cases in which it was used. */
export function deviationReport(
  declared: readonly Deviation[],
  results: readonly FileResult[],
): string {
  const blocks = declared.map(({ id, reason }) => {
    const used = results.flatMap(({ fileName, cases }) =>
      cases.flatMap((one) =>
        one.type === 'deviated' && one.by.includes(id) ? [`${fileName} ${one.id}`] : [],
      ),
    )
    return [`${id}`, `  ${reason}`, `  used: ${used.join(', ') || 'in no case'}`].join('\n')
  })
  return `${blocks.join('\n')}\n\n`
}
