import { setTimeout as delay } from 'node:timers/promises'
import type { StepHeading, StepOutcome } from './news.ts'
import { brokenProcess } from './questions.ts'
import type { Run } from './run.ts'
import type { Scene } from './scene.ts'
import { seconds } from './sentences.ts'
import type { Stage, Step, StepContext } from './story.ts'

export interface StorySettings {
  readonly run: Run
  readonly stage: Stage
  /** Time for the reader between two steps, in milliseconds. */
  readonly pauseMs: number
  readonly signal: AbortSignal
}

/**
 * Tells the steps in order, up to the first that fails.
 *
 * @returns whether all of them came about. Rejects with the signal's reason when it is aborted.
 */
export async function tellStory(steps: readonly Step[], settings: StorySettings): Promise<boolean> {
  const { run, pauseMs, signal } = settings
  const actedAtMs = new Map<string, number>()
  run.tell({ type: 'story-told', steps: steps.map(headingOf) })
  for (const step of steps) {
    if (step.follows === 'after-a-pause' && pauseMs > 0) await delay(pauseMs, undefined, { signal })
    run.tell({ type: 'step-started', step: headingOf(step) })
    const outcome = await take(step, settings, actedAtMs)
    run.tell({ type: 'step-ended', step: headingOf(step), outcome })
    if (outcome.type === 'failed') return false
  }
  return true
}

async function take(
  step: Step,
  { run, stage, signal }: StorySettings,
  actedAtMs: Map<string, number>,
): Promise<StepOutcome> {
  const before = run.scene
  await step.act(stage)
  const context: StepContext = { before, sinceMs: run.elapsedMs() }
  await run.until((scene) => isOver(step, scene, context), { timeoutMs: step.deadlineMs, signal })
  actedAtMs.set(step.id, context.sinceMs)
  const elapsedMs = run.elapsedMs() - (actedAtMs.get(step.countsFrom ?? step.id) ?? 0)
  const reason = reasonOfFailure(step, run.scene, context)
  return reason === undefined ? { type: 'done', elapsedMs } : { type: 'failed', elapsedMs, reason }
}

function isOver(step: Step, scene: Scene, context: StepContext): boolean {
  return broken(step, scene, context) !== undefined || step.missing(scene, context) === undefined
}

function reasonOfFailure(step: Step, scene: Scene, context: StepContext): string | undefined {
  const fault = broken(step, scene, context)
  if (fault !== undefined) return fault
  const missing = step.missing(scene, context)
  return missing === undefined ? undefined : `Not within ${seconds(step.deadlineMs)}: ${missing}`
}

function broken(step: Step, scene: Scene, context: StepContext): string | undefined {
  const process = brokenProcess(scene)
  if (process) return `${process.name} failed: ${process.failure?.message ?? 'nobody knows why.'}`
  return step.broken?.(scene, context)
}

function headingOf({ id, title, since }: Step): StepHeading {
  return { id, title, since }
}
