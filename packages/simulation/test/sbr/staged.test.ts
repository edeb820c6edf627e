// When faults of several steps begin, and when they are given up: seen from outside, on hosts that show
// what they are told to.
import { describe, expect, test } from 'vitest'
import type { HealStage, MembershipRun } from '../../src/index.ts'
import { lookUntil } from '../../src/sbr/look-until.ts'
import { leaveStage, stage } from '../../src/sbr/staged.ts'
import { play, shows, type Script } from '../membership/puppets.ts'

const whole = 'a.up b.up c.up'
const chaosMs = 60_000

/** What looks on longer than the chaos lasts is seen to do so. */
const healingLasts = (run: MembershipRun): readonly HealStage[] => [
  {
    name: 'nothing is wrong',
    withinMs: 10_000,
    isDone: () => run.world.now >= chaosMs + 5_000,
    explain: () => '',
  },
]

/** When a script calls what it is given, by the time of the world. */
async function timesOf(
  script: (note: (run: MembershipRun) => void) => Script,
  members: string = whole,
): Promise<readonly number[]> {
  const times: number[] = []
  await play(
    script((run) => void times.push(run.world.now)),
    { members, chaosMs, heal: healingLasts },
  )
  return times
}

/** Looks from `at` on, every 100 ms, for what never comes. */
function looksInVain(
  at: number,
  givesUpAt: number,
  note: (run: MembershipRun) => void,
): Script[number] {
  return [
    at,
    (run) =>
      lookUntil(run, givesUpAt, 100, () => {
        note(run)
        return false
      }),
  ]
}

describe('looking for a moment', () => {
  test('begins at once, and goes on every so often until it has come', async () => {
    const looks = await timesOf((note) => [
      [
        1_000,
        (run) =>
          lookUntil(run, 50_000, 100, () => {
            note(run)
            return run.world.now >= 1_250
          }),
      ],
    ])
    expect(looks).toEqual([1_000, 1_100, 1_200, 1_300])
  })

  test('ends at its time, that very moment included', async () => {
    const looks = await timesOf((note) => [looksInVain(1_000, 1_200, note)])
    expect(looks).toEqual([1_000, 1_100, 1_200])
  })

  test('ends with the chaos', async () => {
    const at = chaosMs - 250
    const looks = await timesOf((note) => [looksInVain(at, Infinity, note)])
    expect(looks).toEqual([at, at + 100, at + 200])
  })

  test('ends with a run in which something was found to be wrong', async () => {
    const looks = await timesOf((note) => [
      looksInVain(1_000, Infinity, note),
      [1_150, (run) => run.violate('a checker', 'is not pleased')],
    ])
    expect(looks).toEqual([1_000, 1_100])
  })
})

describe('a stage', () => {
  test('begins at once where all hosts are up and agree', async () => {
    const began = await timesOf((note) => [[1_000, (run) => stage(run, 5_000, () => note(run))]])
    expect(began).toEqual([1_000])
  })

  test('waits for those who do not agree yet', async () => {
    const began = await timesOf((note) => [
      [1_000, shows('b', 'a.up b.leaving c.up')],
      [2_000, (run) => stage(run, 5_000, () => note(run))],
      [9_050, shows('b', whole)],
    ])
    expect(began).toEqual([9_100])
  })

  test('starts whoever does not run, and waits until it is up', async () => {
    const lives: unknown[] = []
    const again = 'a.up b#2.up c.up'
    const began = await timesOf((note) => [
      [1_000, (run) => run.world.crash('b')],
      [2_000, (run) => stage(run, 5_000, () => note(run))],
      [3_050, (run) => void lives.push(run.world.running('b')?.life)],
      ...['a', 'b', 'c'].map((host) => [4_050, shows(host, again)] as const),
    ])
    expect({ lives, began }).toEqual({ lives: [1], began: [4_100] })
  })

  test('never begins where the cluster is not whole within 25 s', async () => {
    const began = await timesOf((note) => [
      [1_000, shows('b', 'a.up b.leaving c.up')],
      [2_000, (run) => stage(run, 5_000, () => note(run))],
      [27_050, shows('b', whole)],
    ])
    expect(began).toEqual([])
  })

  test('lets no other one begin for as long as it says', async () => {
    const began = await timesOf((note) => [
      [1_000, (run) => stage(run, 5_000, () => note(run))],
      [1_000, (run) => stage(run, 5_000, () => note(run))],
      [2_000, (run) => stage(run, 5_000, () => note(run))],
    ])
    expect(began).toEqual([1_000, 6_000, 11_000])
  })

  test('starts nobody while another one lasts', async () => {
    const running: boolean[] = []
    await timesOf(() => [
      [1_000, (run) => stage(run, 5_000, () => run.world.crash('b'))],
      [2_000, (run) => stage(run, 5_000, () => {})],
      ...[5_900, 6_100].map(
        (at) => [at, (run: MembershipRun) => void running.push(!!run.world.running('b'))] as const,
      ),
    ])
    expect(running).toEqual([false, true])
  })

  test('that is left lets the next one begin', async () => {
    const began = await timesOf((note) => [
      [1_000, (run) => stage(run, 5_000, () => note(run))],
      [2_000, (run) => stage(run, 5_000, () => note(run))],
      [3_050, leaveStage],
    ])
    expect(began).toEqual([1_000, 3_100])
  })

  test('of one run is not in the way of another run', async () => {
    const script = (note: (run: MembershipRun) => void): Script => [
      [1_000, (run) => stage(run, Infinity, () => note(run))],
    ]
    expect([await timesOf(script), await timesOf(script)]).toEqual([[1_000], [1_000]])
  })
})
