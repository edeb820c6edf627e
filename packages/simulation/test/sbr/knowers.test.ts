// Who knows of a move, when a split as news spreads is to strike: on hosts that show what they are told
// to, also what hardly ever comes about.
import { describe, expect, test } from 'vitest'
import { splitBrainScenario, type MembershipRun, type NoteEvent } from '../../src/index.ts'
import { play, shows, type Script } from '../membership/puppets.ts'
import { listOf } from './moments.ts'

const hosts = ['a', 'b', 'c', 'd', 'e']
const whole = 'a.up b.up c.up d.up e.up'
const movesAt = 1_000
const movedAt = 2_000

function split(type: string, joiners: string, leavers: string): (run: MembershipRun) => void {
  const action = splitBrainScenario.actions.find((known) => known.type === type)
  const drawn = { joiners: listOf(joiners), leavers: listOf(leavers), share: 0.5, mode: 'silent' }
  return (run) => action?.perform(run, { ...drawn, forMs: 20_000 })
}

/** By the time given, and not before the last look for it: these come every millisecond. */
function allShow(at: number, state: string, who: readonly string[] = hosts): Script {
  return who.map((host) => [at - 0.5, shows(host, state)] as const)
}

/** Who strikes, and when: in milliseconds from when something has become known. */
async function strikes(script: Script): Promise<readonly string[]> {
  const { lastEvents } = await play(script, { hosts: hosts.join(' '), members: whole })
  const notes = [...lastEvents.values()]
    .flat()
    .filter((event): event is NoteEvent => event.type === 'note')
  return notes
    .filter(({ text }) => text.startsWith('is the first to know'))
    .map(({ at, host, text }) => `${at - movedAt} ${host} ${text}`)
}

describe('of one who joins', () => {
  const joining = 'a.up b.up c.up d#2.joining e.up'
  const joined = 'a.up b.up c.up d#2.up e.up'
  const begin: Script = [
    [movesAt, split('split-as-one-moves', 'd', '')],
    ...allShow(movesAt + 100, joining),
  ]

  test('one host alone knows, and is the one who strikes', async () => {
    const told = await strikes([...begin, ...allShow(movedAt, joined, ['c'])])
    expect(told).toEqual(['0 c is the first to know of d'])
  })

  test.each([
    ['a', 'b'],
    ['a', 'd'],
    ['d', 'a'],
  ])('%s and %s know, so that nobody strikes', async (one, other) => {
    expect(await strikes([...begin, ...allShow(movedAt, joined, [one, other])])).toEqual([])
  })

  test('nobody knows who knew its former life', async () => {
    const told = await strikes([
      [movesAt, split('split-as-one-moves', 'd', '')],
      ...allShow(movesAt + 100, joining, ['c', 'd']),
    ])
    expect(told).toEqual([])
  })

  test('all know soon, so that it strikes when it moves once more', async () => {
    const told = await strikes([
      ...begin,
      ...allShow(movedAt, joined, ['a', 'b']),
      ...allShow(movedAt + 500, joined),
      ...allShow(movedAt + 1_000, 'a.up b.up c.up d#3.joining e.up'),
      ...allShow(movedAt + 1_500, 'a.up b.up c.up d#3.up e.up', ['b']),
    ])
    expect(told).toEqual(['1500 b is the first to know of d'])
  })

  test('nobody knows within 4 s, so that nobody strikes', async () => {
    const told = await strikes([...begin, ...allShow(movesAt + 4_050, joined, ['a'])])
    expect(told).toEqual([])
  })
})

describe('of one who joins and one who leaves', () => {
  const begin: Script = [
    [movesAt, split('split-as-two-move', 'd', 'c')],
    ...allShow(movesAt + 100, 'a.up b.up c.leaving d#2.joining e.up'),
  ]

  test('one host knows all', async () => {
    const told = await strikes([
      ...begin,
      ...allShow(movedAt, 'a.up b.up c.exiting d#2.up e.up', ['a']),
    ])
    expect(told).toEqual(['0 a is the first to know of d, c'])
  })

  test.each([
    ['a.up b.up c.exiting d#2.joining e.up', 'of the one who leaves'],
    ['a.up b.up c.leaving d#2.up e.up', 'of the one who joins'],
  ])('one host knows %s, %s alone, so that nobody strikes', async (state) => {
    expect(await strikes([...begin, ...allShow(movedAt, state, ['a'])])).toEqual([])
  })

  test('each is known to another one, so that nobody strikes', async () => {
    const told = await strikes([
      ...begin,
      ...allShow(movedAt, 'a.up b.up c.exiting d#2.joining e.up', ['a']),
      ...allShow(movedAt, 'a.up b.up c.leaving d#2.up e.up', ['b']),
    ])
    expect(told).toEqual([])
  })

  test('the one who leaves knows alone, so that nobody strikes', async () => {
    const told = await strikes([
      ...begin,
      ...allShow(movedAt, 'a.up b.up c.exiting d#2.up e.up', ['c']),
    ])
    expect(told).toEqual([])
  })
})
