// Laws of what is drawn for each fault about who knows what: over many seeds, and clusters of every size.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forkRandom, hostName, splitBrainScenario, type Parameters } from '../../src/index.ts'

type Bounds = Readonly<Record<string, readonly [least: number, most: number]>>

/** The numbers that each fault draws. */
const bounds: Readonly<Record<string, Bounds>> = {
  'split-as-one-moves': { share: [0, 1], forMs: [12_000, 25_000] },
  'split-as-two-move': { share: [0, 1], forMs: [12_000, 25_000] },
  'split-before-joining': { afterMs: [0, 7_000], forMs: [12_000, 25_000] },
  'stop-deciders': { beforeMs: [100, 1_500], frozenMs: [3_100, 12_000], forMs: [20_000, 35_000] },
  'stop-deciders-amid-news': {
    beforeMs: [100, 250],
    frozenMs: [5_000, 9_000],
    forMs: [20_000, 35_000],
  },
  'split-amid-joining': { leadMs: [20, 3_000], forMs: [3_000, 45_000] },
  'split-amid-leaving': { leadMs: [20, 3_000], forMs: [3_000, 45_000] },
  'split-amid-dying': { leadMs: [0, 12_000], forMs: [3_000, 45_000] },
  'split-amid-freezing': {
    afterMs: [3_000, 12_000],
    frozenMs: [3_000, 20_000],
    forMs: [5_000, 30_000],
  },
  'rolling-restart': { everyMs: [1_000, 8_000] },
}

const faults = Object.keys(bounds)
const news = ['split-as-one-moves', 'split-as-two-move']
const sided = faults.filter((type) => ![...news, 'rolling-restart'].includes(type))
const races = ['split-amid-joining', 'split-amid-leaving', 'split-amid-dying']

/** Draws of a fault in clusters of three hosts and more. */
function everyDraw(
  type: string,
  holds: (drawn: Parameters, hosts: readonly string[], seed: number) => void,
): void {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 3, max: 30 }), (seed, size) => {
      const hosts = Array.from({ length: size }, (_, index) => hostName(index))
      holds(draw(type, seed, hosts), hosts, seed)
    }),
    { seed: Number(process.env['CASTY_SEED'] ?? 1), numRuns: 300 },
  )
}

function draw(type: string, seed: number, hosts: readonly string[]): Parameters {
  const action = splitBrainScenario.actions.find((known) => known.type === type)
  if (action === undefined) throw new Error(`no action ${type}`)
  return action.draw(forkRandom(seed, type), hosts)
}

/** Hosts that are listed, with the sign before each. */
function listed(drawn: Parameters, name: string): readonly string[] {
  const value = drawn[name]
  if (!Array.isArray(value)) throw new Error(`${name} is no list`)
  return value.map(String)
}

function hostsOf(drawn: Parameters, name: string): readonly string[] {
  return listed(drawn, name).map((text) => text.slice(1))
}

function expectSome(some: readonly string[], hosts: readonly string[], most: number): void {
  expect(new Set(some).size).toBe(some.length)
  expect(hosts).toEqual(expect.arrayContaining([...some]))
  expect(some.length).toBeGreaterThanOrEqual(1)
  expect(some.length).toBeLessThanOrEqual(most)
}

test.each(faults)('%s draws the same of the same seed', (type) => {
  everyDraw(type, (drawn, hosts, seed) => expect(draw(type, seed, hosts)).toEqual(drawn))
})

test.each(faults)('%s draws numbers within their bounds, and no others', (type) => {
  everyDraw(type, (drawn) => {
    const numbers = Object.entries(drawn).filter(([, value]) => typeof value === 'number')
    expect(numbers.map(([name]) => name).toSorted()).toEqual(
      Object.keys(bounds[type] ?? {}).toSorted(),
    )
    for (const [name, value] of numbers) {
      const [least = Infinity, most = -Infinity] = bounds[type]?.[name] ?? []
      expect(value).toBeGreaterThanOrEqual(least)
      expect(value).toBeLessThanOrEqual(most)
    }
  })
})

test.each([...news, ...sided])('%s draws a way to cut links', (type) => {
  everyDraw(type, ({ mode }) => expect(['silent', 'hold', 'reset']).toContain(mode))
})

test.each(sided)('%s draws one of up to three sides for each host', (type) => {
  everyDraw(type, (drawn, hosts) => {
    expect(hostsOf(drawn, 'sides').toSorted()).toEqual(hosts.toSorted())
    expect(listed(drawn, 'sides').every((text) => /^[123]/.test(text))).toBe(true)
  })
})

test.each(races)('%s draws one to three racers, and leaves one host that is none', (type) => {
  everyDraw(type, (drawn, hosts) =>
    expectSome(hostsOf(drawn, 'racers'), hosts, Math.min(3, hosts.length - 1)),
  )
})

test('split-amid-freezing draws one to three who stand still', () => {
  everyDraw('split-amid-freezing', (drawn, hosts) => expectSome(hostsOf(drawn, 'frozen'), hosts, 3))
})

describe('split-as-one-moves', () => {
  test('draws one who leaves, or one or two who join', () => {
    everyDraw('split-as-one-moves', (drawn, hosts) => {
      const [joiners, leavers] = [hostsOf(drawn, 'joiners'), hostsOf(drawn, 'leavers')]
      expectSome([...joiners, ...leavers], hosts, leavers.length === 1 ? 1 : 2)
    })
  })
})

describe('split-as-two-move', () => {
  test('draws one who leaves, one or two who join, and where it can one more to look on', () => {
    everyDraw('split-as-two-move', (drawn, hosts) => {
      const [joiners, leavers] = [hostsOf(drawn, 'joiners'), hostsOf(drawn, 'leavers')]
      expect(leavers).toHaveLength(1)
      const most = Math.max(2, Math.min(3, hosts.length - 2))
      expectSome([...joiners, ...leavers], hosts, most)
      expect(joiners.length).toBeGreaterThanOrEqual(1)
    })
  })
})

describe('split-before-joining', () => {
  test('draws one or two who come late, to a side that is no larger than the other without them', () => {
    everyDraw('split-before-joining', (drawn, hosts) => {
      const late = hostsOf(drawn, 'late')
      expectSome(late, hosts, Math.min(2, hosts.length - 2))
      const side = (number: string): readonly string[] =>
        listed(drawn, 'sides')
          .filter((text) => text.startsWith(number))
          .map((text) => text.slice(1))
      const [here, there] = [side('1'), side('2')]
      expect(here).toEqual(expect.arrayContaining([...late]))
      expect(here.length + there.length).toBe(hosts.length)
      expect(here.length - late.length).toBeGreaterThanOrEqual(1)
      expect(here.length - late.length).toBeLessThanOrEqual(there.length)
    })
  })
})

describe('stopping deciders', () => {
  test('has no bridge, and amid news one', () => {
    everyDraw('stop-deciders', (drawn) => expect(listed(drawn, 'bridges')).toEqual([]))
    everyDraw('stop-deciders-amid-news', (drawn, hosts) => {
      expect(listed(drawn, 'bridges')).toHaveLength(1)
      expectSome(hostsOf(drawn, 'bridges'), hosts, 1)
    })
  })

  test.each(['stop-deciders', 'stop-deciders-amid-news'])(
    '%s draws an order in which to go on',
    (type) => {
      everyDraw(type, ({ order }) => expect(['timers-first', 'sockets-first']).toContain(order))
    },
  )
})
