import { spaceTimeDiagram } from '@casty/simulation'
import { scenarioNamed } from './scenarios.ts'
import type { Outcome, Task } from './task.ts'

/** Carries out a task in this thread, one at a time. */
export async function carryOut(task: Task, progress: (text: string) => void): Promise<Outcome> {
  const startedAt = performance.now()
  const scenario = scenarioNamed(task.scenario)
  const { subject } = task
  const plan = 'plan' in subject ? subject.plan : scenario.planOf(subject.seed)
  const full = await scenario.run(plan, task.events ? {} : { keepLast: 0 })
  const shrunk =
    task.shrink && full.verdict === 'violated'
      ? await scenario.shrink(full, {
          progress: (runs, actions) => progress(`shrinking: ${runs} runs, ${actions} actions left`),
        })
      : undefined
  const diagram = task.diagram
    ? spaceTimeDiagram(await scenario.run(shrunk?.plan ?? plan, { keepAll: true }))
    : undefined
  return { result: full, wallMs: performance.now() - startedAt, shrunk, diagram }
}
