import { expect, test } from 'vitest'
import { planOf, Run, structuresScenario } from '../../src/index.ts'

/** Chaos for a few seconds is enough to see that two runs are one. */
const chaosMs = 4_000

test('a seed of structures is one run, to the last byte', { timeout: 60_000 }, async () => {
  const plan = planOf(structuresScenario, 2)
  const short = { ...plan, chaosMs, actions: plan.actions.filter(({ at }) => at < chaosMs) }
  const [first, second] = [
    await Run.of(structuresScenario, short),
    await Run.of(structuresScenario, short),
  ]
  expect(first.violations).toEqual([])
  expect(first.verdict).toBe('passed')
  expect(second.traceHash).toBe(first.traceHash)
})

// 621: all nodes die, and the first to come back has a wall clock that was set back: tokens fall, by which resources go.
test.for([3, 9, 21, 26, 621])(
  'structures keep what they promise, whatever goes wrong: seed %i',
  { timeout: 60_000 },
  async (seed) => {
    const result = await Run.of(structuresScenario, planOf(structuresScenario, seed))
    expect(result.violations).toEqual([])
  },
)
