import { expect, test } from 'vitest'
import { planOf, replicatorClientsScenario, replicatorScenario, Run } from '../../src/index.ts'

/** Chaos for a few seconds is enough to see that two runs are one. */
const chaosMs = 4_000

test(
  'a seed of values that converge is one run, to the last byte',
  { timeout: 120_000 },
  async () => {
    const plan = planOf(replicatorScenario, 2)
    const short = { ...plan, chaosMs, actions: plan.actions.filter(({ at }) => at < chaosMs) }
    const [first, second] = [
      await Run.of(replicatorScenario, short),
      await Run.of(replicatorScenario, short),
    ]
    expect(first.violations).toEqual([])
    expect(first.verdict).toBe('passed')
    expect(second.traceHash).toBe(first.traceHash)
  },
)

// 31: what was told by who stands in for a node that is gone was added to what that one had told.
// 144: a node stood still, was removed meanwhile, and sees itself be up until the others refuse it; its calls fail then.
test.for([4, 7, 22, 31, 144])(
  'values converge, whatever goes wrong: seed %i',
  { timeout: 120_000 },
  async (seed) => {
    const result = await Run.of(replicatorScenario, planOf(replicatorScenario, seed))
    expect(result.violations).toEqual([])
  },
)

test(
  'a client outside has what all have, whoever its contact was',
  { timeout: 120_000 },
  async () => {
    const result = await Run.of(replicatorClientsScenario, planOf(replicatorClientsScenario, 1))
    expect(result.violations).toEqual([])
    expect([...result.reached.keys()]).toEqual(
      expect.arrayContaining([
        'values are changed from outside',
        'a client goes on with another contact',
      ]),
    )
  },
)

// 13: what a client brought along had a part of who stands in for a node that was just pruned, and was told without saying so.
// 419: the refusal and what members have came in one turn, so that listeners were told before the call had ended.
// 637: a node that ended in the midst of a block had no time to let go of its timers.
// 688: a client that had been away brought nodes back that were pruned, and that had to be done once more.
test.for([13, 419, 637, 688])(
  'what a client changes counts once, or is undone and told: seed %i',
  { timeout: 120_000 },
  async (seed) => {
    const result = await Run.of(replicatorClientsScenario, planOf(replicatorClientsScenario, seed))
    expect(result.violations).toEqual([])
  },
)
