// Each checker cries on a bad history, and is silent on the good one beside it.
import { VectorClock } from '@casty/clock'
import type { ClusterState } from '@casty/membership'
import { describe, expect, test } from 'vitest'
import { boundedState } from '../../src/membership/bounded-state.ts'
import { forwardOnly } from '../../src/membership/forward-only.ts'
import { oneCluster } from '../../src/membership/one-cluster.ts'
import { reachabilityIsFair } from '../../src/membership/reachability-is-fair.ts'
import { removedStaysAway } from '../../src/membership/removed-stays-away.ts'
import {
  membershipScenario,
  planOf,
  Run,
  type LinkFault,
  type MembershipRun,
} from '../../src/index.ts'
import {
  associationWith,
  judge,
  node,
  play,
  puppet,
  shows,
  stateOf,
  type Script,
} from './puppets.ts'

/** The same host shows one state after another, a second apart. */
function oneAfterAnother(host: string, ...states: readonly (string | ClusterState)[]): Script {
  return states.map((state, index) => [1_000 * (index + 1), shows(host, state)])
}

describe('decisions are never undone', () => {
  test.each([
    ['a.up b.leaving', 'a.up b.up'],
    ['a.up b.down', 'a.up b.up'],
    ['a.up b.up^2', 'a.up b.joining'],
    ['a.up b.up^2', 'a.up b.weakly-up'],
    ['a.up b.down', 'a.up b.exiting'],
  ])('cries where %s becomes %s', async (before, after) => {
    const [complaint] = await judge(forwardOnly, oneAfterAnother('a', before, after))
    expect(complaint).toMatch(/^decisions are never undone: a saw b:1#\S+ go from/)
  })

  test.each([
    ['a.up b.joining', 'a.up b.up^2'],
    ['a.up b.up^2', 'a.up b.leaving^2'],
    ['a.up b.exiting^2', 'a.up b.down^2'],
    ['a.up b.down', 'a.up b#2.joining'],
    ['a.up b.down', 'a.up'],
  ])('is silent where %s becomes %s', async (before, after) => {
    expect(await judge(forwardOnly, oneAfterAnother('a', before, after))).toEqual([])
  })

  test('cries where two views give one member two ages', async () => {
    const script: Script = [
      [1_000, shows('a', 'a.up^1 b.up^2')],
      [2_000, shows('b', 'a.up^1 b.up^3')],
    ]
    expect((await judge(forwardOnly, script))[0]).toMatch(/with age 3, others with 2$/)
  })

  test('cries where one view gives a member another age than before', async () => {
    const [complaint] = await judge(
      forwardOnly,
      oneAfterAnother('a', 'a.up^1 b.up^2', 'a.up^1 b.up^3'),
    )
    expect(complaint).toMatch(/saw the age of b:1#\S+ go from 2 to 3$/)
  })

  test('is silent where the view with another age is of one that died, or is downed', async () => {
    const dead: Script = [
      [1_000, shows('a', 'a.up^1 b.up^2 c.up^3')],
      [2_000, ({ world }) => world.crash('a')],
      [3_000, shows('b', 'a.up^1 b.up^2 c.up^4')],
    ]
    const downed: Script = [
      [1_000, shows('a', 'a.up^1 b.up^2 c.up^3')],
      [3_000, shows('b', 'a.down^1 b.up^2 c.up^4')],
    ]
    expect(await judge(forwardOnly, dead)).toEqual([])
    expect(await judge(forwardOnly, downed)).toEqual([])
  })

  test('cries where an age is lost, unless whoever decided that it goes did not know it', async () => {
    const lost: Script = [
      [1_000, shows('b', 'a.up^1 b.up^2')],
      [2_000, shows('b', 'a.up^1 b.leaving')],
    ]
    expect((await judge(forwardOnly, lost))[0]).toMatch(/saw the age of b:1#\S+ go from 2 to undef/)
    const neverKnown: Script = [
      [1_000, shows('a', 'a.up^1 b.up^2')],
      [2_000, shows('b', 'a.up^1 b.leaving')],
      [3_000, shows('a', 'a.up^1 b.leaving')],
    ]
    expect(await judge(forwardOnly, neverKnown)).toEqual([])
  })

  test('is silent where views give an age later than others, and the same', async () => {
    const script: Script = [
      [1_000, shows('a', 'a.up^1 b.up^2')],
      [2_000, shows('b', 'a.up^1 b.joining')],
      [3_000, shows('b', 'a.up^1 b.up^2')],
    ]
    expect(await judge(forwardOnly, script)).toEqual([])
  })
})

describe('every process starts', () => {
  test('cries where one does not', async () => {
    const program = () => () => Promise.reject(new Error('no more ports'))
    const plan = planOf(membershipScenario, 1)
    const { violations } = await Run.of({ ...membershipScenario, program }, plan)
    expect(violations).toMatchObject([
      { checker: 'every process starts', text: 'a did not: Error: no more ports' },
    ])
  })

  test('is silent where all do', async () => {
    const { violations } = await Run.of(membershipScenario, planOf(membershipScenario, 1))
    expect(violations).toEqual([])
  })
})

describe('the removed stay away', () => {
  test('cries where a view has somebody again whom it saw removed', async () => {
    const script = oneAfterAnother('a', 'a.up b.down', 'a.up', 'a.up b.down')
    expect(await judge(removedStaysAway, script)).toEqual([
      `the removed stay away: a sees ${node('b').key} again, removed before`,
    ])
  })

  test('is silent where another life of that host joins', async () => {
    const script = oneAfterAnother('a', 'a.up b.down', 'a.up', 'a.up b#2.joining')
    const ending: Script = [
      ...script,
      [4_000, ({ world }) => world.crash('b')],
      [5_000, ({ world }) => world.start('b')],
    ]
    expect(await judge(removedStaysAway, ending)).toEqual([])
  })

  test('is silent where a view never had it removed', async () => {
    const script: Script = [
      ...oneAfterAnother('a', 'a.up b.down', 'a.up'),
      [3_000, shows('c', 'a.up b.down c.up')],
      [4_000, ({ world }) => world.crash('b')],
    ]
    expect(await judge(removedStaysAway, script)).toEqual([])
  })

  test('is silent where the tombstone had its time', async () => {
    const script: Script = [
      ...oneAfterAnother('a', 'a.up b.down', 'a.up'),
      [20_000, shows('a', 'a.up b.down')],
    ]
    const settings = { tombstoneTtlMs: 10_000 }
    expect(await judge(removedStaysAway, script, { settings })).toEqual([])
    expect(await judge(removedStaysAway, script)).toHaveLength(1)
  })

  test('cries where somebody who was removed runs on to the end', async () => {
    const script = oneAfterAnother('a', 'a.up b.down', 'a.up')
    expect(await judge(removedStaysAway, script)).toEqual([
      `the removed stay away: ${node('b').key} was removed, and still runs`,
    ])
  })

  test('cries where the removed count on, and is silent where they were only replaced', async () => {
    const two = stateOf('a.up b.down')
    const version = VectorClock.of([
      [node('a').key, 2],
      [node('b').key, 1],
    ])
    const removed = two.removeMembers([node('b')], 0, node('a')).with({ version })
    const replaced = stateOf('a.up b#2.up').with({ version })
    const ending: Script[number] = [3_000, ({ world }) => world.crash('b')]
    expect(await judge(removedStaysAway, [...oneAfterAnother('a', two, removed), ending])).toEqual([
      `the removed stay away: a heeds ${node('b').key}, which it has removed`,
    ])
    expect(await judge(removedStaysAway, [...oneAfterAnother('a', two, replaced), ending])).toEqual(
      [],
    )
  })

  test('is silent about a node whose view is empty once it is out', async () => {
    expect(await judge(removedStaysAway, oneAfterAnother('a', 'a.up b.up', ''))).toEqual([])
  })
})

describe('there is one cluster', () => {
  const named = (clusterId: string): ClusterState => stateOf('a.up').with({ clusterId })

  test('cries where two that run are of two clusters', async () => {
    const script: Script = [
      [1_000, shows('a', named('one'))],
      [2_000, shows('b', named('two'))],
    ]
    expect(await judge(oneCluster, script)).toEqual([
      'there is one cluster: b is in cluster two, a in one',
    ])
  })

  test('is silent about joiners, and about a cluster formed when the first had ended', async () => {
    const script: Script = [
      [1_000, shows('a', named('one'))],
      [1_500, shows('b', named(''))],
      [2_000, ({ world }) => world.crash('a')],
      [3_000, shows('b', named('two'))],
    ]
    expect(await judge(oneCluster, script)).toEqual([])
  })
})

describe('state is bounded', () => {
  const two = stateOf('a.up b.up')

  test.each<readonly [string, ClusterState, RegExp]>([
    [
      'tombstones of nobody',
      two.removeMembers([node('y'), node('z')], 0, node('a')),
      /a remembers 4 of 2 incarnations$/,
    ],
    [
      'an entry in the clock for whoever is gone',
      two.with({ version: VectorClock.of({ a: 1, b: 1, z: 1 }) }),
      /3 entries in the clock for 2$/,
    ],
    [
      'rows of observers that are gone',
      two.with({
        reachability: ['a', 'b', 'z'].reduce(
          (rows, observer) => rows.unreachable(node(observer).key, node('c').key),
          two.reachability,
        ),
      }),
      /3 rows of 2$/,
    ],
  ])('cries at %s', async (_what, state, complaint) => {
    expect((await judge(boundedState, oneAfterAnother('a', state)))[0]).toMatch(complaint)
  })

  test('is silent about tombstones of those who were members', async () => {
    const removed = two.removeMembers([node('b')], 0, node('a'))
    expect(removed.tombstones.size).toBe(1)
    expect(await judge(boundedState, oneAfterAnother('a', two, removed))).toEqual([])
  })

  function setsTimers(count: number): Script {
    const many = Array.from({ length: count }, (_, index) => index)
    return [
      [
        1_000,
        ({ world }) => {
          for (const _ of many) world.running('a')?.clock.schedule(3_600_000, () => {})
        },
      ],
    ]
  }

  test('cries at more timers than a node has a use for, and not at fewer', async () => {
    expect((await judge(boundedState, setsTimers(60)))[0]).toMatch(/a has 60 timers, more than 46$/)
    expect(await judge(boundedState, setsTimers(40))).toEqual([])
  })

  test('cries at more associations than there are others', async () => {
    const peers = ['b:1#1', 'b:1#2', 'c:1#1'].map((peer) => associationWith(peer))
    const has = (count: number): Script => [
      [1_000, (run) => (puppet(run, 'a').associations = peers.slice(0, count))],
    ]
    expect(await judge(boundedState, has(3))).toEqual([
      'state is bounded: a has 3 associations with 2 others',
    ])
    expect(await judge(boundedState, has(2))).toEqual([])
  })

  test('cries at timers that a process left behind', async () => {
    const exits = async (): Promise<readonly string[]> => {
      const script: Script = [
        ...setsTimers(1),
        [
          2_000,
          ({ world }) => {
            // What `exit` of its surroundings does for a program.
            const process = world.running('a')
            if (process !== undefined) process.leftTimers = process.clock.pendingTimers
            world.crash('a')
          },
        ],
      ]
      return await judge(boundedState, script)
    }
    expect(await exits()).toEqual(['state is bounded: a left 1 timers'])
  })
})

describe('the healthy are reachable', () => {
  const unreachable: Script[number] = [40_000, shows('a', 'a.up b.up c.up | a✗b c✗b')]
  const before: Script[number] = [1_000, shows('a', 'a.up b.up c.up')]
  const complaint = `the healthy are reachable: a finds ${node('b').key} unreachable, which ran and was connected`

  async function after(...disturbances: Script): Promise<readonly string[]> {
    return await judge(reachabilityIsFair, [before, ...disturbances, unreachable])
  }

  function cut(pairs: string, forMs = 60_000): (run: MembershipRun) => void {
    const fault: LinkFault = { type: 'cut', mode: 'silent' }
    return ({ world }) => {
      for (const [from = '', to = ''] of pairs.split(' ')) world.disturb({ from, to }, fault, forMs)
    }
  }

  test('cries where nothing was wrong', async () => {
    expect(await after()).toEqual([complaint])
  })

  test('cries once for a member that stays unreachable', async () => {
    const again: Script[number] = [50_000, shows('a', 'a.up b.up c.up d.joining | a✗b c✗b')]
    const result = await play([before, unreachable, again], {
      watch: (run) => [reachabilityIsFair(run)],
    })
    expect(result.violations.map(({ at }) => at)).toEqual([40_000])
  })

  test.each<readonly [string, Script[number]]>([
    ['one link to it was cut', [30_000, cut('ab')]],
    ['a link between others was cut', [30_000, cut('ac')]],
    ['its links were cut long ago', [2_000, cut('ab cb', 5_000)]],
    ['it merely stalled', [35_000, ({ world }) => world.stall('b', 2_000, 1)]],
    ['it stood still long ago', [2_000, ({ world }) => world.pause('b', 10_000)]],
    [
      'its links were slow',
      [
        30_000,
        ({ world }) => {
          for (const from of ['a', 'c']) {
            const fault: LinkFault = { type: 'delay', latencyMs: 200, jitterMs: 50 }
            world.disturb({ from, to: 'b' }, fault, 60_000)
          }
        },
      ],
    ],
  ])('cries where %s', async (_what, disturbance) => {
    expect(await after(disturbance)).toEqual([complaint])
  })

  test.each<readonly [string, Script[number]]>([
    ['it was cut off', [30_000, cut('ab cb')]],
    ['it was cut off one way', [30_000, cut('ba bc')]],
    ['the observer was cut off', [30_000, cut('ab ac')]],
    ['it stood still', [35_000, ({ world }) => world.pause('b', 3_000)]],
    ['its machine sleeps', [30_000, ({ world }) => world.pause('b', 60_000, { asleep: true })]],
    ['it was killed', [35_000, ({ world }) => world.crash('b')]],
    ['it lost its power', [35_000, ({ world }) => world.vanish('b')]],
    [
      'it is another life that runs there',
      [
        35_000,
        ({ world }) => {
          world.crash('b')
          world.start('b')
        },
      ],
    ],
  ])('is silent where %s', async (_what, disturbance) => {
    expect(await after(disturbance)).toEqual([])
  })
})

test('a puppet shows what it is told', async () => {
  let shown = ''
  await play([
    [1_000, shows('a', 'a.up b.up | a✗b')],
    [2_000, (run) => (shown = [...puppet(run, 'a').getState().unreachable].join())],
  ])
  expect(shown).toBe(node('b').key)
})
