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

test(
  'a right that a blocked node will have once it goes on is none yet',
  { timeout: 120_000 },
  async () => {
    const stall = { message: 'entries', stage: 'arrived', after: 0, harm: 'stall', forMs: 1_624 }
    const result = await Run.of(shardingScenario, {
      ...planOf(shardingScenario, 4),
      hosts: [
        { name: 'a', rate: 0.9954395033749752, wallOffsetMs: -17 },
        { name: 'b', rate: 0.9961270655834582, wallOffsetMs: 17 },
        { name: 'c', rate: 0.9931568871073425, wallOffsetMs: 9 },
      ],
      chaosMs: 18_592,
      actions: [
        { at: 0, type: 'start', parameters: { host: 'a' } },
        { at: 14, type: 'start', parameters: { host: 'c' } },
        { at: 381, type: 'start', parameters: { host: 'b' } },
        {
          at: 509,
          type: 'sleep',
          parameters: { host: 'a', forMs: 16_225, order: 'sockets-first' },
        },
        { at: 4_038, type: 'leave', parameters: { host: 'b', backAfterMs: 660 } },
        {
          at: 4_174,
          type: 'harm-handoff',
          parameters: { host: 'c', victim: 'receiver', ...stall },
        },
      ],
    })
    expect(result.violations).toEqual([])
  },
)

const ofLostDisks = [
  // What was begun without a disk went on confirming writes in other shards, beside what came back later.
  {
    seed: 16,
    what: 'where one shard goes back to what was there before its disk was lost, all do',
  },
  // Nodes counted those who had copies, and each said of itself whether it was one: all had told, and some shards waited for more.
  {
    seed: 75,
    what: 'where all have told what is on their disks, nothing waits, whoever they wrote down',
  },
  {
    seed: 123,
    what: 'where all have told what is on their disks, nothing waits, whoever they wrote down',
  },
  // It had told of its empty disk as one of those that had copies, since the table that it came into named its former life.
  {
    seed: 226,
    what: 'who lost its disk is none of those who had copies, though the table still names its former life',
  },
  // Of three one had yet to be filled when all stopped, and another one lost its disk: the third alone was heard, and people were waited for.
  {
    seed: 437,
    what: 'who has yet to be filled is heard as well where no more disks are lost than may be',
  },
  // The owner of a shard that was begun anew was gone, another node came back with copies from before, and nobody could say what that owner had confirmed.
  {
    seed: 431,
    what: 'what was begun anew without a node that is back by now waits for nobody where all are heard',
  },
  // A node that lost its disk began all anew, alone; once the others were back with what had been there, they took themselves for yet to be filled.
  {
    seed: 613,
    what: 'who had no place in a census that is done with still has what it had before',
  },
  // The first to come had lost its disk, and began anew what others came with, in a life that was gone by the time that these were asked.
  {
    seed: 955,
    what: 'what a gone owner began beside what others bring is known of where all are heard with whom it did',
  },
]

test.for(ofLostDisks)('$what (seed $seed)', { timeout: 120_000 }, async ({ seed }) => {
  const result = await Run.of(shardingDisksScenario, planOf(shardingDisksScenario, seed))
  expect(result.violations).toEqual([])
})
