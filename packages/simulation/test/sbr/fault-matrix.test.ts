// The rows of the fault matrix that are about partitions, one story each, with the settings that a user
// has who changes none.
import { describe, expect, test } from 'vitest'
import { splitBrainUnrestScenario } from '../../src/index.ts'
import { sides, story, type StoryOptions } from './story.ts'

const five = 'a b c d e'

function split(text: string, forMs: number, mode = 'silent'): NonNullable<StoryOptions['actions']> {
  return [[0, 'split', { sides: sides(text), mode, forMs }]]
}

describe('a split', () => {
  test.each([
    ['a b | c d e', 'c d e'],
    ['a | b c d e', 'b c d e'],
    ['a b c d | e', 'a b c d'],
    ['a b | c d | e', ''],
    ['a b c | d | e', 'a b c'],
  ])('into %s leaves %j', async (text, left) => {
    for (const mode of ['silent', 'hold', 'reset']) {
      const told = await story(five, { actions: split(text, 30_000, mode), forMs: 25_000 })
      expect(told).toMatchObject({ complaints: [], left })
    }
  })

  test('into halves leaves the one with the lowest address', async () => {
    const told = await story('a b c d', { actions: split('a d | b c', 30_000), forMs: 25_000 })
    expect(told).toMatchObject({ complaints: [], left: 'a d', seen: 'a.up d.up' })
  })

  test('that heals before it is decided costs nobody', async () => {
    const told = await story(five, { actions: split('a b | c d e', 7_000) })
    expect(told).toMatchObject({ complaints: [], left: five, decided: [] })
  })
})

describe('a split in one direction', () => {
  test.each(['a b | c d e', 'c d e | a b', 'a | b c d e', 'b c d e | a'])(
    'in which %s hear nothing leaves one side at most',
    async (text) => {
      const actions: StoryOptions['actions'] = [
        [0, 'split-one-way', { sides: sides(text), mode: 'silent', forMs: 30_000 }],
      ]
      const told = await story(five, { actions, forMs: 28_000 })
      expect(told.complaints).toEqual([])
      expect(['', 'a b', 'c d e', 'a', 'b c d e']).toContain(told.left)
    },
  )
})

describe('a link that fails alone', () => {
  test.each([
    ['lone-link', { from: 'a', to: 'b', oneWay: false, mode: 'silent', forMs: 40_000 }],
    ['lone-link', { from: 'a', to: 'b', oneWay: true, mode: 'silent', forMs: 40_000 }],
    ['lone-link', { from: 'd', to: 'a', oneWay: true, mode: 'hold', forMs: 40_000 }],
    ['flapping-link', { from: 'a', to: 'b', mode: 'reset', periodMs: 1_000, times: 40 }],
    ['flapping-link', { from: 'a', to: 'b', mode: 'silent', periodMs: 10_000, times: 4 }],
  ] as const)('%s %j costs nobody', async (type, parameters) => {
    const told = await story(five, { actions: [[0, type, parameters]] })
    expect(told).toMatchObject({ complaints: [], left: five, decided: [] })
  })
})

describe('members that come and go, one after the other', () => {
  const fault = { inTurn: [' a', ' b', ' c'], everyMs: 3_000, times: 10, mode: 'reset' }
  const actions: StoryOptions['actions'] = [[0, 'come-and-go', fault]]

  test('leave nobody, since no picture lasts long enough to decide on', async () => {
    const told = await story(five, { scenario: splitBrainUnrestScenario, actions })
    expect(told).toMatchObject({ complaints: [], left: '' })
    expect(told.decided.some((line) => line.includes('unstable'))).toBe(true)
  })

  test('leave all where that may last', async () => {
    const settings = { downAllWhenUnstable: 'off' }
    const told = await story(five, { scenario: splitBrainUnrestScenario, actions, settings })
    expect(told.decided.filter((line) => line.includes('unstable'))).toEqual([])
  })
})

describe('paths for small packets only', () => {
  const fault = { host: 'a', type: 'black-hole', largestBytes: 1_400, forMs: 120_000 }

  test('to one host are noticed within a minute, and cost it alone', async () => {
    const actions: StoryOptions['actions'] = [[0, 'black-hole', { ...fault, everywhere: false }]]
    const told = await story(five, { actions, forMs: 90_000 })
    // Started again it is let in, for what that takes is small, and is noticed once more.
    expect(told).toMatchObject({ complaints: [], left: 'b c d e' })
    expect(told.decidedAfterMs).toBeLessThan(60_000 + 10_000)
  })

  test('everywhere leave nobody, who then form one cluster again', async () => {
    const actions: StoryOptions['actions'] = [[0, 'black-hole', { ...fault, everywhere: true }]]
    const told = await story(five, { actions, forMs: 118_000 })
    expect(told).toMatchObject({ complaints: [], left: '' })
  })
})

describe('a bad network', () => {
  test.each([
    ['slow-network', { type: 'delay', latencyMs: 300, jitterMs: 200 }],
    ['lossy-network', { type: 'retransmit', probability: 0.01 }],
    ['lossy-network', { type: 'retransmit', probability: 0.1 }],
    ['lossy-network', { type: 'retransmit', probability: 0.3 }],
  ] as const)('%s %j costs nobody', async (type, fault) => {
    const parameters = { host: 'a', everywhere: true, forMs: 100_000, ...fault }
    const told = await story(five, { actions: [[0, type, parameters]], forMs: 60_000 })
    expect(told).toMatchObject({ complaints: [], left: five, decided: [] })
  })
})

describe('a process that is stopped', () => {
  test.each([3_000, 8_000])('for %i ms is there again', async (forMs) => {
    const told = await story(five, { actions: [[0, 'freeze', { frozen: [' a'], forMs }]] })
    expect(told).toMatchObject({ complaints: [], left: five, decided: [] })
  })

  test('for a minute is downed, and stops when it goes on', async () => {
    const told = await story(five, {
      actions: [[0, 'freeze', { frozen: [' a'], forMs: 60_000 }]],
      forMs: 70_000,
    })
    expect(told).toMatchObject({ complaints: [], left: 'b c d e' })
  })
})

describe('a machine that sleeps', () => {
  const sleep = [0, 'sleep', { host: 'e', forMs: 17_000, order: 'timers-first' }] as const

  test('and wakes up cut off, given up long ago, stops in time', async () => {
    const actions: StoryOptions['actions'] = [
      sleep,
      [5_000, 'split', { sides: sides('a b c d | e'), mode: 'silent', forMs: 35_000 }],
    ]
    const told = await story(five, { actions, settings: { stableAfterMs: 7_000 } })
    expect(told).toMatchObject({ complaints: [], left: 'a b c d' })
  })

  test('and whose clock is only set forward loses nothing', async () => {
    const actions: StoryOptions['actions'] = [[0, 'wall-jump', { host: 'e', byMs: 60_000 }]]
    const told = await story(five, { actions })
    expect(told).toMatchObject({ complaints: [], left: five, decided: [] })
  })
})

describe('a host that is gone', () => {
  test('without a word is downed by the others', async () => {
    const told = await story(five, { actions: [[0, 'power-loss', { host: 'a' }]] })
    expect(told).toMatchObject({ complaints: [], left: 'b c d e', seen: 'b.up c.up d.up e.up' })
  })

  test('and back at once, at the same address, costs nobody else', async () => {
    const told = await story(five, { actions: [[0, 'bounce', { host: 'a', afterMs: 50 }]] })
    expect(told).toMatchObject({ complaints: [], left: 'b c d e', decided: [] })
    expect(told.seen).toBe('a.up b.up c.up d.up e.up')
  })
})

test('two sides that downed each other are one cluster again', async () => {
  const downed = { sides: sides('a b | c d e'), mode: 'silent', afterMs: 1_000, forMs: 20_000 }
  const told = await story(five, { actions: [[0, 'down-both-sides', downed]] })
  expect(told.complaints).toEqual([])
  expect(told.result.reached.has('two sides that gave each other up meet again')).toBe(true)
})

test('whoever was away for longer than tombstones last comes back as somebody new', async () => {
  const told = await story(five, {
    settings: { tombstoneTtlMs: 20_000 },
    actions: split('a | b c d e', 60_000),
    forMs: 65_000,
  })
  expect(told).toMatchObject({ complaints: [], left: 'b c d e' })
})

test.each([2_000, 8_000])('all links down for %i ms cost nobody', async (forMs) => {
  const told = await story(five, { actions: [[0, 'all-links-down', { mode: 'silent', forMs }]] })
  expect(told).toMatchObject({ complaints: [], left: five, decided: [] })
})

test('all links down for 30 s leave nobody, who then form one cluster again', async () => {
  const actions: StoryOptions['actions'] = [
    [0, 'all-links-down', { mode: 'silent', forMs: 30_000 }],
  ]
  const told = await story(five, { actions, forMs: 28_000 })
  expect(told).toMatchObject({ complaints: [], left: '' })
})

test.each([true, false])(
  'a rolling restart (in good order: %s) costs nobody else',
  async (gracefully) => {
    const actions: StoryOptions['actions'] = [
      [0, 'rolling-restart', { everyMs: 6_000, gracefully }],
    ]
    const told = await story(five, { actions, forMs: 50_000 })
    expect(told).toMatchObject({ complaints: [], decided: [] })
  },
)
