import { declare, deviations, type Deviation } from './deviations.ts'
import { failing } from './sections.ts'
import type { Recognized } from './schemas.ts'
import { holds, type Fact, type VectorCase } from './vector-case.ts'

/** What came of one case. */
export type CaseResult = { readonly id: string; readonly kind: string } & (
  | { readonly type: 'passed' }
  | { readonly type: 'deviated'; readonly by: readonly string[] }
  | { readonly type: 'failed'; readonly reason?: string; readonly facts: readonly Fact[] }
)

export interface FileResult {
  readonly fileName: string
  /** Set for a file of packages to come: nothing in it is run. */
  readonly isAwaited: boolean
  readonly cases: readonly CaseResult[]
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly deviated: number
}

/** Runs every case of a file, one after the other. */
export async function runFile(
  fileName: string,
  recognized: Recognized,
  declared: readonly Deviation[] = deviations,
): Promise<FileResult> {
  switch (recognized.type) {
    case 'awaited':
      return { fileName, isAwaited: true, cases: [] }
    case 'unknown':
      return await failedFile(fileName, recognized.reason)
    case 'suite':
      try {
        const cases = recognized.suite(recognized.file)
        if (cases.length === 0) return await failedFile(fileName, 'it holds no cases')
        return { fileName, isAwaited: false, cases: await runAll(cases, declared) }
      } catch (error) {
        return await failedFile(fileName, messageOf(error))
      }
  }
}

async function runAll(
  cases: readonly VectorCase[],
  declared: readonly Deviation[],
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  // eslint-disable-next-line no-await-in-loop -- Each has the processor to itself.
  for (const one of cases) results.push(await runCase(one, declared))
  return results
}

async function failedFile(fileName: string, reason: string): Promise<FileResult> {
  const cases = [await runCase(failing('unknown', 'file', reason), [])]
  return { fileName, isAwaited: false, cases }
}

/** A case passes or deviates only if something was checked and all of it holds. */
async function runCase(vector: VectorCase, declared: readonly Deviation[]): Promise<CaseResult> {
  const { id, kind } = vector
  try {
    const { facts, used } = declare(vector, await vector.check(), declared)
    const wrong = facts.filter((fact) => !holds(fact))
    if (facts.length === 0)
      return { type: 'failed', id, kind, reason: 'it asks for nothing', facts: [] }
    if (wrong.length > 0) return { type: 'failed', id, kind, facts: wrong }
    return used.length === 0
      ? { type: 'passed', id, kind }
      : { type: 'deviated', id, kind, by: used.map((deviation) => deviation.id) }
  } catch (error) {
    return { type: 'failed', id, kind, reason: messageOf(error), facts: [] }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function countCases(results: readonly FileResult[]): Counts {
  const cases = results.flatMap((result) => result.cases)
  const count = (type: CaseResult['type']): number =>
    cases.filter((result) => result.type === type).length
  return {
    passed: count('passed'),
    failed: count('failed'),
    deviated: count('deviated'),
  }
}
