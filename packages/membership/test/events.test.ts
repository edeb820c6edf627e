import { describe, expect, test } from 'vitest'
import {
  eventForTransition,
  eventsBetween,
  memberStatuses,
  type ClusterEvent,
} from '../src/index.ts'
import { cluster, member, nameOf, node, nameOfKey, seenByAll } from './states.ts'

function told(event: ClusterEvent): string {
  if ('member' in event) return `${event.type} ${nameOf(event.member.node)}`
  if (event.type === 'leader-changed' || event.type === 'role-leader-changed') {
    const [from, to] = [event.from, event.to].map((one) => (one ? nameOf(one.node) : 'nobody'))
    return `${event.type} ${from} to ${to}`
  }
  return event.type === 'convergence-changed' ? `${event.type} ${event.converged}` : event.type
}

function between(before: string, after: string): readonly string[] {
  return eventsBetween(cluster(before), cluster(after), {}).map(told)
}

describe('what happened between two states', () => {
  test.each([
    ['a.up^1', 'a.up^1', []],
    ['a.up^1', 'a.up^1 b.joining', ['member-joined b']],
    ['a.up^1 b.joining', 'a.up^1 b.weakly-up', ['member-weakly-up b']],
    ['a.up^1 b.joining', 'a.up^1 b.up^2', ['member-up b']],
    ['a.up^1 b.up^2', 'a.up^1 b.leaving^2', ['member-left b']],
    ['a.up^1 b.leaving^2', 'a.up^1 b.exiting^2', ['member-exited b']],
    ['a.up^1 b.up^2', 'a.up^1 b.down^2', ['member-downed b']],
    // One that just disappears was downed first, so that every removal has its story.
    ['a.up^1 b.up^2', 'a.up^1', ['member-downed b', 'member-removed b']],
    // Another incarnation: the former one goes before the new one comes.
    [
      'a.up^1 b.up^2',
      'a.up^1 b#2.joining',
      ['member-downed b', 'member-removed b', 'member-joined b#2'],
    ],
    ['a.up^1 b.up^2', 'a.leaving^1 b.leaving^2', ['member-left a', 'member-left b']],
    ['a.up^1 b.up^2', 'a.exiting^1 b.up^2', ['member-exited a', 'leader-changed a to b']],
    ['a.up^1 b.up^2', 'a.up^1 b.up^2 | a✗b', ['member-unreachable b', 'convergence-changed false']],
    ['a.up^1 b.up^2 | a✗b', 'a.up^1 b.up^2', ['member-reachable b', 'convergence-changed true']],
    ['a.up^1', 'a.up^1 b.up^2:x', ['member-up b', 'role-leader-changed nobody to b']],
  ])('from [%s] to [%s] is %j', (before, after, expected) => {
    expect(between(before, after)).toEqual(expected)
  })

  test('is nothing for the same state, without looking', () => {
    const state = cluster('a.up^1 b.up^2')
    expect(eventsBetween(state, state, {})).toEqual([])
  })

  test('tells of convergence when the last one has seen the view', () => {
    const state = cluster('a.up^1 b.up^2')
    const events = eventsBetween(seenByAll(state, 'b'), state, {})
    expect(events.map(told)).toEqual(['convergence-changed true'])
  })

  test.each([
    ['exiting', 'exiting', 'exiting', ['member-removed b']],
    ['down', 'down', 'down', ['member-removed b']],
    ['up', 'exiting', 'exiting', ['member-left b', 'member-exited b', 'member-removed b']],
    ['up', 'down', 'down', ['member-downed b', 'member-removed b']],
    ['leaving', 'exiting', 'exiting', ['member-exited b', 'member-removed b']],
  ])(
    'tells of one last known %s, removed as %s, that it was %s',
    (known, last, previous, expected) => {
      const before = cluster(`a.up^1 b.${known}^2`)
      const after = cluster(`a.up^1 b.${last}^2`).removeMembers([node('b')], 1, node('a'))
      const events = eventsBetween(before, seenByAll(after), {})
      expect(events.map(told)).toEqual(expected)
      expect(events.at(-1)).toMatchObject({ type: 'member-removed', previousStatus: previous })
    },
  )

  test('is seen from a viewpoint: nobody is unreachable for itself as a leader', () => {
    const [before, after] = [cluster('a.up^1 b.up^2'), cluster('a.up^1 b.up^2 | b✗a')]
    const changes = eventsBetween(before, after, { self: node('a').key })
    expect(changes.map(told)).toEqual(['member-unreachable a'])
  })
})

test('every change of status has one event, and staying has none', () => {
  for (const from of memberStatuses) {
    for (const to of memberStatuses) {
      const event = eventForTransition(from, to, member(`a.${to}`))
      expect(event === undefined).toBe(from === to)
      if (event) expect(nameOfKey(event.member.key)).toBe('a')
    }
  }
})
