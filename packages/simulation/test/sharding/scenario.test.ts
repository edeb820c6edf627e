import { expect, test } from 'vitest'
import { planOf, Run, shardingDisksScenario, shardingScenario } from '../../src/index.ts'

/** Chaos for a few seconds is enough to see that two runs are one. */
const chaosMs = 4_000

const scenarios = [shardingScenario, shardingDisksScenario]

test.each(scenarios)(
  'a seed of $name is one run, to the last byte',
  { timeout: 120_000 },
  async (scenario) => {
    const plan = planOf(scenario, 1)
    const short = { ...plan, chaosMs, actions: plan.actions.filter(({ at }) => at < chaosMs) }
    const [first, second] = [await Run.of(scenario, short), await Run.of(scenario, short)]
    expect(first.violations).toEqual([])
    expect(first.verdict).toBe('passed')
    expect(second.traceHash).toBe(first.traceHash)
  },
)
