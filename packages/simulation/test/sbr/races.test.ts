// A cut next to something else that happens to members: what is done, to whom, and when.
import { describe, expect, test } from 'vitest'
import type { Parameters } from '../../src/index.ts'
import { cutsAt, cutsBetween, notesOf, notesThat } from './moments.ts'
import { settledAtMs, sides, story, type Told } from './story.ts'

const split = 'a b | c d e'
const cuts = cutsBetween(split)

async function race(type: string, parameters: Parameters, forMs: number = 15_000): Promise<Told> {
  const drawn = { sides: sides(split), mode: 'silent', forMs: 10_000, ...parameters }
  return await story('a b c d e', { actions: [[0, type, drawn]], forMs })
}

/** `500 b crash`: what was done besides the cut, in milliseconds from when all were settled. */
function doneTo(told: Told, ...begins: readonly string[]): readonly string[] {
  return begins
    .flatMap((text) => notesThat(told, text).map((note) => ({ ...note, text })))
    .map(({ at, host, text }) => `${at - settledAtMs} ${host} ${text}`)
}

/** When the links between the sides were cut: all at once, and no others. */
function cutAt(told: Told): number | undefined {
  const all = notesThat(told, 'cut ')
  const [first] = all
  if (first === undefined) return undefined
  expect(cutsAt(told, first)).toEqual(cuts)
  expect(all).toHaveLength(cuts.size)
  return first.at - settledAtMs
}

function processNotes(told: Told, host: string): readonly string[] {
  return notesOf(told)
    .filter((note) => note.host === host && note.kind === 'process' && note.at >= settledAtMs)
    .map(({ at, text }) => `${at - settledAtMs} ${text}`)
}

describe('a split', () => {
  test('amid joining comes so long after its racers were started anew', async () => {
    const told = await race('split-amid-joining', { racers: [' b', ' d'], leadMs: 500 })
    expect(doneTo(told, 'crash, and up again')).toEqual([
      '0 b crash, and up again',
      '0 d crash, and up again',
    ])
    expect(processNotes(told, 'd').slice(0, 2)).toEqual(['0 crashed: killed', '0 starts, life 2'])
    expect(cutAt(told)).toBe(500)
  })

  test('amid leaving comes so long after its racers began to leave', async () => {
    const told = await race('split-amid-leaving', { racers: [' b', ' d'], leadMs: 150 })
    expect(doneTo(told, 'leave()')).toEqual(['0 b leave()', '0 d leave()'])
    expect(cutAt(told)).toBe(150)
  })

  test('amid dying finds some of its racers dead for so long, and others die at it', async () => {
    const told = await race('split-amid-dying', { racers: [' b', ' c'], leadMs: 4_000 })
    expect(doneTo(told, 'crash').toSorted()).toEqual(['0 c crash', '4000 b crash'])
    expect(processNotes(told, 'b')[0]).toBe('4000 crashed: killed')
    expect(cutAt(told)).toBe(4_000)
  })

  test('amid dying spares the last one who runs', async () => {
    const drawn = { racers: [' a', ' b'], leadMs: 1_000, sides: sides('a | b'), mode: 'silent' }
    const told = await story('a b', {
      actions: [[0, 'split-amid-dying', { ...drawn, forMs: 5_000 }]],
      forMs: 3_000,
    })
    expect(doneTo(told, 'crash')).toEqual(['0 a crash'])
  })

  test('amid freezing comes so long before somebody stands still', async () => {
    const frozen = { frozen: [' b', ' c'], afterMs: 4_000, frozenMs: 3_000 }
    const told = await race('split-amid-freezing', frozen)
    expect(cutAt(told)).toBe(0)
    for (const host of ['b', 'c']) {
      expect(processNotes(told, host).slice(0, 2)).toEqual([
        '4000 stands still',
        '7000 goes on, timers-first',
      ])
    }
  })

  test.each(['split-amid-joining', 'split-amid-leaving', 'split-amid-dying'])(
    'does not come after the chaos (%s)',
    async (type) => {
      const told = await race(type, { racers: [' c', ' d'], leadMs: 150 }, 100)
      expect(told.result.performed.get(type)).toBe(1)
      expect(told.result.virtualMs).toBeGreaterThan(settledAtMs + 150)
      expect(cutAt(told)).toBe(undefined)
      expect(notesThat(told, 'crash').every(({ at }) => at === settledAtMs)).toBe(true)
    },
  )
})

describe('a rolling restart', () => {
  const roll = async (gracefully: boolean, forMs: number): Promise<Told> =>
    await race('rolling-restart', { everyMs: 3_000, gracefully }, forMs)

  test('has one host after the other leave, and start when the next one leaves', async () => {
    const told = await roll(true, 20_000)
    expect(doneTo(told, 'leave()')).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((host, index) => `${index * 3_000} ${host} leave()`),
    )
    expect(processNotes(told, 'b')).toEqual([
      expect.stringMatching(/^3\d{3}(\.\d+)? exited: left$/),
      '6000 starts, life 2',
    ])
    expect(told.complaints).toEqual([])
  })

  test('not in good order crashes one after the other, each up again at once', async () => {
    const told = await roll(false, 20_000)
    expect(doneTo(told, 'crash, and up again')).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map(
        (host, index) => `${index * 3_000} ${host} crash, and up again`,
      ),
    )
    expect(processNotes(told, 'b')).toEqual(['3000 crashed: killed', '3000 starts, life 2'])
  })

  test.each([true, false])('stops with the chaos (in good order: %s)', async (gracefully) => {
    const told = await roll(gracefully, 7_000)
    const text = gracefully ? 'leave()' : 'crash, and up again'
    expect(doneTo(told, text)).toHaveLength(3)
  })
})
