import { expect, test } from 'vitest'
import type { News } from '../src/news.ts'
import type { MemberEventType } from '../src/protocol.ts'
import { rowsOf } from '../src/render/rows.ts'
import { clusterOf, ended, incarnationOf, listening, sceneAfter, viewWith } from './scenes.ts'

function event(node: string, type: MemberEventType, name: string): News {
  const member = { name, incarnation: incarnationOf(name) }
  return { type: 'node-event', node, event: { type, member } }
}

function said(news: readonly News[]): readonly string[] {
  const before = clusterOf(4)
  const after = sceneAfter(news, before)
  return after.timeline.slice(before.timeline.length).map(({ text }) => text)
}

test('tells once what every node reports', () => {
  const reports = ['n1', 'n2', 'n4'].map((node) => event(node, 'member-unreachable', 'n3'))
  expect(said(reports)).toEqual(['n3 is unreachable (first known to n1)'])
})

test('tells again what a node reports again', () => {
  const suspect = event('n1', 'member-unreachable', 'n3')
  const trust = event('n1', 'member-reachable', 'n3')
  expect(said([suspect, trust, suspect])).toHaveLength(3)
})

test('does not take for news what a process that was started again learns', () => {
  const known = ['n1', 'n3'].map((node) => event(node, 'member-up', 'n2'))
  const again: News = { type: 'process-started', node: 'n3', pid: 7 }
  expect(said([...known, ended('n3', 'killed'), again, event('n3', 'member-up', 'n2')])).toEqual([
    'n2 is up (first known to n1)',
    'n3 was killed: process 40003 is gone',
    'n3 starts as process 7',
  ])
})

test('says why a process failed', () => {
  expect(said([ended('n2', 'failed')])).toEqual(['n2 failed: It fell over.'])
})

test('shows every status that a node is held to be in', () => {
  const scene = sceneAfter(
    [{ type: 'node-view', node: 'n1', view: viewWith(4, { n4: { status: 'leaving' } }) }],
    clusterOf(4),
  )
  expect(rowsOf(scene).map(({ statuses }) => statuses)).toEqual([
    ['up'],
    ['up'],
    ['up'],
    ['leaving', 'up'],
  ])
})

test('ranks by age, and asks nobody whose process is gone', () => {
  const survivors = ['n1', 'n3', 'n4'].map((node): News => {
    const view = viewWith(4, { n2: { reachable: false, phi: 16 } })
    return { type: 'node-view', node, view }
  })
  const rows = rowsOf(sceneAfter([ended('n2', 'killed'), ...survivors], clusterOf(4)))
  expect(rows.map(({ age }) => age)).toEqual([1, 2, 3, 4])
  expect(rows[1]).toMatchObject({ state: 'killed', seenBy: [], watchers: 3, phi: 16 })
  expect(rows[0]).toMatchObject({ seenBy: ['n3', 'n4'], watchers: 2, leader: 'n1' })
})

test('shows the latest incarnation that anybody knows', () => {
  const again = [ended('n3', 'killed'), listening('n3', incarnationOf('n3') + 900)]
  const row = rowsOf(sceneAfter(again, clusterOf(3)))[2]
  expect(row?.incarnation).toBe(incarnationOf('n3') + 900)
})

test('shows no opinion of a node that was not admitted yet', () => {
  const empty = { ...viewWith(0), leader: undefined }
  const scene = sceneAfter([
    { type: 'process-started', node: 'n1', pid: 1 },
    listening('n1'),
    { type: 'node-view', node: 'n1', view: empty },
  ])
  expect(rowsOf(scene)[0]).toMatchObject({ statuses: [], converged: undefined, leader: undefined })
})

function selfDowned(node: string): News {
  return { type: 'node-event', node, event: { type: 'self-downed' } }
}

test('asks nobody who was downed until the next life listens, and takes nothing it learns for news', () => {
  const known = ['n1', 'n4'].map((node) => event(node, 'member-up', 'n2'))
  const downed = sceneAfter([...known, selfDowned('n4')], clusterOf(4))
  expect(rowsOf(downed)[3]).toMatchObject({ state: 'downed', leader: undefined })
  expect(downed.ended).toEqual([{ name: 'n4', incarnation: incarnationOf('n4') }])
  const again = [listening('n4', incarnationOf('n4') + 1), event('n4', 'member-up', 'n2')]
  const back = sceneAfter(again, downed)
  expect(rowsOf(back)[3]).toMatchObject({ state: 'running', leader: undefined })
  expect(back.timeline.slice(downed.timeline.length).map(({ text }) => text)).toEqual([
    'n4 listens at 127.0.0.1:41004',
  ])
})

test('knows who is on which side while the network is cut', () => {
  const sides = [['n1', 'n2', 'n3'], ['n4']] as const
  const cut = sceneAfter([{ type: 'network-cut', sides }], clusterOf(4))
  expect(rowsOf(cut).map(({ side }) => side)).toEqual([0, 0, 0, 1])
  const whole = sceneAfter([{ type: 'network-mended' }], cut)
  expect(rowsOf(whole).map(({ side }) => side)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('tells of a ruling once, as the word of whoever decided', () => {
  const reason = 'keep-majority: this side survives and downs the other, because it counts more.'
  expect(said([{ type: 'node-event', node: 'n1', event: { type: 'ruled', reason } }])).toEqual([
    'n1 decides by keep-majority: this side survives and downs the other, because it counts more',
  ])
})
