// Checkers of what convergence and reachability rest on.
import type { ClusterState } from '@casty/membership'
import { describe, expect, test } from 'vitest'
import { decisionsAreShared } from '../../src/membership/decisions-are-shared.ts'
import { forwardOnly } from '../../src/membership/forward-only.ts'
import { leavingHandsOver } from '../../src/membership/leaving-hands-over.ts'
import { seenIsTrue } from '../../src/membership/seen-is-true.ts'
import { accusationsHaveReasons } from '../../src/membership/accusations-have-reasons.ts'
import { votesCount } from '../../src/membership/votes-count.ts'
import type { MembershipRun } from '../../src/index.ts'
import { judge, node, puppet, shows, stateOf, type Script } from './puppets.ts'

describe('the seen have seen', () => {
  const two = stateOf('a.up^1 b.up^2')
  const changed = two.updateStatus(node('b'), 'leaving', node('a'))
  const seenByBoth = changed.markSeen([node('b').key])
  const seenByB = { seen: new Set([node('b').key]) }

  test('cries where somebody counts who lacks the latest change', async () => {
    const script: Script = [
      [1_000, shows('b', two.with(seenByB))],
      [2_000, shows('a', seenByBoth)],
    ]
    expect(await judge(seenIsTrue, script)).toEqual([
      `the seen have seen: a counts ${node('b').key} as having seen what it has not`,
    ])
  })

  test('is silent where it has the change, or more', async () => {
    const more = changed.markUnreachable(node('a'), node('b'))
    const script: Script = [
      [1_000, shows('b', more.with(seenByB))],
      [2_000, shows('a', seenByBoth)],
    ]
    expect(await judge(seenIsTrue, script)).toEqual([])
  })

  test('is silent where it has seen the change of a member that it has removed and forgotten', async () => {
    const old = stateOf('a.up^1 b.up^2 c.up^3').updateStatus(node('c'), 'leaving', node('c'))
    const removed = old.removeMembers([node('c')], 0, node('b'))
    const script: Script = [
      [1_000, shows('b', removed.with(seenByB))],
      [2_000, shows('b', removed.forgetTombstones(() => true).with(seenByB))],
      [3_000, shows('a', old.with(seenByB))],
    ]
    expect(await judge(seenIsTrue, script)).toEqual([])
    expect(await judge(seenIsTrue, script.slice(1))).toHaveLength(1)
  })

  test('is silent about what a node had seen when it stopped', async () => {
    const script: Script = [
      [1_000, shows('b', changed.with(seenByB))],
      [1_500, ({ world }) => world.crash('b')],
      [2_000, shows('a', seenByBoth)],
    ]
    expect(await judge(seenIsTrue, script)).toEqual([])
  })
})

describe('votes are of those who count', () => {
  const accused = stateOf('a.up b.up c.up | b✗c')

  test.each([
    'a.up b.up c.up | a✗c b✗c',
    'a.up b.up | a✗b', // Nobody else is there.
    'a.up b.up c.up d.up e.up f.up | a✗f b✗f c✗f',
    'a.up b.up c.up | a✗b a✗c', // Nobody is left to vouch.
  ])('is silent where enough accuse that are well: %s', async (state) => {
    expect(await judge(votesCount, [[1_000, shows('a', state)]])).toEqual([])
  })

  test('cries where two find somebody unreachable in a cluster of six', async () => {
    const two = stateOf('a.up b.up c.up d.up e.up f.up | a✗f b✗f').with({ monitoredBy: 2 })
    expect(await judge(votesCount, [[1_000, shows('a', two)]])).toEqual([
      `votes are of those who count: a finds ${node('f').key} unreachable by 2 votes of 3`,
    ])
  })

  test.each<readonly [string, ClusterState]>([
    ['doubts itself', accused.markDoubtful(node('b'), true)],
    ['is down', stateOf('a.up b.down c.up | b✗c')],
  ])('cries where only somebody accuses who %s', async (_, state) => {
    // The state itself would not count this vote: it is shown as one that does.
    const unreachable = new Set([node('c').key])
    const wrong = new Proxy(state, {
      get: (target, name) =>
        name === 'unreachable' ? unreachable : (Reflect.get(target, name, target) as unknown),
    })
    const script: Script = [[1_000, (run) => puppet(run, 'a').showRaw(wrong)]]
    expect(await judge(votesCount, script)).toEqual([
      `votes are of those who count: a finds ${node('c').key} unreachable by 0 votes of 1`,
    ])
  })
})

describe('accusations have reasons', () => {
  const accuses: Script[number] = [30_000, shows('a', 'a.up b.up c.up | a✗b')]
  const cut = (pairs: string, forMs = 60_000): ((run: MembershipRun) => void) => {
    return ({ world }) => {
      for (const [from = '', to = ''] of pairs.split(' '))
        world.disturb({ from, to }, { type: 'cut', mode: 'silent' }, forMs)
    }
  }
  const cutAndRestart = (run: MembershipRun): void => {
    cut('ba')(run)
    run.world.crash('c')
    run.world.start('c')
  }

  test.each<readonly [string, Script[number]]>([
    ['its link to another was cut', [20_000, cut('ac')]],
    ['the link was cut long ago', [2_000, cut('ab', 1_000)]],
    ['it merely stalled', [25_000, ({ world }) => world.stall('b', 1_000, 1)]],
  ])('cries where %s', async (_what, disturbance) => {
    expect(await judge(accusationsHaveReasons, [disturbance, accuses])).toEqual([
      `accusations have reasons: a accuses ${node('b').key}, which it could hear`,
    ])
  })

  test('cries where one link was cut, and all others reach the accused', async () => {
    expect(await judge(accusationsHaveReasons, [[20_000, cut('ba')], accuses])).toEqual([
      `accusations have reasons: a accuses ${node('b').key}, which all others reach`,
    ])
  })

  test.each<readonly [string, Script[number]]>([
    ['the link to it was cut, and that of another', [20_000, cut('ba bc')]],
    ['the link to it was cut, and somebody else had just started', [29_000, cutAndRestart]],
    ['it does not run', [20_000, ({ world }) => world.crash('b')]],
    ['it stood still', [20_000, ({ world }) => world.pause('b', 5_000)]],
  ])('is silent where %s', async (_what, disturbance) => {
    expect(await judge(accusationsHaveReasons, [disturbance, accuses])).toEqual([])
  })
})

describe('ages are unique', () => {
  test('cries where one view gives two members one age', async () => {
    const [complaint] = await judge(forwardOnly, [[1_000, shows('a', 'a.up^1 b.up^1')]])
    expect(complaint).toBe(
      `decisions are never undone: a sees ${node('b').key} and ${node('a').key} with one age, 1`,
    )
  })

  test('is silent where one of them is on its way out', async () => {
    expect(await judge(forwardOnly, [[1_000, shows('a', 'a.up^1 b.down^1')]])).toEqual([])
  })
})

describe('whoever leaves hands over first', () => {
  interface Leave {
    readonly members?: string
    /** When it begins to hand over, if ever. */
    readonly beginsAt?: number
    /** What `a` sees meanwhile. */
    readonly seen?: string
  }

  function leaves({ members = 'a.up b.leaving', beginsAt, seen = 'a.up b.up' }: Leave): Script {
    const hands = (run: MembershipRun): void => {
      void puppet(run, 'b').tasks.map((task) => task())
    }
    return [
      [1_000, shows('b', members)],
      [1_000, shows('a', seen)],
      ...(beginsAt === undefined ? [] : [[beginsAt, hands] as const]),
      [3_000, (run) => puppet(run, 'b').exit('left')],
    ]
  }

  const complaint = `whoever leaves hands over first: ${node('b').key} was let go before`

  test('cries where somebody was let go before it began', async () => {
    expect(await judge(leavingHandsOver, leaves({}))).toEqual([complaint])
  })

  test('cries where somebody was let go before it was done', async () => {
    expect(await judge(leavingHandsOver, leaves({ beginsAt: 2_990 }))).toEqual([complaint])
  })

  test('is silent where it had the time', async () => {
    expect(await judge(leavingHandsOver, leaves({ beginsAt: 2_000 }))).toEqual([])
  })

  test('is silent about one that never was a member', async () => {
    expect(await judge(leavingHandsOver, leaves({ members: '' }))).toEqual([])
  })

  test.each(['a.up b.down', 'a.up b.leaving | a✗b', 'a.up b.exiting | a✗b'])(
    'is silent about one that was given up: %s',
    async (seen) => {
      expect(await judge(leavingHandsOver, leaves({ seen }))).toEqual([])
    },
  )

  test('cries about one that was unreachable only before it left', async () => {
    expect(await judge(leavingHandsOver, leaves({ seen: 'a.up b.up | a✗b' }))).toEqual([complaint])
  })
})

describe('decisions wait for agreement', () => {
  const joining = 'a.up^1 b.up^2 c.joining'
  const risen = 'a.up^1 b.up^2 c.up^3'

  test('cries where somebody becomes up whom an established member does not know', async () => {
    const script: Script = [
      [1_000, shows('b', 'a.up^1 b.up^2')],
      [2_000, shows('a', joining)],
      [3_000, shows('a', risen)],
    ]
    const [complaint] = await judge(decisionsAreShared, script)
    expect(complaint).toMatch(
      /^decisions wait for agreement: a makes c:1#1 up, which .* knows nothing of$/,
    )
  })

  test('cries where an active member is unreachable meanwhile', async () => {
    const script: Script = [
      [1_000, shows('a', `${joining} | a✗b c✗b`)],
      [2_000, shows('a', `${risen} | a✗b c✗b`)],
    ]
    const [complaint] = await judge(decisionsAreShared, script)
    expect(complaint).toMatch(
      /^decisions wait for agreement: a makes c:1#1 up while .* is unreachable$/,
    )
  })

  test.each([
    ['all knew of the member', joining, joining],
    ['somebody who does not know is down', 'a.up^1 b.up^2', 'a.up^1 b.down^2 c.joining'],
    [
      'somebody who does not know is only joining too',
      'a.up^1 b.joining',
      'a.up^1 b.joining c.joining',
    ],
  ])('is silent where %s', async (_, known, before) => {
    const script: Script = [
      [1_000, shows('b', known)],
      [2_000, shows('a', before)],
      [3_000, shows('a', before.replace('c.joining', 'c.up^3'))],
    ]
    expect(await judge(decisionsAreShared, script)).toEqual([])
  })

  test('is silent about a decision that another made before', async () => {
    const script: Script = [
      [1_000, shows('b', joining)],
      [2_000, shows('a', joining)],
      [3_000, shows('b', risen)],
      [4_000, shows('a', `${risen} | a✗b c✗b`)],
    ]
    expect(await judge(decisionsAreShared, script)).toEqual([])
  })
})
