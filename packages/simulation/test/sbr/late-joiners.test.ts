// A cut before those who join a side have done so: what the other side knows of them.
import { describe, expect, test } from 'vitest'
import { cutsAt, cutsBetween, listOf, notesOf, notesThat, shownBefore } from './moments.ts'
import { settledAtMs, sides, story, type Told } from './story.ts'

async function splitBeforeJoining(
  hosts: string,
  late: string,
  split: string,
  { afterMs = 3_000, seed = 1, forMs = 40_000 } = {},
): Promise<Told> {
  const parameters = {
    late: listOf(late),
    sides: sides(split),
    afterMs,
    mode: 'silent',
    forMs: 20_000,
  }
  return await story(hosts, { seed, actions: [[0, 'split-before-joining', parameters]], forMs })
}

function startOf(told: Told, host: string): number {
  const start = notesOf(told).find(
    (note) => note.host === host && note.kind === 'process' && note.text === 'starts, life 2',
  )
  return start?.at ?? Infinity
}

describe('a split before joining', () => {
  test.each([
    [1, 'd'],
    [2, 'd'],
    [3, 'd'],
    [1, 'd e'],
    [2, 'd e'],
  ])(
    'cuts when those who are late are gone, and known to nobody (seed %i, %s)',
    async (seed, late) => {
      const told = await splitBeforeJoining('a b c d e f', late, 'a d e | b c f', { seed })
      const [cut] = notesThat(told, 'cut ')
      if (cut === undefined) throw new Error('there was no cut')
      const rest = ['a', 'b', 'c', 'd', 'e', 'f'].filter((host) => !late.includes(host))
      const shown = shownBefore(told, cut)
      expect([...shown.keys()].toSorted()).toEqual(rest)
      const whole = rest.map((host) => `${host}#0000:up`).join(' ')
      expect(new Set(shown.values())).toEqual(new Set([whole]))
      expect(cutsAt(told, cut)).toEqual(cutsBetween('a d e | b c f'))
      expect(told.complaints).toEqual([])
    },
  )

  test.each([0, 3_000, 7_000])('has them start %i ms after that', async (afterMs) => {
    const told = await splitBeforeJoining('a b c d e', 'd', 'a d | b c e', { afterMs })
    const [cut] = notesThat(told, 'cut ')
    expect(startOf(told, 'd')).toBe((cut?.at ?? 0) + afterMs)
  })

  test('makes them members to their side alone, while the other one decides without them', async () => {
    const told = await splitBeforeJoining('a b c d e', 'd', 'a d | b c e')
    const [cut] = notesThat(told, 'cut ')
    const states = notesOf(told).filter(
      ({ kind, at }) => kind === 'state' && at > (cut?.at ?? 0) && at < (cut?.at ?? 0) + 10_000,
    )
    const knowing = states.filter(({ text }) => /\bd#/.test(text)).map(({ host }) => host)
    expect(new Set(knowing)).toEqual(new Set(['a', 'd']))
    expect(told.decided).toContainEqual(
      expect.stringMatching(/^b: stable: .* counts 3 members and the other side 1/),
    )
  })

  test('is no split where whoever is late does not get removed within 20 s', async () => {
    const parameters = {
      late: [' d'],
      sides: sides('a d | b c e'),
      afterMs: 0,
      mode: 'silent',
      forMs: 20_000,
    }
    const told = await story('a b c d e', {
      settings: { stableAfterMs: 25_000 },
      actions: [[0, 'split-before-joining', parameters]],
      forMs: 40_000,
    })
    expect(notesThat(told, 'cut ')).toEqual([])
    expect(
      notesOf(told).some(({ at, text }) => at === settledAtMs && text.startsWith('crashed')),
    ).toBe(true)
  })
})
