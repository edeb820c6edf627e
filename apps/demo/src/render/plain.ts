import type { Scene, SceneStep } from '../scene.ts'
import { seconds } from '../sentences.ts'
import { padStart } from './style.ts'

/** What is to be printed of the way from one scene to the next. */
export function plainLines(before: Scene, after: Scene): readonly string[] {
  const told = before.timeline.at(-1)?.number ?? 0
  const events = after.timeline
    .filter(({ number }) => number > told)
    .map(({ atMs, text }) => `${padStart(seconds(atMs), 9)}  ${text}`)
  const steps = after.steps.flatMap((step, index) => stepLines(before.steps[index], step, index))
  return [...events, ...steps]
}

function stepLines(
  before: SceneStep | undefined,
  step: SceneStep,
  index: number,
): readonly string[] {
  if (before?.startedAtMs === undefined && step.startedAtMs !== undefined)
    return ['', `Step ${index + 1}: ${step.title}`]
  if (before?.outcome === undefined && step.outcome !== undefined) {
    const time = `${seconds(step.outcome.elapsedMs)} after ${step.since}`
    return step.outcome.type === 'done'
      ? [`  done: ${time}`]
      : [`  FAILED: ${time}. ${step.outcome.reason}`]
  }
  return []
}
