import { expect, test } from 'vitest'
import { planOf, Run, structuresDisksScenario, structuresScenario } from '../../src/index.ts'

/** Chaos for a few seconds is enough to see that two runs are one. */
const chaosMs = 4_000

test('a seed of structures is one run, to the last byte', { timeout: 120_000 }, async () => {
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

// 499: users call structures that their node has closed, since it leaves, and is told to leave once more.
test.for([3, 9, 21, 26, 499])(
  'structures keep what they promise, whatever goes wrong: seed %i',
  { timeout: 120_000 },
  async (seed) => {
    const result = await Run.of(structuresScenario, planOf(structuresScenario, seed))
    expect(result.violations).toEqual([])
  },
)

test(
  'what structures answered outlives all nodes where it is on their disks: seed 3',
  { timeout: 120_000 },
  async () => {
    const result = await Run.of(structuresDisksScenario, planOf(structuresDisksScenario, 3))
    expect(result.violations).toEqual([])
  },
)

test(
  'a user who is at work when its node leaves leaves nothing behind',
  { timeout: 120_000 },
  async () => {
    const burst = { user: 0, times: 1, everyMs: 1, timeoutMs: 5_000 }
    const put = { ...burst, name: 'q1', priority: 0, delayMs: 0, alike: 1 }
    const take = { ...burst, name: 'q1', waitMs: 0, workMs: 20_000, end: 'ack' }
    const has = { ...burst, kind: 'lock', which: 0, permits: 1, wait: 'not', waitMs: 100, hopMs: 1 }
    const result = await Run.of(structuresScenario, {
      ...planOf(structuresScenario, 1),
      hosts: ['a', 'b', 'c'].map((name) => ({ name })),
      settings: {},
      chaosMs: 20_000,
      actions: [
        { at: 0, type: 'start', parameters: { host: 'a' } },
        { at: 100, type: 'start', parameters: { host: 'b' } },
        { at: 200, type: 'start', parameters: { host: 'c' } },
        { at: 8_000, type: 'produce', parameters: put },
        { at: 9_000, type: 'consume', parameters: take },
        {
          at: 9_000,
          type: 'hold',
          parameters: { ...has, holdMs: 90_000, renew: true, forgets: false },
        },
        {
          at: 9_500,
          type: 'leave',
          parameters: { host: 'a', backAfterMs: 500, closesFirst: false },
        },
      ],
    })
    expect(result.violations).toEqual([])
  },
)

test('whoever calls structures that its node closed is refused', { timeout: 120_000 }, async () => {
  const burst = { user: 0, times: 30, everyMs: 50, timeoutMs: 5_000 }
  const item = { ...burst, workMs: 0, waitMs: 0 }
  const lease = { ...burst, which: 0, permits: 1, wait: 'not', waitMs: 0, hopMs: 1, holdMs: 1 }
  const held = { ...lease, renew: false, forgets: false }
  const calls = [
    { type: 'count', parameters: { ...burst, name: 'c1', first: 0 } },
    { type: 'map', parameters: { ...burst, name: 'k1', first: 0 } },
    { type: 'set', parameters: { ...burst, name: 'e1' } },
    { type: 'put-many', parameters: burst },
    { type: 'hold', parameters: { ...held, kind: 'lock' } },
    { type: 'hold', parameters: { ...held, kind: 'semaphore' } },
    { type: 'consume', parameters: { ...item, name: 'q1', end: 'ack' } },
    { type: 'take', parameters: item },
    { type: 'change-counter', parameters: { ...burst, name: 'c2', first: 0 } },
    { type: 'change-entry', parameters: { ...burst, name: 'k2', first: 0 } },
    { type: 'many-entries', parameters: { ...burst, what: 'getMany' } },
    { type: 'crowd', parameters: burst },
    { type: 'consume-many', parameters: { ...item, name: 'q2', most: 2 } },
    { type: 'change-watched', parameters: { ...burst, key: 'w1' } },
  ]
  const result = await Run.of(structuresScenario, {
    ...planOf(structuresScenario, 1),
    hosts: ['a', 'b', 'c'].map((name) => ({ name })),
    settings: {},
    chaosMs: 12_000,
    actions: [
      { at: 0, type: 'start', parameters: { host: 'a' } },
      { at: 100, type: 'start', parameters: { host: 'b' } },
      { at: 200, type: 'start', parameters: { host: 'c' } },
      ...calls.map((call) => ({ at: 8_000, ...call })),
      {
        at: 8_200,
        type: 'leave',
        parameters: { host: 'a', backAfterMs: 500, closesFirst: true },
      },
    ],
  })
  expect(result.violations).toEqual([])
  expect(result.reached.get('structures are called that were closed')).toBeGreaterThan(calls.length)
})

test(
  'where most wall clocks were set back before all nodes died, tokens fall, and resources go by them',
  { timeout: 120_000 },
  async () => {
    const alike = { times: 10, everyMs: 500, timeoutMs: 5_000, kind: 'lock', which: 0, permits: 1 }
    const waits = { wait: 'ever', waitMs: 0, hopMs: 1, holdMs: 5, renew: false, forgets: false }
    const hold = { ...alike, ...waits, user: 0 }
    const result = await Run.of(structuresScenario, {
      ...planOf(structuresScenario, 1),
      hosts: ['a', 'b', 'c'].map((name) => ({ name })),
      settings: { hasJournal: false, hasOutsider: false },
      chaosMs: 20_000,
      actions: [
        { at: 0, type: 'start', parameters: { host: 'a' } },
        { at: 100, type: 'start', parameters: { host: 'b' } },
        { at: 200, type: 'start', parameters: { host: 'c' } },
        { at: 6_000, type: 'hold', parameters: hold },
        { at: 11_500, type: 'wall-jump', parameters: { host: 'a', byMs: -3_600_000 } },
        { at: 11_500, type: 'wall-jump', parameters: { host: 'b', byMs: -3_600_000 } },
        { at: 12_000, type: 'restart-all', parameters: { withinMs: 1_000 } },
        { at: 14_000, type: 'hold', parameters: hold },
      ],
    })
    expect(result.violations).toEqual([])
  },
)

// With what is confirmed before it is on the disk of its owner, the first and the last of these lose what they answered.
test.for(['a', 'b', 'c'])(
  'what was answered is there when the power fails while only the disk of %s is ahead, and is lost',
  { timeout: 120_000 },
  async (ahead) => {
    const late = { entity: 0.1, ahead, slowness: 200, writesMs: 1_200, backAfterMs: 200 }
    const result = await Run.of(structuresDisksScenario, {
      ...planOf(structuresDisksScenario, 5),
      hosts: ['a', 'b', 'c'].map((name) => ({ name })),
      settings: { hasDisks: true, hasJournal: false },
      chaosMs: 16_000,
      actions: [
        { at: 0, type: 'start', parameters: { host: 'a' } },
        { at: 100, type: 'start', parameters: { host: 'b' } },
        { at: 200, type: 'start', parameters: { host: 'c' } },
        { at: 8_000, type: 'one-disk-ahead', parameters: late },
      ],
    })
    expect(result.violations).toEqual([])
    expect(result.reached.get('a disk is lost for good')).toBe(1)
  },
)
