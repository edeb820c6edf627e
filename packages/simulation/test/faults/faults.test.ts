import { ManualClock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import {
  forkRandom,
  networkFaults,
  processFaults,
  type ActionType,
  type Parameters,
  type RunResult,
} from '../../src/index.ts'
import {
  planned,
  run,
  type Lamp,
  type LampRun,
  type LampScenario,
  type LampState,
} from '../run/lamps.ts'
import { Disks } from '../../src/world/disks.ts'

const actions: readonly ActionType<Lamp, LampState>[] = [...networkFaults(), ...processFaults()]

/** Does one thing to the lamps `a`, `b` and `c` after a second, and looks at them at some time. */
async function after(
  type: string,
  parameters: Parameters,
  looks: readonly (readonly [at: number, look: (run: LampRun) => void])[] = [],
  heal: LampScenario['heal'] = () => [],
): Promise<RunResult> {
  const plan = planned()
  const action = { at: 1_000, type, parameters }
  const watch = (of: LampRun): readonly [] => {
    for (const [at, look] of looks) of.world.clock.schedule(at, () => look(of))
    return []
  }
  return await run({ ...plan, actions: [...plan.actions, action] }, { actions, watch, heal })
}

/** Which links are bad, as `ab ac`. */
function badLinks({ world }: LampRun): string {
  const pairs = ['ab', 'ac', 'bc'].filter(([from = '', to = '']) =>
    world.disturbances.wasLinkBad(from, to, world.now),
  )
  return pairs.join(' ')
}

function texts({ lastEvents }: RunResult, host: string): readonly string[] {
  return (lastEvents.get(host) ?? []).flatMap((event) =>
    event.type === 'note' && event.kind !== 'state' ? [event.text] : [],
  )
}

describe.each(actions.map((action) => [action.type, action] as const))('a %s', (type, action) => {
  const drawn = Array.from({ length: 50 }, (_, seed) =>
    action.draw(forkRandom(seed, type), ['a', 'b', 'c']),
  )

  test('is drawn as data, for hosts that there are', () => {
    for (const parameters of drawn) {
      expect(JSON.parse(JSON.stringify(parameters))).toEqual(parameters)
      const { host, from, to } = parameters
      for (const name of [host, from, to]) expect([undefined, 'a', 'b', 'c']).toContain(name)
      if (from !== undefined) expect(from).not.toBe(to)
    }
  })

  test('is carried out, and over when all has healed', async () => {
    for (const parameters of drawn.slice(0, 5)) {
      const result = await after(type, parameters)
      expect(result.performed.get(type)).toBe(type === 'start' ? 4 : 1)
      expect(result.verdict).toBe('passed')
    }
  })

  test('does nothing bad to a host where nobody runs', async () => {
    const plan = planned()
    const late = { at: 1_000, type, parameters: drawn[0] ?? {} }
    const result = await run({ ...plan, actions: [late] }, { actions })
    expect(result.violations).toEqual([])
  })
})

describe('what goes wrong between hosts', () => {
  test('a cut lasts as long as it says', async () => {
    const seen: string[] = []
    const look = (of: LampRun): void => void seen.push(badLinks(of))
    const cut = { from: 'a', to: 'b', bothWays: true, mode: 'silent', forMs: 2_000 }
    await after('cut', cut, [
      [1_500, look],
      [2_900, look],
      [3_100, look],
    ])
    expect(seen).toEqual(['ab', 'ab', ''])
  })

  test.each([
    [true, ['cut silent to b for 2000 ms'], ['cut silent to a for 2000 ms']],
    [false, ['cut silent to b for 2000 ms'], []],
  ])('a cut is noted where it is felt (both ways: %j)', async (bothWays, atA, atB) => {
    const cut = { from: 'a', to: 'b', bothWays, mode: 'silent', forMs: 2_000 }
    const result = await after('cut', cut)
    expect(texts(result, 'a').slice(1)).toEqual(atA)
    expect(texts(result, 'b').slice(1)).toEqual(atB)
  })

  test('a partition cuts the links across, and none within a side', async () => {
    const seen: string[] = []
    const sides = ['1a', '2b', '1c']
    const partition = { sides, oneWay: false, mode: 'hold', forMs: 2_000 }
    const result = await after('partition', partition, [[1_500, (of) => seen.push(badLinks(of))]])
    expect(seen).toEqual(['ab bc'])
    expect(texts(result, 'b')).toHaveLength(3)
  })

  test('a partition of one way cuts towards the higher side only', async () => {
    const sides = ['1a', '2b', '1c']
    const result = await after('partition', { sides, oneWay: true, mode: 'hold', forMs: 2_000 })
    expect(['a', 'b', 'c'].map((host) => texts(result, host).length)).toEqual([2, 1, 2])
  })

  test('flapping cuts a link over and over, and mends it between', async () => {
    const seen: string[] = []
    const look = (of: LampRun): void => void seen.push(badLinks(of))
    const flap = { from: 'a', to: 'c', bothWays: false, mode: 'reset', periodMs: 1_000, times: 3 }
    const at = [1_250, 1_750, 2_250, 2_750, 3_250, 3_750, 4_250]
    await after(
      'flap',
      flap,
      at.map((time) => [time, look] as const),
    )
    expect(seen).toEqual(['ac', '', 'ac', '', 'ac', '', ''])
  })

  test('flapping ends with the chaos', async () => {
    const seen = new Set<string>()
    const flap = { from: 'a', to: 'c', bothWays: true, mode: 'hold', periodMs: 1_000, times: 30 }
    await after('flap', flap, [], (of) => [
      {
        name: 'three seconds pass',
        withinMs: 5_000,
        nudge: () => void (of.world.now > 10_000 && seen.add(badLinks(of))),
        isDone: () => of.world.now >= 13_000,
        explain: () => 'time stands still',
      },
    ])
    expect(seen).toEqual(new Set(['']))
  })
})

describe('what goes wrong with processes', () => {
  function living({ world }: LampRun): string {
    return world.processes.map(String).join(' ')
  }

  async function livingAfter(type: string, parameters: Parameters): Promise<string> {
    let found = ''
    await after(type, parameters, [[9_000, (of) => (found = living(of))]])
    return found
  }

  test.each(['crash', 'power-loss'])('a %s ends a process', async (type) => {
    expect(await livingAfter(type, { host: 'b' })).toBe('a c')
  })

  test('a bounce ends it, and starts the next', async () => {
    expect(await livingAfter('bounce', { host: 'b', afterMs: 500 })).toBe('a b, life 2 c')
  })

  test.each(['crash', 'power-loss'])('a %s leaves the last process alone', async (type) => {
    const plan = planned()
    const ends = ['a', 'b', 'c'].map((host, index) => ({
      at: 1_000 + index,
      type,
      parameters: { host },
    }))
    let found = ''
    await run(
      { ...plan, actions: [...plan.actions, ...ends] },
      { actions, watch: (of) => [{ healing: () => (found = living(of)) }] },
    )
    expect(found).toBe('c')
  })

  test.each([
    ['pause', 1_000, { order: 'timers-first' }],
    ['sleep', 1_000, { order: 'sockets-first' }],
    // A lamp never looks at the clock: then a stall begins by itself, a while later.
    ['stall', 2_500, { order: 'timers-first', reads: 1 }],
  ])('a %s stops it for a while', async (type, beginsAt, parameters) => {
    const seen: boolean[] = []
    const look = ({ world }: LampRun): void => void seen.push(world.isStopped('b'))
    await after(type, { host: 'b', forMs: 3_000, ...parameters }, [
      [beginsAt - 100, look],
      [beginsAt + 100, look],
      [beginsAt + 2_900, look],
      [beginsAt + 3_100, look],
    ])
    expect(seen).toEqual([false, true, true, false])
  })

  test('a jump of the wall clock stays with its host', async () => {
    const off: number[] = []
    await after('wall-jump', { host: 'b', byMs: -5_000 }, [
      [
        2_000,
        ({ world }) => {
          for (const { clock } of world.processes) off.push(clock.wallNow() - world.clock.wallNow())
        },
      ],
    ])
    expect(off).toEqual([0, -5_000, 0])
  })
})

test('of two faults of a disk that overlap the newer counts, and then the older one again', async () => {
  const clock = new ManualClock()
  const disks = new Disks(clock, 1, {})
  const write = async (): Promise<string> => {
    const file = disks.of('a').fileSystem().open('/log', 'a')
    await clock.advanceAsync(10_000)
    const writing = (await file).write(new Uint8Array(10)).then(
      () => 'written',
      (error: unknown) => String(error),
    )
    await clock.advanceAsync(10_000)
    return await writing
  }
  const older = disks.damage('a', { writeError: 1 })
  const newer = disks.damage('a', { writeError: 0 })
  expect(await write()).toBe('written')
  newer[Symbol.dispose]()
  expect(await write()).toContain('EIO')
  older[Symbol.dispose]()
  expect(await write()).toBe('written')
})
