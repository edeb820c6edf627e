import { expect, test } from 'vitest'
import type { News } from '../src/news.ts'
import { partitionStory, sidesOf } from '../src/partition-story.ts'
import { Run } from '../src/run.ts'
import type { Step } from '../src/story.ts'
import { tellStory } from '../src/tell-story.ts'
import { clusterOf, incarnationOf, listening, sceneAfter, viewWith } from './scenes.ts'
import { idleStage, stepWith } from './steps.ts'

const before = clusterOf(5)
const [stay, go] = sidesOf(5)

function stepOf(id: string): Step {
  const step = partitionStory(5).find((candidate) => candidate.id === id)
  if (!step) throw new Error(`There is no step ${id}.`)
  return step
}

/** What step `id` still misses when `news` came after a cluster of five had formed. */
function missing(id: string, news: readonly News[]) {
  return stepOf(id).missing(sceneAfter(news, before), { before, sinceMs: before.atMs })
}

function views(nodes: readonly string[], ...text: Parameters<typeof viewWith>): readonly News[] {
  return nodes.map((node) => ({ type: 'node-view', node, view: viewWith(...text) }))
}

function selfDowned(node: string): News {
  return { type: 'node-event', node, event: { type: 'self-downed' } }
}

const unreachable = { reachable: false }
const withoutGoing = { n4: unreachable, n5: unreachable }
const withoutStaying = { n1: unreachable, n2: unreachable, n3: unreachable }

test.each([
  { count: 3, sides: [['n1', 'n2'], ['n3']] },
  { count: 4, sides: [['n1', 'n2', 'n3'], ['n4']] },
  {
    count: 5,
    sides: [
      ['n1', 'n2', 'n3'],
      ['n4', 'n5'],
    ],
  },
])('cuts $count into more than half and the rest', ({ count, sides }) => {
  expect(sidesOf(count)).toEqual(sides)
})

test('waits until neither side holds anybody of the other to be reachable', () => {
  expect(missing('cut', [])).toBe('n1 still holds n4 to be reachable.')
  const half = [...views(stay, 5, withoutGoing), ...views(['n4'], 5, withoutStaying)]
  expect(missing('cut', half)).toBe('n5 still holds n1 to be reachable.')
  expect(missing('cut', [...half, ...views(['n5'], 5, withoutStaying)])).toBeUndefined()
})

test('waits until every node of the smaller side has stopped', () => {
  expect(missing('stopped', [selfDowned('n5')])).toBe('n4 did not stop.')
  expect(missing('stopped', [selfDowned('n5'), selfDowned('n4')])).toBeUndefined()
})

test('waits until the larger side knows nobody else, whatever the smaller one knows', () => {
  expect(missing('removed', views(['n1', 'n2'], 3))).toBe('n3 still knows n4, n5.')
  expect(missing('removed', views(stay, 3))).toBeUndefined()
})

test('waits until those who stopped are back as later incarnations, known to all', () => {
  const [fourth, fifth] = [incarnationOf('n4') + 10, incarnationOf('n5') + 10]
  const stopped = go.map(selfDowned)
  expect(missing('back', stopped)).toBe('n4 did not listen again.')
  expect(missing('back', [...stopped, ...go.map((name) => listening(name))])).toBe(
    'The incarnation of n4 did not grow.',
  )
  const again = [...stopped, listening('n4', fourth), listening('n5', fifth)]
  expect(missing('back', [...again, ...views(stay, 3)])).toBe(
    'n1, n2, n3, n4, n5 did not learn of the new incarnation of n4.',
  )
  const known = { n4: { incarnation: fourth }, n5: { incarnation: fifth } }
  const all = views([...stay, ...go], 5, known)
  expect(missing('back', [...again, ...all])).toBeUndefined()
})

test.each(['cut', 'stopped', 'removed', 'back'])(
  'does not forgive in step %s that one of the larger side is downed',
  (id) => {
    const downed = (name: string): News => {
      const member = { name, incarnation: incarnationOf(name) }
      return { type: 'node-event', node: 'n5', event: { type: 'member-downed', member } }
    }
    const broken = (...news: readonly News[]) =>
      stepOf(id).broken?.(sceneAfter(news, before), { before, sinceMs: 0 })
    expect(broken(downed('n4'), downed('n5'), selfDowned('n4'))).toBeUndefined()
    expect(broken(downed('n2'))).toBe('n2 was downed, and was to go on.')
    expect(broken(selfDowned('n1'))).toBe('n1 was downed, and was to go on.')
  },
)

test('counts the time of a step from an earlier one where it says so', async () => {
  let now = 0
  const run = new Run(() => now)
  const lasting = (ms: number): Partial<Step> => ({ act: () => void (now += ms) })
  const steps = [
    stepWith({ id: 'first', ...lasting(1_000) }),
    stepWith({ id: 'second', ...lasting(200) }),
    stepWith({ id: 'third', ...lasting(30), countsFrom: 'first' }),
  ]
  const { signal } = new AbortController()
  await tellStory(steps, { run, stage: idleStage, pauseMs: 0, signal })
  expect(run.scene.steps.map(({ outcome }) => outcome?.elapsedMs)).toEqual([0, 0, 230])
})
