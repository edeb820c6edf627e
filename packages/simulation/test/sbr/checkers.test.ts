// Each checker cries on a bad history, and is silent on the good one beside it.
import type { ClusterState } from '@casty/membership'
import { describe, expect, test } from 'vitest'
import type { MembershipRun } from '../../src/index.ts'
import { clearMajorityGoesOn } from '../../src/sbr/clear-majority-goes-on.ts'
import { leaseIsHeld } from '../../src/sbr/lease-is-held.ts'
import { loserStops } from '../../src/sbr/loser-stops.ts'
import { oneSideSurvives } from '../../src/sbr/one-side-survives.ts'
import { leaseOfAll } from '../../src/sbr/program.ts'
import { quietPictures } from '../../src/sbr/quiet-pictures.ts'
import { recordOf } from '../../src/sbr/record.ts'
import { restarts } from '../../src/sbr/restarts.ts'
import { unrestEnds } from '../../src/sbr/unrest-ends.ts'
import { untilDownedByHand } from '../../src/sbr/until-downed-by-hand.ts'
import {
  complaints,
  judge,
  node,
  play,
  puppet,
  shows,
  stateOf,
  type MembershipWatcher,
  type Script,
} from '../membership/puppets.ts'
import { rules } from './rules.ts'

function withTombstoneOf(name: string, left: boolean, state: ClusterState): ClusterState {
  const member = state.member(node(name).address)
  if (member === undefined) throw new Error(`no member ${name}`)
  const going = left ? state.updateStatus(member.node, 'exiting', node('a')) : state
  return going.removeMembers([member.node], 0, node('a'))
}

const together = 'a.up^1 b.up^2 c.up^3'

describe('one side survives', () => {
  test('cries where two who run have given each other up', async () => {
    const script: Script = [
      [1_000, shows('a', 'a.up b.down c.up')],
      [2_000, shows('b', 'a.down b.up c.down')],
    ]
    const [complaint] = await judge(oneSideSurvives, script, { members: together })
    expect(complaint).toMatch(/^one side survives: a:1#1 and b:1#1 have given each other up/)
  })

  test('cries where one of them is removed already', async () => {
    const script: Script = [
      [1_000, shows('a', withTombstoneOf('b', false, stateOf('a.up b.down c.up')))],
      [2_000, shows('b', 'a.down b.up c.down')],
    ]
    expect(await judge(oneSideSurvives, script, { members: together })).toHaveLength(1)
  })

  test('is silent where only one has given up the other, or the other has stopped', async () => {
    const script: Script = [
      [1_000, shows('a', 'a.up b.down c.up')],
      [2_000, (run) => puppet(run, 'b').exit('downed')],
      [3_000, shows('c', 'a.down b.down c.up')],
    ]
    expect(await judge(oneSideSurvives, script, { members: together })).toEqual([])
  })

  test('is silent about a former life', async () => {
    const script: Script = [
      [1_000, ({ world }) => world.crash('b')],
      [2_000, shows('a', 'a.up b.down c.up')],
      [3_000, ({ world }) => world.start('b')],
      [4_000, shows('b', 'a.down b#2.up c.down')],
    ]
    expect(await judge(oneSideSurvives, script, { members: together })).toEqual([])
  })

  test('says nothing once somebody downed the living by hand', async () => {
    const script: Script = [
      [500, (run) => void (recordOf(run).handDownedAt = run.world.now)],
      [1_000, shows('a', 'a.up b.down c.up')],
      [2_000, shows('b', 'a.down b.up c.down')],
    ]
    const watch = (run: MembershipRun): readonly MembershipWatcher[] =>
      untilDownedByHand(run, [oneSideSurvives(run)])
    expect(complaints(await play(script, { members: together, watch }))).toEqual([])
  })
})

describe('the loser stops in time', () => {
  const removed = withTombstoneOf('b', false, stateOf('a.up b.down c.up'))

  test('cries where one who was removed runs on for longer than the margin', async () => {
    const script: Script = [[1_000, shows('a', removed)]]
    expect(await judge(loserStops, script, { members: together })).toEqual([
      'the loser stops in time: b:1#1 runs 5000 ms after it was removed, and a goes on',
    ])
  })

  test('counts only the time that it runs', async () => {
    const script: Script = [
      [1_000, shows('a', removed)],
      [2_000, ({ world }) => world.pause('b', 20_000)],
      [25_000, (run) => puppet(run, 'b').exit('downed')],
    ]
    expect(await judge(loserStops, script, { members: together })).toEqual([])
  })

  test('is silent where it stops within the margin, or left in good order', async () => {
    const left = withTombstoneOf('c', true, stateOf('a.up b.up c.exiting'))
    const script: Script = [
      [1_000, shows('a', removed)],
      [5_000, (run) => puppet(run, 'b').exit('downed')],
      [6_000, shows('a', left)],
    ]
    expect(await judge(loserStops, script, { members: together })).toEqual([])
  })
})

describe('unrest ends', () => {
  const hosts = 'a b c d e'
  const members = 'a.up b.up c.up d.up e.up'
  const one = `${members} | a✗e b✗e`
  const two = `${members} | a✗d b✗d a✗e b✗e`

  /** Every second host a shows the next ones of these, over and over. */
  function inTurn(seconds: number, ...views: readonly string[]): Script {
    return Array.from({ length: seconds }, (_, second) => [
      (second + 1) * 1_000,
      shows('a', views[second % views.length] ?? ''),
    ])
  }

  test('cries where one runs on while others come and go for too long', async () => {
    const told = await judge(unrestEnds, inTurn(30, two, one), { hosts, members })
    expect(told[0]).toBe('unrest ends: a goes on after 11000 ms of comings and goings')
  })

  test.each<[string, Script]>([
    [
      'it stops in time',
      [...inTurn(10, two, one), [10_500, (run) => puppet(run, 'a').exit('downed')]],
    ],
    ['all are in reach now and then', inTurn(50, two, one, members)],
    ['somebody is downed now and then', inTurn(50, two, one, two.replace('c.up', 'c.down'), one)],
    [
      'more and more are lost, and nobody comes back',
      [
        [1_000, shows('a', one)],
        [20_000, shows('a', two)],
      ],
    ],
    [
      'one comes back, and that is all',
      [
        [1_000, shows('a', two)],
        [3_000, shows('a', one)],
      ],
    ],
    [
      'it lost somebody once more, and it was quiet long enough to decide',
      inTurn(3, two, one, two),
    ],
    ['accusers only come to doubt themselves', inTurn(50, two, `${one} b✗d`)],
    [
      'it stood still meanwhile',
      [...inTurn(18, two, one), [8_500, ({ world }) => world.pause('a', 100)]],
    ],
  ])('is silent where %s', async (_case, script) => {
    expect(await judge(unrestEnds, script, { hosts, members })).toEqual([])
  })

  test('is silent where unrest may last', async () => {
    const settings = { downAllWhenUnstable: 'off' }
    expect(await judge(unrestEnds, inTurn(50, two, one), { hosts, members, settings })).toEqual([])
  })
})

describe('decisions rest on quiet pictures', () => {
  const unreachable = `${together} | a✗c b✗c`

  test('cries where a decision comes too soon after a change', async () => {
    const script: Script = [
      [1_000, shows('a', unreachable)],
      [5_500, rules('a', 'stable')],
    ]
    expect(await judge(quietPictures, script, { members: together })).toEqual([
      'decisions rest on quiet pictures: a decided 4500 ms after the last change',
    ])
  })

  test('cries where somebody came up, or went, meanwhile', async () => {
    for (const status of ['a.up^1 b.up^2 c.up^3 d.up^4', 'a.up^1 b.exiting^2 c.up^3']) {
      const script: Script = [
        [1_000, shows('a', unreachable)],
        [3_000, shows('a', `${status} | a✗c b✗c`)],
        [6_500, rules('a', 'stable')],
      ]
      expect(await judge(quietPictures, script, { members: together })).toHaveLength(1)
    }
  })

  test('cries where whoever decides stood still meanwhile', async () => {
    const script: Script = [
      [1_000, shows('a', unreachable)],
      [3_000, ({ world }) => world.pause('a', 3_500)],
      [6_600, rules('a', 'stable')],
    ]
    expect(await judge(quietPictures, script, { members: together })).toEqual([
      'decisions rest on quiet pictures: a decided though it stood still for 3500 ms',
    ])
  })

  test('is silent where somebody joins meanwhile, or a deadline decides', async () => {
    const script: Script = [
      [1_000, shows('a', unreachable)],
      [3_000, shows('a', `${together} d.joining | a✗c b✗c`)],
      [6_500, rules('a', 'stable')],
      [7_000, shows('a', together)],
      [8_000, rules('a', 'unstable')],
    ]
    expect(await judge(quietPictures, script, { members: together })).toEqual([])
  })
})

describe('a clear majority goes on', () => {
  const link = { from: 'b', to: 'c' }
  const cut = { type: 'cut', mode: 'silent' } as const

  test('cries where one of it is downed', async () => {
    const script: Script = [
      [30_000, ({ world }) => world.crash('c')],
      [40_000, rules('a', 'stable', 'a b c')],
    ]
    const [complaint] = await judge(clearMajorityGoesOn, script, { members: together })
    expect(complaint).toMatch(/^a clear majority goes on: a downs a:1#1, of the majority a b: /)
  })

  test.each([
    ['is silent where one member reaches both sides of a split', 'd e', 0],
    ['cries where one member outside reaches some of it only', 'e', 1],
  ])('%s', async (_what, torn, complaints) => {
    const script: Script = [
      ...torn
        .split(' ')
        .flatMap((from) => ['a', 'b'].map((to) => ({ from, to })))
        .map((link): Script[number] => [31_000, ({ world }) => world.disturb(link, cut, 20_000)]),
      [40_000, rules('c', 'stable', 'a')],
    ]
    const options = { hosts: 'a b c d e', members: 'a.up^1 b.up^2 c.up^3 d.up^4 e.up^5' }
    expect(await judge(clearMajorityGoesOn, script, options)).toHaveLength(complaints)
  })

  test.each<[string, Script]>([
    ['of the minority', [[40_000, rules('a', 'stable', 'c')]]],
    [
      'not connected with the others',
      [
        [39_000, ({ world }) => world.disturb({ from: 'a', to: 'b' }, cut, 10_000)],
        [40_000, rules('a', 'stable', 'a b')],
      ],
    ],
    [
      'one who stood still',
      [
        [20_000, ({ world }) => world.pause('a', 500)],
        [40_000, rules('a', 'stable', 'a b')],
      ],
    ],
    ['in a picture that does not settle', [[40_000, rules('a', 'unstable', 'a b')]]],
  ])('is silent where it is %s', async (_what, script) => {
    const gone: Script = [
      [30_000, ({ world }) => world.crash('c')],
      [31_000, ({ world }) => world.disturb(link, cut, 10_000)],
    ]
    const options = { members: together }
    expect(await judge(clearMajorityGoesOn, [...gone, ...script], options)).toEqual([])
  })
})

describe('the lease is held by who acts', () => {
  const grant =
    (owner: string): Script[number][1] =>
    (run) => {
      const { leases } = recordOf(run)
      const claim = { name: leaseOfAll, owner, session: owner, attempt: 1, ttlMs: 30_000 }
      void leases.claim({ ...claim, withinMs: 1_000 }, new AbortController().signal)
    }

  test('cries where another one holds it', async () => {
    const script: Script = [
      [1_000, grant('b 0')],
      [2_000, rules('a', 'lease-granted')],
    ]
    expect(await judge(leaseIsHeld, script, { members: together })).toEqual([
      'the lease is held by who acts: a 0 acts on the lease of b 0',
    ])
  })

  test('is silent where it acts itself, or another one by counting', async () => {
    const script: Script = [
      [1_000, grant('b 0')],
      [2_000, rules('b', 'lease-granted')],
      [3_000, rules('a', 'stable')],
    ]
    expect(await judge(leaseIsHeld, script, { members: together })).toEqual([])
  })
})

test('whoever was downed is started again, whoever left is not', async () => {
  const script: Script = [
    [1_000, (run) => puppet(run, 'b').exit('downed')],
    [1_000, (run) => puppet(run, 'c').exit('left')],
  ]
  const { lastEvents } = await play(script, { members: together, watch: (run) => [restarts(run)] })
  const starts = (host: string): number =>
    (lastEvents.get(host) ?? []).filter(
      (event) => 'text' in event && event.text.startsWith('starts'),
    ).length
  expect([starts('b'), starts('c')]).toEqual([2, 1])
})
