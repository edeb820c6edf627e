import type { Step, StepResult } from './step.ts'

export interface RunStepsOptions {
  readonly run: (step: Step) => Promise<StepResult>
  /** How many steps may run at once, apart from those in the background: these leave a lane to all others. */
  readonly lanes: number
  /** Once aborted, no further step begins; those that run are for `run` to end. */
  readonly signal?: AbortSignal
  readonly onStart?: (step: Step) => void
  readonly onEnd?: (result: StepResult) => void
}

/**
 * Runs every step whose preconditions hold, in the given order as far as lanes are free, and answers
 * the results in that order. One failure stops only what depends on it, so a run reports them all; one
 * that is interrupted answers what there is by then.
 *
 * @throws Error if a step waits for one that is not in the list
 */
export async function runSteps(
  steps: readonly Step[],
  { run, lanes, signal, onStart, onEnd }: RunStepsOptions,
): Promise<readonly StepResult[]> {
  const results = new Map<string, StepResult>()
  const running = new Map<Step, Promise<void>>()
  let waiting = [...steps]

  const settle = (result: StepResult) => {
    results.set(result.step.name, result)
    onEnd?.(result)
  }
  const start = async (step: Step) => {
    onStart?.(step)
    const result = await run(step)
    running.delete(step)
    settle(result)
  }

  while (waiting.length + running.size > 0) {
    if (signal?.aborted === true) {
      await Promise.all(running.values())
      break
    }
    for (const step of waiting.filter((step) => isBlocked(step, results))) settle(notRun(step))
    waiting = waiting.filter(({ name }) => !results.has(name))
    const ready = waiting.filter((step) => isReady(step, results))
    const next = ready.find(
      (step) => hasRoom(step, [...running.keys()], lanes) && isDue(step, ready),
    )
    if (next) {
      waiting = waiting.filter((step) => step !== next)
      running.set(next, start(next))
    } else if (running.size > 0) {
      await Promise.race(running.values())
    } else if (waiting.length > 0) {
      throw new Error(`These steps wait for ever: ${waiting.map(({ name }) => name).join(', ')}.`)
    }
  }
  return steps.flatMap(({ name }) => results.get(name) ?? [])
}

function isBlocked({ after = [] }: Step, results: ReadonlyMap<string, StepResult>): boolean {
  return after.some((name) => (results.get(name)?.outcome ?? 'passed') !== 'passed')
}

function isReady({ after = [] }: Step, results: ReadonlyMap<string, StepResult>): boolean {
  return after.every((name) => results.get(name)?.outcome === 'passed')
}

/** What runs in the background would keep those waiting that are to run alone. */
function isDue({ background }: Step, ready: readonly Step[]): boolean {
  return !background || !ready.some(({ alone }) => alone)
}

function hasRoom(step: Step, running: readonly Step[], lanes: number): boolean {
  if (running.length === 0) return true
  if (lanes === 1 || step.alone || running.some(({ alone }) => alone)) return false
  const ahead = running.filter(({ background }) => !background)
  if (step.background) return running.length - ahead.length < lanes - Math.min(1, ahead.length)
  return ahead.length < lanes && ahead.every(({ company }) => company === step.company)
}

function notRun(step: Step): StepResult {
  return {
    step,
    outcome: 'not-run',
    durationMs: 0,
    output: '',
    counts: { passed: 0, failed: 0 },
  }
}
