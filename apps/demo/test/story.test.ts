import { expect, test } from 'vitest'
import type { News } from '../src/news.ts'
import { Run } from '../src/run.ts'
import type { Scene } from '../src/scene.ts'
import { story, type Stage, type Step } from '../src/story.ts'
import { tellStory } from '../src/tell-story.ts'
import { clusterOf, ended, incarnationOf, listening, sceneAfter, viewWith } from './scenes.ts'
import { idleStage, stepWith } from './steps.ts'

function stepOf(id: string): Step {
  const step = story(4).find((candidate) => candidate.id === id)
  if (!step) throw new Error(`There is no step ${id}.`)
  return step
}

/** What step `id` still misses when `news` came after a cluster of four had formed. */
function missing(id: string, news: readonly News[], before: Scene = clusterOf(4)) {
  const context = { before, sinceMs: before.atMs }
  return stepOf(id).missing(sceneAfter(news, before), context)
}

function views(nodes: readonly string[], ...text: Parameters<typeof viewWith>): readonly News[] {
  return nodes.map((node) => ({ type: 'node-view', node, view: viewWith(...text) }))
}

test('waits until every node sees every other one up', () => {
  expect(missing('all-up', [])).toBeUndefined()
  expect(missing('all-up', views(['n2'], 4, { n3: { status: 'joining' } }))).toBe(
    'n2 holds n3 to be joining.',
  )
  expect(missing('all-up', views(['n2'], 3))).toBe('n2 does not know n4.')
  expect(missing('all-up', views(['n4'], 5))).toBe('n4 still knows n5.')
})

test('waits until every survivor finds the killed one unreachable', () => {
  const suspected = { n3: { reachable: false } }
  expect(missing('unreachable', views(['n1', 'n2', 'n4'], 4, suspected))).toBe(
    'The process of n3 still runs.',
  )
  const killed = [ended('n3', 'killed')]
  expect(missing('unreachable', [...killed, ...views(['n1', 'n2'], 4, suspected)])).toBe(
    'n4 did not find n3 unreachable.',
  )
  const all = [...killed, ...views(['n1', 'n2', 'n4'], 4, suspected)]
  expect(missing('unreachable', all)).toBeUndefined()
})

test('waits for a later incarnation at the same address', () => {
  const again: News = { type: 'process-started', node: 'n3', pid: 7 }
  const gone = [ended('n3', 'killed'), again]
  expect(missing('restarted', gone)).toBe('n3 did not listen again.')
  expect(missing('restarted', [...gone, listening('n3')])).toBe(
    'The incarnation of n3 did not grow.',
  )
  const later = listening('n3', incarnationOf('n3') + 1)
  expect(missing('restarted', [...gone, later])).toBeUndefined()
  const elsewhere: News = { ...listening('n4', incarnationOf('n4')), node: 'n3' } as News // Of one type.
  expect(missing('restarted', [...gone, elsewhere])).toBe(
    'n3 listens at 127.0.0.1:41004, not at 127.0.0.1:41003 as before.',
  )
})

test('waits until everybody knows the new incarnation, and no other', () => {
  const incarnation = incarnationOf('n3') + 1
  const back = listening('n3', incarnation)
  const known = views(['n1', 'n2', 'n3'], 4, { n3: { incarnation } })
  expect(missing('replaced', [back, ...known])).toBe(
    'n4 did not learn of the new incarnation of n3.',
  )
  const all = views(['n1', 'n2', 'n3', 'n4'], 4, { n3: { incarnation } })
  expect(missing('replaced', [back, ...all])).toBeUndefined()
})

test('waits until the one that was stopped trusts and is trusted again', () => {
  const fresh = views(['n2'], 4)
  expect(missing('stalled', [])).toBe('n2 did not report since it was continued.')
  expect(missing('stalled', fresh)).toBeUndefined()
  expect(missing('stalled', [...fresh, ...views(['n4'], 4, { n2: { phi: 3 } })])).toBe(
    'n4 still suspects n2 (φ 3.0).',
  )
})

test('does not forgive that anybody is downed meanwhile', () => {
  const before = clusterOf(4)
  const member = { name: 'n2', incarnation: 1 }
  const downed: News = { type: 'node-event', node: 'n1', event: { type: 'member-downed', member } }
  const context = { before, sinceMs: before.atMs }
  const broken = (news: readonly News[]) =>
    stepOf('stalled').broken?.(sceneAfter(news, before), context)
  expect(broken([])).toBeUndefined()
  expect(broken([downed])).toBe('n2 was downed, and nobody was to be.')
})

test('waits until the one that leaves is let go by everybody', () => {
  const others = ['n2', 'n3', 'n4']
  const withoutFirst = others.map((node): News => {
    const view = viewWith(4)
    const members = view.members.filter(({ name }) => name !== 'n1')
    return { type: 'node-view', node, view: { ...view, members } }
  })
  expect(missing('left', withoutFirst)).toBe('The process of n1 did not end.')
  expect(missing('left', [ended('n1', 'left')])).toBe('n2, n3, n4 still knows n1.')
  expect(missing('left', [ended('n1', 'left'), ...withoutFirst])).toBeUndefined()
})

function settings(run: Run, stage: Partial<Stage> = {}, signal = new AbortController().signal) {
  return { run, stage: { ...idleStage, ...stage }, pauseMs: 0, signal }
}

test('stops at the first step that does not come about in time, and says what is missing', async () => {
  const run = new Run(() => 0)
  const late = stepWith({ id: 'late', missing: () => 'n2 did not listen.' })
  const isGood = await tellStory([stepWith({}), late, stepWith({ id: 'never' })], settings(run))
  expect(isGood).toBe(false)
  expect(run.scene.steps.map(({ outcome }) => outcome)).toEqual([
    { type: 'done', elapsedMs: 0 },
    { type: 'failed', elapsedMs: 0, reason: 'Not within 0.00 s: n2 did not listen.' },
    undefined,
  ])
})

test('goes on as soon as the news is there that it waits for', async () => {
  const run = new Run(() => 0)
  const waiting = stepWith({
    deadlineMs: 20_000,
    act: (stage) => stage.launch(),
    missing: ({ notice }) => (notice === 'here' ? undefined : 'The notice is missing.'),
  })
  const launch = (): void => queueMicrotask(() => run.tell({ type: 'notice', text: 'here' }))
  expect(await tellStory([waiting], settings(run, { launch }))).toBe(true)
})

test('fails at once when a process does', async () => {
  const run = new Run(() => 0)
  const launch = (): void => {
    run.tell({ type: 'process-started', node: 'n1', pid: 1 })
    run.tell(ended('n1', 'failed'))
  }
  const waiting = stepWith({
    deadlineMs: 20_000,
    act: (stage) => stage.launch(),
    missing: () => 'All.',
  })
  await tellStory([waiting], settings(run, { launch }))
  expect(run.scene.steps[0]?.outcome).toMatchObject({ reason: 'n1 failed: It fell over.' })
})

test('ends when it is interrupted', async () => {
  const interruption = new AbortController()
  const run = new Run(() => 0)
  const launch = (): void => interruption.abort(new Error('Enough.'))
  const waiting = stepWith({
    deadlineMs: 20_000,
    act: (stage) => stage.launch(),
    missing: () => 'All.',
  })
  const telling = tellStory([waiting], settings(run, { launch }, interruption.signal))
  await expect(telling).rejects.toThrow('Enough.')
})
