import { drawPlan, type Plan } from './plan.ts'
import type { RunOptions, RunResult } from './run-result.ts'
import { Run } from './run.ts'
import type { Scenario } from './scenario.ts'

/** What a scenario does by this seed. */
export function planOf<P, S>(scenario: Scenario<P, S>, seed: number): Plan {
  const { name, shape, actions, additions } = scenario
  return drawPlan({ ...shape, scenario: name }, actions, seed, additions)
}

/**
 * Draws a plan from a seed and carries it out. The same seed gives the same run, to the last event,
 * as long as neither the scenario nor the code under test changes.
 *
 * @example
 * const { verdict, traceHash } = await simulate(membershipScenario, 1)
 */
export async function simulate<P, S>(
  scenario: Scenario<P, S>,
  seed: number,
  options: RunOptions = {},
): Promise<RunResult> {
  return await Run.of(scenario, planOf(scenario, seed), options)
}
