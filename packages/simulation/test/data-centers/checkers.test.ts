// Each checker cries on a bad history, and is silent on the good one beside it. Of the hosts, a and c are
// in the east, b and d in the west.
import { describe, expect, test } from 'vitest'
import { dataCentersAgree } from '../../src/data-centers/healing.ts'
import { nobodyIsDownedAcross } from '../../src/data-centers/nobody-is-downed-across.ts'
import { nothingWaitsInside } from '../../src/data-centers/nothing-waits-inside.ts'
import type { MembershipRun } from '../../src/index.ts'
import { accusationsHaveReasons } from '../../src/membership/accusations-have-reasons.ts'
import { decisionsAreShared } from '../../src/membership/decisions-are-shared.ts'
import { forwardOnly } from '../../src/membership/forward-only.ts'
import { reachabilityIsFair } from '../../src/membership/reachability-is-fair.ts'
import { votesCount } from '../../src/membership/votes-count.ts'
import { leadersDecide } from '../../src/sbr/leaders-decide.ts'
import { quietPictures } from '../../src/sbr/quiet-pictures.ts'
import { oneSideSurvives } from '../../src/sbr/one-side-survives.ts'
import { unrestEnds } from '../../src/sbr/unrest-ends.ts'
import {
  complaints,
  judge,
  node,
  play,
  puppet,
  shows,
  type MembershipWatcher,
  type Script,
} from '../membership/puppets.ts'
import { rules } from '../sbr/rules.ts'

const members = 'a.up^1@east b.up^1@west c.up^2@east d.up^2@west'
const options = { hosts: 'a b c d', members, settings: { places: 'ew' } }

async function judged(
  checker: (run: MembershipRun) => MembershipWatcher,
  script: Script,
  more: Partial<typeof options> = {},
): Promise<readonly string[]> {
  return await judge(checker, script, { ...options, ...more })
}

function cut(pairs: string, forMs = 60_000): (run: MembershipRun) => void {
  return ({ world }) => {
    for (const [from = '', to = ''] of pairs.split(' '))
      world.disturb({ from, to }, { type: 'cut', mode: 'silent' }, forMs)
  }
}

describe('nobody is downed across', () => {
  const isDown = (host: string): string => members.replace(`${host}.up`, `${host}.down`)

  test('cries where a node is the first to show another data center one down', async () => {
    expect(await judged(nobodyIsDownedAcross, [[1_000, shows('a', isDown('b'))]])).toEqual([
      `nobody is downed across: a of another data center shows ${node('b').key} of west down`,
    ])
  })

  test('cries where a resolver decides against a member of another data center', async () => {
    expect(
      await judged(nobodyIsDownedAcross, [[1_000, rules('a', 'stable', 'c b', 'east')]]),
    ).toEqual([`nobody is downed across: a of east decides against ${node('b').key}`])
  })

  test.each<readonly [string, Script]>([
    ['its own data center shows it first', [[1_000, shows('c', isDown('a'))]]],
    [
      'its own data center showed it first',
      [
        [1_000, shows('d', isDown('b'))],
        [2_000, shows('a', isDown('b'))],
      ],
    ],
    [
      'its own decided on it, and on itself, so that it showed nothing',
      [
        [1_000, rules('d', 'stable', 'b d', 'west')],
        [1_000, (run) => puppet(run, 'd').exit('downed')],
        [2_000, shows('a', isDown('b'))],
      ],
    ],
    [
      'it was started again since',
      [
        [1_000, ({ world }) => world.crash('b')],
        [2_000, ({ world }) => world.start('b')],
        [3_000, shows('a', isDown('b'))],
      ],
    ],
  ])('is silent where %s', async (_what, script) => {
    expect(await judged(nobodyIsDownedAcross, script)).toEqual([])
  })
})

describe('nothing waits inside', () => {
  const allLines = 'ab ad cb cd'
  const joins = members.replace('c.up^2', 'c.weakly-up')
  const leaves = members.replace('c.up', 'c.leaving')
  const both = (state: string): Script => [
    [1_000, shows('a', state)],
    [1_000, shows('c', state)],
  ]

  test.each([
    ['joins', joins, 'weakly-up after 15500 ms'],
    ['leaves', leaves, 'leaving after 20500 ms'],
  ])('cries where somebody %s for too long, though all lines are cut', async (what, state, end) => {
    const [complaint] = await judged(nothingWaitsInside, [...both(state), [1_100, cut(allLines)]])
    expect(complaint).toContain(`nothing waits inside: c ${what}, and is ${end} of calm in east`)
  })

  test.each<readonly [string, Script]>([
    ['it gets there in time', [...both(joins), [14_000, shows('c', members)]]],
    ['a link inside is bad now and then', [...both(joins), ...every(10, cut('ac', 1_000))]],
    [
      'somebody inside stands still now and then',
      [...both(joins), ...every(10, ({ world }) => world.pause('a', 500))],
    ],
    ['somebody inside is unreachable', [...both(`${joins} | a✗c`)]],
    ['nobody inside is up', both(joins.replace('a.up', 'a.weakly-up'))],
    [
      'a former life is not gone yet',
      [
        ...both(joins),
        [1_500, ({ world }) => world.crash('c')],
        [2_000, ({ world }) => world.start('c')],
        [2_500, shows('c', '')],
      ],
    ],
  ])('is silent where %s', async (_what, script) => {
    expect(await judged(nothingWaitsInside, script)).toEqual([])
  })
})

/** Over and over, so many seconds apart. */
function every(seconds: number, what: (run: MembershipRun) => void): Script {
  return Array.from({ length: 60 / seconds }, (_, turn) => [turn * seconds * 1_000 + 1_200, what])
}

describe('data centers agree', () => {
  async function told(view: string): Promise<readonly string[]> {
    const result = await play([[1_000, shows('d', view)]], {
      ...options,
      chaosMs: 2_000,
      heal: (run) => [dataCentersAgree(run)],
    })
    return complaints(result)
  }

  test('is silent where they do', async () => {
    expect(await told(members)).toEqual([])
  })

  test.each([
    ['lacks members of another data center', 'b.up^1@west d.up^2@west', 'd knows nobody in east'],
    [
      'has one age twice in a data center',
      members.replace('c.up^2', 'c.up^1'),
      'd has ages 1 1 for 2 members of east',
    ],
    [
      'finds somebody unreachable',
      `${members} | b✗a d✗a`,
      `d finds ${node('a').key} of east unreachable`,
    ],
    [
      'takes another one for the leader',
      members.replace('a.up^1', 'a.up^3'),
      `a takes ${node('a').key} for the leader of east, d ${node('c').key}`,
    ],
  ])('cries where a view %s', async (_what, view, text) => {
    expect(await told(view)).toEqual([`data centers agree: not within 20000 ms: ${text}`])
  })
})

describe('with data centers, decisions wait for agreement', () => {
  const joining = 'a.up^1@east b.up^1@west c.joining@east d.up^2@west'
  const risen = joining.replace('c.joining', 'c.up^2')

  test('of one of them alone', async () => {
    const script: Script = [
      [1_000, shows('b', 'a.up^1@east b.up^1@west d.up^2@west')],
      [2_000, shows('a', `${joining} | a✗b`)],
      [3_000, shows('a', `${risen} | a✗b`)],
    ]
    expect(await judged(decisionsAreShared, script, { members: '' })).toEqual([])
  })

  test('of all of them where nobody has an age yet', async () => {
    const first = 'b.up^1@west c.joining@east d.up^2@west'
    const script: Script = [
      [1_000, shows('b', 'b.up^1@west d.up^2@west')],
      [2_000, shows('c', first)],
      [3_000, shows('c', first.replace('c.joining', 'c.up^1'))],
    ]
    const [complaint] = await judged(decisionsAreShared, script, { members: '' })
    expect(complaint).toMatch(/c makes c:1#1 up, which b:1#1 up knows nothing of$/)
  })
})

describe('with data centers, ages', () => {
  test('are compared within each: cries where two of one have the same', async () => {
    const twins = members.replace('c.up^2', 'c.up^1')
    const [complaint] = await judged(forwardOnly, [[1_000, shows('b', twins)]], { members: '' })
    expect(complaint).toMatch(/b sees c:1#1 and a:1#1 with one age, 1$/)
  })

  test('may be alike across', async () => {
    expect(await judged(forwardOnly, [[1_000, shows('a', members)]], { members: '' })).toEqual([])
  })
})

describe('with data centers, the healthy are reachable', () => {
  const across: Script[number] = [100_000, shows('a', `${members} | a✗b c✗b`)]
  const long = { ...options, chaosMs: 110_000 }

  test('cries where nothing was wrong with the lines', async () => {
    expect(await judged(reachabilityIsFair, [across], long)).toEqual([
      `the healthy are reachable: a finds ${node('b').key} unreachable, which ran and was connected`,
    ])
  })

  test('is silent where a line was cut', async () => {
    expect(await judged(reachabilityIsFair, [[90_000, cut('ab')], across], long)).toEqual([])
  })

  test('cries where only lines were cut, and somebody of the same data center is', async () => {
    const script: Script = [
      [90_000, cut('ab ad cb cd')],
      [100_000, shows('a', `${members} | a✗c`)],
    ]
    expect(await judged(reachabilityIsFair, script, long)).toHaveLength(1)
  })
})

describe('with data centers, accusations have reasons', () => {
  const accuses: Script[number] = [30_000, shows('a', `${members} | a✗b`)]

  test('that lie further back', async () => {
    const script: Script = [[1_000, cut('ab', 15_000)], accuses]
    expect(await judged(accusationsHaveReasons, script)).toEqual([])
  })

  test('or cries', async () => {
    expect(await judged(accusationsHaveReasons, [[1_000, cut('ab', 5_000)], accuses])).toEqual([
      `accusations have reasons: a accuses ${node('b').key}, which it could hear`,
    ])
  })
})

describe('with data centers, votes count', () => {
  const six = 'a.up^1@east c.up^2@east e.up^3@east b.up^1@west d.up^2@west f.up^3@west'
  const hosts = 'a b c d e f'
  const judgedAt = async (host: string, view: string): Promise<readonly string[]> =>
    await judged(votesCount, [[1_000, shows(host, `${six} | ${view}`)]], { hosts, members: '' })

  test.each([
    ['a', 'a✗b c✗b'], // By those who watch across.
    ['a', 'd✗b f✗b'], // By its own data center.
    ['b', 'd✗f b✗f'],
  ])('is silent at %s where %s', async (host, view) => {
    expect(await judgedAt(host, view)).toEqual([])
  })

  test('cries where votes of two data centers are added up', async () => {
    const script: Script = [
      [
        1_000,
        (run) => {
          puppet(run, 'a').show(`${six} | a✗b d✗b`)
          const state = puppet(run, 'a').getState()
          const wrong = new Proxy(state, {
            get: (target, name) =>
              name === 'unreachable'
                ? new Set([node('b').key])
                : (Reflect.get(target, name, target) as unknown),
          })
          puppet(run, 'a').showRaw(wrong)
        },
      ],
    ]
    expect(await judged(votesCount, script, { hosts, members: '' })).toEqual([
      `votes are of those who count: a finds ${node('b').key} unreachable by 1 votes of 2`,
    ])
  })
})

describe('with data centers, one side survives', () => {
  test('of each: cries about two of one, and is silent about two of different ones', async () => {
    const parted = (one: string, other: string): Script => [
      [1_000, shows(one, members.replace(`${other}.up`, `${other}.down`))],
      [2_000, shows(other, members.replace(`${one}.up`, `${one}.down`))],
    ]
    expect(await judged(oneSideSurvives, parted('a', 'c'))).toHaveLength(1)
    expect(await judged(oneSideSurvives, parted('a', 'b'))).toEqual([])
  })
})

describe('with data centers, a resolver', () => {
  test('is the leader of its own', async () => {
    expect(await judged(leadersDecide, [[1_000, rules('b', 'stable', '', 'west')]])).toEqual([])
    expect(await judged(leadersDecide, [[1_000, rules('d', 'stable', '', 'west')]])).toEqual([
      `leaders decide: ${node('d').key} decides, and ${node('b').key} leads its side`,
    ])
  })

  test('waits for quiet in its own alone', async () => {
    const script = (accused: string): Script => [
      [1_000, shows('a', `${members} | a✗c`)],
      [5_000, shows('a', `${accused} | a✗c`)],
      [6_500, rules('a', 'stable', '', 'east')],
    ]
    const across = members.replace('d.up', 'd.exiting')
    const inside = members.replace('c.up', 'c.exiting')
    expect(await judged(quietPictures, script(across))).toEqual([])
    expect(await judged(quietPictures, script(inside))).toHaveLength(1)
  })

  test('puts an end to unrest in its own alone', async () => {
    const inTurn = (view: string): Script =>
      Array.from({ length: 40 }, (_, second) => [
        (second + 1) * 1_000,
        shows('a', `${view}${second % 2 === 0 ? '' : ` ${lost(view)}`}`),
      ])
    const lost = (view: string): string => (view.includes('a✗e') ? 'a✗c e✗c' : 'a✗b c✗b')
    const six = `${members} e.up^3@east f.up^3@west`
    const more = { hosts: 'a b c d e f', members: six }
    expect(await judged(unrestEnds, inTurn(`${six} | a✗d c✗d`), more)).toEqual([])
    expect(await judged(unrestEnds, inTurn(`${six} | a✗e c✗e`), more)).toHaveLength(1)
  })
})
