import { spaceTimeDiagram, type RunResult } from '@casty/simulation'
import { scenarioNamed } from './scenarios.ts'
import type { Outcome, Task } from './task.ts'

/**
 * Carries out a task in this thread, one at a time. A promise that is rejected and that nobody handles
 * ends a real process, so here it is a violation.
 */
export async function carryOut(task: Task, progress: (text: string) => void): Promise<Outcome> {
  const startedAt = performance.now()
  const scenario = scenarioNamed(task.scenario)
  const { subject } = task
  const plan = 'plan' in subject ? subject.plan : scenario.planOf(subject.seed)
  const full = await watchingRejections(async () => await scenario.run(plan))
  const shrunk =
    task.shrink && full.verdict === 'violated'
      ? await scenario.shrink(full, {
          progress: (runs, actions) => progress(`shrinking: ${runs} runs, ${actions} actions left`),
        })
      : undefined
  const diagram = task.diagram
    ? spaceTimeDiagram(await scenario.run(shrunk?.plan ?? plan, { keepAll: true }))
    : undefined
  const result = task.events ? full : { ...full, lastEvents: new Map() }
  return { result, wallMs: performance.now() - startedAt, shrunk, diagram }
}

async function watchingRejections(run: () => Promise<RunResult>): Promise<RunResult> {
  const rejections: string[] = []
  const note = (reason: unknown): void => {
    rejections.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
  }
  process.on('unhandledRejection', note)
  try {
    const result = await run()
    // Node tells of those of this turn when it ends.
    await new Promise((resolve) => setImmediate(resolve))
    const [first] = rejections
    if (first === undefined) return result
    const violation = {
      checker: 'rejections are handled',
      at: result.virtualMs,
      text: `${rejections.length} were not; the first: ${first}`,
    }
    return { ...result, verdict: 'violated', violations: [...result.violations, violation] }
  } finally {
    process.off('unhandledRejection', note)
  }
}
