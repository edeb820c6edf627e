// Whoever is to decide is stopped right before: beside the same run in which nobody is.
import { describe, expect, test } from 'vitest'
import { cutsBetween, decidedAt, listOf, notesOf, notesThat } from './moments.ts'
import { settledAtMs, sides, story, type Told } from './story.ts'

const lookEveryMs = 50

interface Standstill {
  readonly type?: 'stop-deciders' | 'stop-deciders-amid-news'
  readonly hosts?: string
  readonly split?: string
  readonly bridges?: string
  readonly beforeMs: number
  readonly frozenMs?: number
  readonly seed?: number
  readonly forMs?: number
}

async function stopDeciders(standstill: Standstill): Promise<Told> {
  const { type = 'stop-deciders', split = 'a b | c d e', hosts = 'a b c d e' } = standstill
  const { bridges = '', beforeMs, frozenMs = 4_500, seed = 1, forMs = 20_000 } = standstill
  const parameters = {
    sides: sides(split).toSorted((left, right) => (left.slice(1) < right.slice(1) ? -1 : 1)),
    bridges: listOf(bridges),
    beforeMs,
    frozenMs,
    mode: 'silent',
    forMs: 30_000,
    order: 'sockets-first',
  }
  return await story(hosts, { seed, actions: [[0, type, parameters]], forMs })
}

/** Nobody decides in less than no time. */
async function stopNobody(standstill: Omit<Standstill, 'beforeMs'>): Promise<Told> {
  return await stopDeciders({ ...standstill, beforeMs: -1 })
}

function pausesOf(told: Told): readonly (readonly [host: string, at: number])[] {
  return notesThat(told, 'is to decide').map(({ host, at }) => [host, at])
}

describe('stopping deciders', () => {
  // Over before somebody else is to decide in the place of those who stand still.
  test.each([
    [1, 100],
    [1, 700],
    [1, 1_500],
    [2, 400],
    [3, 200],
  ])(
    'stops the one of each side who would decide, before it does (seed %i, %i ms)',
    async (seed, beforeMs) => {
      const spared = await stopNobody({ seed })
      const stopped = await stopDeciders({ seed, beforeMs, forMs: 11_000 })
      const pauses = new Map(pausesOf(stopped))
      expect(new Set(pauses.keys())).toEqual(new Set(['a', 'c']))
      for (const [host, at] of pauses) {
        const earlyMs = decidedAt(spared, host) - at
        expect(earlyMs).toBeLessThanOrEqual(beforeMs)
        expect(earlyMs).toBeGreaterThan(beforeMs - lookEveryMs)
        expect(decidedAt(stopped, host)).toBeGreaterThan(at)
      }
    },
  )

  test('stops nobody where nobody is to decide', async () => {
    const told = await stopDeciders({ beforeMs: 1_500, split: 'a b c d e', forMs: 30_000 })
    expect(pausesOf(told)).toEqual([])
    expect(told).toMatchObject({ complaints: [], left: 'a b c d e', decided: [] })
  })

  test.each([3_100, 4_500, 12_000])('lets it stand still for %i ms', async (frozenMs) => {
    const told = await stopDeciders({ beforeMs: 300, frozenMs, forMs: 30_000 })
    const [pause] = notesThat(told, 'is to decide')
    if (pause === undefined) throw new Error('nobody was stopped')
    const whileStill = notesOf(told).filter(
      ({ host, at }) => host === pause.host && at >= pause.at && at < pause.at + frozenMs,
    )
    const own = whileStill.filter(({ kind }) => kind !== 'fault')
    expect(own.map(({ text }) => text)).toEqual(['stands still'])
    const on = notesOf(told).find(
      ({ host, at, kind }) => host === pause.host && kind === 'process' && at > pause.at,
    )
    expect(on).toMatchObject({ at: pause.at + frozenMs, text: 'goes on, sockets-first' })
  })

  test('stops each process once, and whoever is to decide instead as well', async () => {
    const told = await stopDeciders({ beforeMs: 1_000, forMs: 30_000 })
    const hosts = pausesOf(told).map(([host]) => host)
    expect(hosts).toContain('d')
    expect(new Set(hosts).size).toBe(hosts.length)
    expect(told.complaints).toEqual([])
  })
})

describe('stopping deciders amid news', () => {
  const apart = {
    type: 'stop-deciders-amid-news',
    hosts: 'a b c d e f g h i',
    split: 'a b c d e g h i | f',
    bridges: 'i',
  } as const

  test('cuts no link of the one who bridges the sides', async () => {
    const told = await stopDeciders({ ...apart, beforeMs: 150, forMs: 100 })
    const cuts = notesThat(told, 'cut ').map(
      ({ host, text }) => host + (/ to (\w+) /.exec(text)?.[1] ?? ''),
    )
    expect(new Set(cuts)).toEqual(cutsBetween('a b c d e g h | f'))
    expect(notesThat(told, 'cut ').every(({ at }) => at === settledAtMs)).toBe(true)
  })

  test('stops the one who would decide, while the others hear of those whom they have lost', async () => {
    const spared = await stopNobody(apart)
    const stopped = await stopDeciders({ ...apart, beforeMs: 150, frozenMs: 6_000 })
    const [pause] = pausesOf(stopped)
    const earlyMs = decidedAt(spared, 'a') - (pause?.[1] ?? 0)
    expect(pause?.[0]).toBe('a')
    expect(earlyMs).toBeLessThanOrEqual(150)
    expect(earlyMs).toBeGreaterThan(150 - lookEveryMs)
    expect(stopped.complaints).toEqual([])
  })

  test('never stops the one who bridges the sides, though it is the one to decide', async () => {
    const bridged = { ...apart, split: 'a b c d | e f g h i', bridges: 'b' }
    const told = await stopDeciders({ ...bridged, beforeMs: 250 })
    expect(decidedAt(told, 'b')).toBeLessThan(Infinity)
    expect(pausesOf(told).map(([host]) => host)).not.toContain('b')
  })

  test('comes to nothing in a cluster of five, in which nobody is cut off from most', async () => {
    const five = { ...apart, hosts: 'a b c d e', split: 'a b | c d e', bridges: 'b' }
    const told = await stopDeciders({ ...five, beforeMs: 250, forMs: 28_000 })
    expect(told).toMatchObject({ complaints: [], left: 'a b c d e', decided: [] })
    expect(pausesOf(told)).toEqual([])
  })
})
