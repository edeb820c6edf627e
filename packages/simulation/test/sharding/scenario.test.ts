import { expect, test } from 'vitest'
import { planOf, Run, shardingScenario } from '../../src/index.ts'

/** Chaos for a few seconds is enough to see that two runs are one. */
const chaosMs = 4_000

test('a seed of sharding is one run, to the last byte', { timeout: 60_000 }, async () => {
  const plan = planOf(shardingScenario, 1)
  const short = { ...plan, chaosMs, actions: plan.actions.filter(({ at }) => at < chaosMs) }
  const [first, second] = [
    await Run.of(shardingScenario, short),
    await Run.of(shardingScenario, short),
  ]
  expect(first.violations).toEqual([])
  expect(first.verdict).toBe('passed')
  expect(second.traceHash).toBe(first.traceHash)
})
