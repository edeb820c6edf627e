// The same as JSON lines: one object per line, told apart by `type`.
import type { Outcome } from '../task.ts'
import { planCommand, replayCommand, runName, type ToldOfFailure } from './failure.ts'
import type { SetOfRuns } from './totals.ts'

export function runLine({ result, wallMs }: Outcome): string {
  const { plan, verdict, violations, unknown, traceHash, events, virtualMs } = result
  return JSON.stringify({
    type: 'run',
    name: runName(plan.scenario, plan.seed),
    scenario: plan.scenario,
    seed: plan.seed,
    verdict,
    violations,
    unknown,
    traceHash,
    events,
    virtualMs,
    wallMs: Math.round(wallMs),
    reached: Object.fromEntries(result.reached),
    performed: Object.fromEntries(result.performed),
  })
}

export function failureLine(
  { result, shrunk }: Outcome,
  { planFile, bug, isReplay = false }: ToldOfFailure,
): string {
  const { plan, violations } = result
  return JSON.stringify({
    type: 'failure',
    name: runName(plan.scenario, plan.seed),
    scenario: plan.scenario,
    seed: plan.seed,
    violations,
    ...(!isReplay && { replay: replayCommand(plan.scenario, plan.seed, bug) }),
    replayPlan: planCommand(planFile, bug),
    plan: shrunk?.plan ?? plan,
    shrunkBy: shrunk?.runs ?? 0,
  })
}

export function totalsLine({ scenario, totals, missing, wallMs }: SetOfRuns): string {
  return JSON.stringify({
    type: 'totals',
    scenario,
    ...totals,
    missing,
    wallMs: Math.round(wallMs),
  })
}
