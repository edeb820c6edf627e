import { expect, test } from 'vitest'
import type { News, StepHeading } from '../src/news.ts'
import { frameLines, type FrameOptions } from '../src/render/frame.ts'
import { jsonEnd, jsonLine } from '../src/render/json.ts'
import { plainLines } from '../src/render/plain.ts'
import { failureLines, summaryLines } from '../src/render/summary.ts'
import { emptyScene, type Scene } from '../src/scene.ts'
import { clusterOf, decidingView, ended, namesUpTo, sceneAfter, viewWith } from './scenes.ts'

const steps: readonly StepHeading[] = [
  { id: 'one', title: 'the first thing happens', since: 'the start' },
  { id: 'two', title: 'the second thing happens', since: 'the first' },
]
const [first, second] = steps as [StepHeading, StepHeading] // Two, as the line above says.
const told: News = { type: 'story-told', steps }
const firstDone: readonly News[] = [
  { type: 'step-started', step: first },
  { type: 'step-ended', step: first, outcome: { type: 'done', elapsedMs: 320 } },
]
const secondFailed: readonly News[] = [
  { type: 'step-started', step: second },
  {
    type: 'step-ended',
    step: second,
    outcome: { type: 'failed', elapsedMs: 10_000, reason: 'n2 did not listen.' },
  },
]

const options: FrameOptions = {
  columns: 110,
  rows: 40,
  color: false,
  title: 'a demo',
  elapsedMs: 2_345,
  selected: undefined,
  help: undefined,
}

function killed(): Scene {
  const survivors = ['n1', 'n2'].map((node): News => {
    const view = viewWith(3, { n3: { reachable: false, refused: true } })
    return { type: 'node-view', node, view: { ...view, converged: false } }
  })
  return sceneAfter([told, ...firstDone, ended('n3', 'killed'), ...survivors], clusterOf(3))
}

test('draws nodes, story and events', () => {
  const scene = sceneAfter([{ type: 'step-started', step: second }], killed())
  expect(frameLines(scene, { ...options, rows: 20 })).toEqual([
    ' a demo   2.35 s',
    '',
    '   node  process         status       age  incarnation        φ  seen by      leader  converged      sent',
    '   n1    40001           up             1      …000001      0.0  all 1        n1      no          512 B/s',
    '   n2    40002           up             2      …000002      0.0  all 1        n1      no          512 B/s',
    '   n3    40003 killed    unreachable    3      …000003  refused  nobody       –       –                 –',
    '',
    '   age 1: the oldest leads · φ: suspicion by those who watch · sent: gossip',
    '',
    ' ✔ the first thing happens    0.32 s after the start',
    ' ▸ the second thing happens   0.74 s …',
    '',
    '    0.20 s  n1 listens at 127.0.0.1:41001',
    '    0.40 s  n2 starts as process 40002',
    '    0.50 s  n2 listens at 127.0.0.1:41002',
    '    0.70 s  n3 starts as process 40003',
    '    0.80 s  n3 listens at 127.0.0.1:41003',
    '    1.30 s  n3 was killed: process 40003 is gone',
  ])
})

test('points at the node that keys act on, and says which keys there are', () => {
  const scene = sceneAfter([{ type: 'notice', text: 'n2 is selected.' }], clusterOf(3))
  const lines = frameLines(scene, { ...options, selected: 'n2', help: 'q quit' })
  expect(lines.filter((line) => line.startsWith(' ›'))).toEqual([expect.stringContaining('n2')])
  expect(lines.slice(-2)).toEqual([' n2 is selected.', ' q quit'])
})

test.each([
  { columns: 200, rows: 60 },
  { columns: 80, rows: 24 },
  { columns: 60, rows: 18 },
  { columns: 40, rows: 12 },
  { columns: 20, rows: 10 },
])('stays within $columns columns and $rows rows', ({ columns, rows }) => {
  for (const help of [undefined, 'k kill -9   p pause/resume   r restart   l leave   q quit']) {
    const scene = sceneAfter([told, ...firstDone, ended('n7', 'killed')], clusterOf(20))
    const lines = frameLines(scene, { ...options, columns, rows, help })
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
    expect(lines.length).toBeLessThan(rows)
    expect(lines.some((line) => line.includes('n1'))).toBe(true)
  }
})

test('says how many nodes there is no room for', () => {
  const lines = frameLines(clusterOf(20), { ...options, rows: 14 })
  expect(lines.find((line) => line.includes('more'))).toBe('   … and 11 more')
})

function cutInTwo(): Scene {
  const [here, there] = [
    { n3: { reachable: false } },
    { n1: { reachable: false }, n2: { reachable: false } },
  ]
  const views: readonly News[] = [
    {
      type: 'node-view',
      node: 'n1',
      view: decidingView({ type: 'own', inMs: 4_321 }, 'n1', 3, here),
    },
    { type: 'node-view', node: 'n2', view: decidingView({ type: 'of-leader' }, 'n1', 3, here) },
    {
      type: 'node-view',
      node: 'n3',
      view: decidingView({ type: 'own', inMs: 4_500 }, 'n3', 3, there),
    },
  ]
  return sceneAfter(
    [{ type: 'network-cut', sides: [['n1', 'n2'], ['n3']] }, ...views],
    clusterOf(3),
  )
}

test('draws where the network is cut, whom each side sees, and when each decides', () => {
  expect(frameLines(cutInTwo(), { ...options, columns: 90, rows: 20 }).slice(2, 9)).toEqual([
    '   node process        status      age       φ seen by     leader decides  converged',
    '   n1   40001          up            1     0.0 n2          n1     in 4.3 s no',
    '   n2   40002          up            2     0.0 n1          n1     n1 does  no',
    '   ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌',
    '   n3   40003          unreachable   3     0.0 nobody      n3     in 4.5 s no',
    '',
    '   across ╌╌ nothing arrives · decides: when it is settled who goes on, or by whom',
  ])
})

test('does not count the line of the cut among the nodes there is no room for', () => {
  const sides = [
    ['n1', 'n2'],
    ['n3', 'n4', 'n5', 'n6', 'n7', 'n8'],
  ] as const
  const scene = sceneAfter([{ type: 'network-cut', sides }], clusterOf(8))
  const lines = frameLines(scene, { ...options, rows: 9 })
  expect(lines.slice(3).map((line) => line.slice(0, 16).trim().split(' ')[0])).toEqual([
    'n1',
    'n2',
    '╌╌╌╌╌╌╌╌╌╌╌╌╌',
    'n3',
    '…',
  ])
  expect(lines.at(-1)).toBe('   … and 5 more')
})

test('colours only where colours are wanted', () => {
  const escape = '\u001B'
  expect(frameLines(killed(), options).join('')).not.toContain(escape)
  expect(frameLines(killed(), { ...options, color: true }).join('')).toContain(`${escape}[31m`)
})

test('draws something before anything is known', () => {
  expect(frameLines(emptyScene, options)[0]).toBe(' a demo   2.35 s')
})

test('prints plain lines of what is new', () => {
  const before = clusterOf(3)
  const after = sceneAfter([ended('n3', 'killed')], before)
  expect(plainLines(before, after)).toEqual(['   1.00 s  n3 was killed: process 40003 is gone'])
  expect(plainLines(after, after)).toEqual([])
})

test('prints plain lines of a story as it goes', () => {
  const scenes = [told, ...firstDone, ...secondFailed].reduce<readonly Scene[]>(
    (all, news) => [...all, sceneAfter([news], all.at(-1))],
    [emptyScene],
  )
  const lines = scenes.flatMap((scene, index) => plainLines(scenes[index - 1] ?? scene, scene))
  expect(lines).toEqual([
    '',
    'Step 1: the first thing happens',
    '  done: 0.32 s after the start',
    '',
    'Step 2: the second thing happens',
    '  FAILED: 10.00 s after the first. n2 did not listen.',
  ])
})

test('sums up what came about, what failed and what was not told', () => {
  const third: StepHeading = { id: 'three', title: 'nothing', since: 'never' }
  const scene = sceneAfter([
    { type: 'story-told', steps: [...steps, third] },
    ...firstDone,
    ...secondFailed,
  ])
  expect(summaryLines(scene.steps, false)).toEqual([
    ' 1  the first thing happens    0.32 s  after the start',
    ' 2  the second thing happens  failed',
    ' 3  nothing                   not told',
    '',
    '1 of 3 steps came about.',
  ])
})

test('says what every node makes of a failure', () => {
  const scene = sceneAfter([told, ...firstDone, ...secondFailed])
  expect(failureLines(scene.steps, [{ node: 'n1', summary: 'It is up.' }])).toEqual([
    'Failed: the second thing happens. n2 did not listen.',
    '  n1: It is up.',
  ])
  expect(failureLines(sceneAfter([told, ...firstDone]).steps, [])).toEqual([])
})

test('gives machines one object per line', () => {
  const [done] = firstDone.slice(1)
  const lines = [...(done ? [done] : []), ...secondFailed.slice(1), ended('n3', 'killed')]
  expect(lines.map((news) => JSON.parse(jsonLine(news, 1.23456) ?? 'null'))).toEqual([
    { atMs: 1.235, type: 'step', ...first, status: 'done', elapsedMs: 320 },
    {
      atMs: 1.235,
      type: 'step',
      ...second,
      status: 'failed',
      elapsedMs: 10_000,
      reason: 'n2 did not listen.',
    },
    { atMs: 1.235, type: 'process-ended', node: 'n3', pid: 40_003, ending: 'killed' },
  ])
})

test('keeps views from machines, which would be most of the lines', () => {
  const news: News = { type: 'node-view', node: 'n1', view: viewWith(namesUpTo(3).length) }
  expect(jsonLine(news, 1)).toBeUndefined()
})

test('ends the lines for machines with the outcome', () => {
  expect(JSON.parse(jsonEnd(5, { ok: true }))).toEqual({ atMs: 5, type: 'end', ok: true })
  const explanations = [{ node: 'n1', summary: 'It is up.' }]
  expect(JSON.parse(jsonEnd(5, { ok: false, explanations }))).toMatchObject({
    ok: false,
    explanations,
  })
})
