// Cuts at the moment when one alone knows: what everybody showed right before.
import { describe, expect, test } from 'vitest'
import {
  cutsAt,
  cutsBetween,
  listOf,
  notesOf,
  notesThat,
  shownBefore,
  statusesOf,
} from './moments.ts'
import { settledAtMs, story, type Told } from './story.ts'

const first = 'is the first to know of'

interface Moves {
  readonly joiners?: string
  readonly leavers?: string
  readonly share?: number
  readonly hosts?: string
  readonly seed?: number
  readonly settings?: Readonly<Record<string, string>>
}

async function splitAs(type: string, moves: Moves): Promise<Told> {
  const { joiners = '', leavers = '', share = 0.5, hosts = 'a b c d e', ...options } = moves
  const parameters = {
    joiners: listOf(joiners),
    leavers: listOf(leavers),
    share,
    mode: 'silent',
    forMs: 20_000,
  }
  return await story(hosts, { actions: [[0, type, parameters]], forMs: 50_000, ...options })
}

/** Who knows of each who moves when it strikes: the status that each host shows. */
function strikeOf(told: Told): {
  readonly knower: string
  readonly statusesOf: (mover: string) => Readonly<Record<string, string>>
  readonly cuts: ReadonlySet<string>
} {
  const [note, ...others] = notesThat(told, first)
  if (note === undefined || others.length > 0) throw new Error(`${others.length + 1} strikes`)
  const shown = shownBefore(told, note)
  return {
    knower: note.host,
    statusesOf: (mover) => statusesOf(shown, mover),
    cuts: cutsAt(told, note),
  }
}

describe('a split as one moves', () => {
  test.each([1, 2, 3])(
    'strikes when its leader alone shows that a joiner is up (seed %i)',
    async (seed) => {
      const told = await splitAs('split-as-one-moves', { joiners: 'd', seed })
      const strike = strikeOf(told)
      expect(told.complaints).toEqual([])
      expect(strike.knower).toBe('a')
      const statuses = { a: 'up', b: 'joining', c: 'joining', d: 'joining', e: 'joining' }
      expect(strike.statusesOf('d')).toEqual(statuses)
    },
  )

  test.each([1, 2, 3])(
    'strikes when its leader alone shows that two joiners are up (seed %i)',
    async (seed) => {
      const strike = strikeOf(await splitAs('split-as-one-moves', { joiners: 'd e', seed }))
      const statuses = { a: 'up', b: 'joining', c: 'joining', d: 'joining', e: 'joining' }
      expect(strike.statusesOf('d')).toEqual(statuses)
      expect(strike.statusesOf('e')).toEqual(statuses)
    },
  )

  test.each([1, 2, 3])(
    'strikes when its leader alone shows that somebody is exiting (seed %i)',
    async (seed) => {
      const strike = strikeOf(await splitAs('split-as-one-moves', { leavers: 'c', seed }))
      const statuses = { a: 'exiting', b: 'leaving', c: 'leaving', d: 'leaving', e: 'leaving' }
      expect(strike.statusesOf('c')).toEqual(statuses)
    },
  )

  test.each([
    // So many are with the one who knows that it has no more than half by what the others know.
    ['a d e | b c', { joiners: 'd' }],
    ['a d e | b c', { joiners: 'd e' }],
    ['a e | b c d', { leavers: 'c' }],
    ['a d | b c e', { joiners: 'd', share: 0 }],
    ['a b c d e', { joiners: 'd', share: 0.99 }],
    ['a d f g | b c e', { joiners: 'd', hosts: 'a b c d e f g' }],
  ])('cuts %s, for %j', async (sides, moves) => {
    const { cuts } = strikeOf(await splitAs('split-as-one-moves', moves))
    expect(cuts).toEqual(cutsBetween(sides))
  })

  test.each([1, 2, 3])(
    'tries again with another leader where its leader is the one who leaves (seed %i)',
    async (seed) => {
      const told = await splitAs('split-as-one-moves', { leavers: 'a', seed })
      const strike = strikeOf(told)
      expect(notesThat(told, 'leave()').length).toBeGreaterThan(1)
      expect(strike.knower).not.toBe('a')
      const { [strike.knower]: known, ...others } = strike.statusesOf('a')
      expect(known).toBe('exiting')
      expect(new Set(Object.values(others))).toEqual(new Set(['leaving']))
    },
  )

  test('gives up where whoever leaves leads whenever it is there', async () => {
    const settings = { leaderOrder: 'address' }
    const told = await splitAs('split-as-one-moves', { leavers: 'a', settings })
    expect(notesThat(told, 'leave()')).toHaveLength(5)
    expect(notesThat(told, 'cut ')).toEqual([])
    expect(told.complaints).toEqual([])
  })
})

describe('a split as two move', () => {
  test.each([1, 2, 3])(
    'strikes when its leader alone shows both, decided in one step (seed %i)',
    async (seed) => {
      const told = await splitAs('split-as-two-move', { joiners: 'd', leavers: 'c', seed })
      const strike = strikeOf(told)
      expect(strike.statusesOf('d')).toEqual({
        a: 'up',
        b: 'joining',
        c: 'joining',
        d: 'joining',
        e: 'joining',
      })
      expect(strike.statusesOf('c')).toEqual({
        a: 'exiting',
        b: 'leaving',
        c: 'leaving',
        d: 'leaving',
        e: 'leaving',
      })
    },
  )

  test('has somebody who looks on stand still, until joiners know who leaves', async () => {
    const told = await splitAs('split-as-two-move', { joiners: 'd', leavers: 'c' })
    const strike = notesThat(told, first)[0]?.at ?? 0
    const still = notesOf(told).filter(
      ({ at, kind, text }) => kind === 'process' && at < strike && /^(stands|goes)/.test(text),
    )
    expect(still.map(({ at, host, text }) => `${at - settledAtMs} ${host} ${text}`)).toEqual([
      '0 b stands still',
      '400 b goes on, timers-first',
    ])
    expect(strike).toBeGreaterThanOrEqual(settledAtMs + 400)
  })
})
