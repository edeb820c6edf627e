import { describe, expect, test } from 'vitest'
import { networkFaults, processFaults, type HealStage } from '../../src/index.ts'
import { Lamp, planned, run, watchBurning, type LampRun, type LampScenario } from './lamps.ts'

const burning = ['1000 switch a', '2000 heat a', '3000 wet a', '4000 switch b', '9000 heat b']

function stage(change: Partial<HealStage>): HealStage {
  return {
    name: 'light',
    withinMs: 5_000,
    isDone: () => true,
    explain: () => 'it is dark',
    ...change,
  }
}

describe('a run', () => {
  test('passes where nothing is violated', async () => {
    const result = await run(planned('1000 switch a', '2000 wet a', '3000 heat a'))
    expect(result).toMatchObject({ verdict: 'passed', violations: [], unknown: [] })
    expect(result.virtualMs).toBe(10_000)
  })

  test('says what was violated, when and where', async () => {
    const result = await run(planned(...burning))
    expect(result.verdict).toBe('violated')
    expect(result.violations).toEqual([
      { checker: 'no lamp burns out', at: 3_000, text: 'the lamp at a has burnt out' },
    ])
    expect(result.lastEvents.get('a')?.at(-1)).toMatchObject({
      kind: 'violation',
      text: 'no lamp burns out: the lamp at a has burnt out',
    })
  })

  test('stops at the first violation: nothing is done after it', async () => {
    const result = await run(planned(...burning))
    expect(Object.fromEntries(result.performed)).toEqual({ start: 3, switch: 1, heat: 1, wet: 1 })
    expect(result.virtualMs).toBeLessThanOrEqual(4_000)
  })

  test('goes on after violations where that is asked for', async () => {
    const plan = planned(...burning, '9500 wet b')
    const result = await run(plan, {}, { stopAtViolation: false })
    expect(result.violations.map(({ at }) => at)).toEqual([3_000, 9_500])
    expect(result.virtualMs).toBe(10_000)
  })

  test('shows watchers each change of a state once, with the state before', async () => {
    const changes: string[] = []
    await run(planned('1000 switch a', '2000 heat a'), {
      watch: () => [
        {
          changed: ({ host }, state, before) =>
            changes.push(`${host} ${before?.isLit}${before?.isHot} ${state.isLit}${state.isHot}`),
        },
      ],
    })
    expect(changes.toSorted()).toEqual([
      'a falsefalse truefalse',
      'a truefalse truetrue',
      'a undefinedundefined falsefalse',
      'b undefinedundefined falsefalse',
      'c undefinedundefined falsefalse',
    ])
  })

  test('gives its program the whole run, world included', async () => {
    const program: LampScenario['program'] = ({ world }) => {
      const lit = world.hosts[1]
      return async ({ host }) => {
        const lamp = new Lamp()
        lamp.set({ isLit: host === lit })
        return lamp
      }
    }
    const { lastEvents } = await run(planned(), { program })
    expect(lastEvents.get('b')?.at(-1)).toMatchObject({ kind: 'state', text: 'lit' })
  })

  test('notes a state where its description changes', async () => {
    const { lastEvents } = await run(planned('1000 switch a', '2000 heat a', '3000 switch a'))
    const states = lastEvents.get('a')?.filter((event) => 'kind' in event && event.kind === 'state')
    expect(states?.map((event) => 'text' in event && event.text)).toEqual(['dark', 'lit'])
  })

  test('keeps the whole trace where that is asked for', async () => {
    expect((await run(planned())).trace).toBeUndefined()
    const { trace, events } = await run(planned(), {}, { keepAll: true })
    expect(trace).toHaveLength(events)
  })

  test('counts the rare states that were reached', async () => {
    const watch = (of: LampRun): readonly [{ changed(): void }] => [
      {
        changed: () => {
          const all = of.world.processes.every((process) => of.stateOf(process)?.isLit)
          if (all) of.reach('all are lit')
        },
      },
    ]
    const plan = planned('1000 switch a', '2000 switch b', '3000 switch c')
    expect((await run(plan, { watch })).reached).toEqual(new Map([['all are lit', 1]]))
    expect((await run(planned('1000 switch a'), { watch })).reached.size).toBe(0)
  })

  test('is unknown where a checker gave up, and that is no success', async () => {
    const watch = (of: LampRun): readonly [{ finished(): void }] => [
      { finished: () => of.giveUp('order', 'too many histories') },
    ]
    const result = await run(planned(), { watch })
    expect(result.verdict).toBe('unknown')
    expect(result.unknown).toEqual([{ checker: 'order', at: 10_000, text: 'too many histories' }])
  })

  test('is violated where one checker gave up and another did not', async () => {
    const watch = (of: LampRun) => [
      watchBurning(of),
      { changed: () => of.giveUp('order', 'too many histories') },
    ]
    expect((await run(planned(...burning), { watch })).verdict).toBe('violated')
  })
})

test('what an action does later is done in the chaos, or not at all', async () => {
  const done: number[] = []
  const watch = (of: LampRun): readonly [{ started(): void }] => [
    {
      started() {
        if (of.world.everStarted.length > 1) return
        for (const afterMs of [500, 9_999, 10_001]) of.later(afterMs, () => done.push(of.world.now))
      },
    },
  ]
  const heal = (): readonly HealStage[] => [stage({ isDone: () => false })]
  await run(planned(), { watch, heal })
  expect(done).toEqual([500, 9_999])
})

describe('healing', () => {
  test('demands each stage in turn: begun once, nudged before it is looked at', async () => {
    const calls: string[] = []
    const named = (name: string, looks: number): HealStage =>
      stage({
        name,
        begin: () => calls.push(`${name} begins`),
        nudge: () => calls.push(`${name} nudge`),
        isDone: () => {
          calls.push(`${name} look`)
          return --looks === 0
        },
      })
    await run(planned(), { heal: () => [named('first', 2), named('second', 1)] })
    expect(calls).toEqual([
      'first begins',
      'first nudge',
      'first look',
      'first nudge',
      'first look',
      'second begins',
      'second nudge',
      'second look',
    ])
  })

  test('that does not come in time is a violation in the name of its stage', async () => {
    const result = await run(planned(), { heal: () => [stage({ isDone: () => false })] })
    expect(result.violations).toEqual([
      { checker: 'light', at: 15_000, text: 'not within 5000 ms: it is dark' },
    ])
  })

  test('in time is none, up to the last moment', async () => {
    const heal = (of: LampRun): readonly HealStage[] => [
      stage({ isDone: () => of.world.now >= 15_000 }),
    ]
    expect((await run(planned(), { heal })).verdict).toBe('passed')
  })

  test('does not follow a violation', async () => {
    let begun = 0
    await run(planned(...burning), { heal: () => [stage({ begin: () => begun++ })] })
    expect(begun).toBe(0)
  })

  test('begins with every link whole and every process running, and tells watchers of its ends', async () => {
    const told: string[] = []
    const plan = planned()
    const actions = [
      ...plan.actions,
      {
        at: 9_000,
        type: 'cut',
        parameters: { from: 'a', to: 'b', bothWays: true, mode: 'silent', forMs: 60_000 },
      },
      {
        at: 9_500,
        type: 'pause',
        parameters: { host: 'c', forMs: 3_000, order: 'timers-first' },
      },
    ]
    const watch = (of: LampRun) => [
      {
        healing: () => {
          const isWhole = of.world.network.links().length > 0
          told.push(`healing at ${of.world.now}, links known: ${isWhole}`)
        },
        finished: () => told.push('finished'),
      },
    ]
    const heal = (of: LampRun): readonly HealStage[] => [
      stage({
        begin: () => {
          const { now, disturbances } = of.world
          told.push(`c stands still: ${of.world.isStopped('c')}`)
          told.push(`cut: ${disturbances.wasLinkBad('a', 'b', now)}`)
        },
      }),
    ]
    const faults = { actions: [...networkFaults(), ...processFaults()] } as Pick<
      LampScenario,
      'actions'
    > // Made for any scenario.
    const result = await run({ ...plan, actions }, { ...faults, watch, heal })
    expect(told).toEqual([
      'healing at 10000, links known: true',
      'c stands still: false',
      'cut: false',
      'finished',
    ])
    expect(result.virtualMs).toBe(12_500)
  })

  test('waits for a stall that the end of the chaos came before', async () => {
    const found: boolean[] = []
    const plan = planned()
    const parameters = { host: 'c', forMs: 2_000, reads: 40, order: 'timers-first' }
    const actions = [...plan.actions, { at: 9_999, type: 'stall', parameters }]
    const heal = (of: LampRun): readonly HealStage[] => [
      stage({
        withinMs: 1_000,
        nudge: () => void found.push(of.world.isStopped('c')),
        isDone: () => of.world.now >= 10_500,
      }),
    ]
    const faults = { actions: processFaults() } as Pick<LampScenario, 'actions'> // For any scenario.
    await run({ ...plan, actions }, { ...faults, heal })
    expect(found).not.toContain(true)
  })
})

describe('what is thrown and not caught is a violation', () => {
  const thrower = {
    started() {
      throw new TypeError('a mistake in a checker')
    },
  }
  const program: LampScenario['program'] =
    () =>
    async ({ clock }) => {
      clock.schedule(1_000, () => {
        throw new Error('nobody catches this')
      })
      return new Lamp()
    }

  test('out of a watcher, so that no mistake of a checker passes for success', async () => {
    const { violations } = await run(planned(), { watch: () => [thrower] })
    expect(violations[0]).toMatchObject({
      checker: 'nothing throws',
      text: expect.stringContaining('a mistake in a checker'),
    })
  })

  test('out of a timer of a program', async () => {
    const { violations, virtualMs } = await run(planned(), { program })
    expect(violations[0]).toMatchObject({
      checker: 'nothing throws',
      at: 1_000,
      text: expect.stringContaining('nobody catches this'),
    })
    expect(virtualMs).toBe(1_000)
  })

  test('that leaves in the trace only what is the same on every machine', async () => {
    const { lastEvents, violations } = await run(planned(), { program })
    expect(violations[0]?.text).toContain('run.test.ts') // Where it was thrown.
    expect(lastEvents.get('a')?.at(-1)).toMatchObject({
      kind: 'violation',
      text: 'nothing throws: Error: nobody catches this',
    })
  })
})

describe('what cannot be judged is an error, not a verdict', () => {
  test('an action that the scenario does not know', async () => {
    await expect(run(planned('1000 explode a'))).rejects.toMatchObject({
      code: 'CASTY_SIMULATION_UNKNOWN_ACTION',
    })
  })

  test('a plan of another scenario', async () => {
    await expect(run({ ...planned(), scenario: 'candles' })).rejects.toMatchObject({
      code: 'CASTY_SIMULATION_FOREIGN_PLAN',
    })
  })

  test('an action at a host that the plan does not have', async () => {
    await expect(run(planned('1000 heat z'))).rejects.toMatchObject({
      code: 'CASTY_SIMULATION_UNKNOWN_HOST',
    })
  })

  test('a run in which no process started is unknown, and says why', async () => {
    const program = () => () => Promise.reject(new Error('no bulb'))
    const { verdict, unknown } = await run(planned('1000 heat a'), { program })
    expect(verdict).toBe('unknown')
    expect(unknown).toMatchObject([{ checker: 'a process starts', text: 'Error: no bulb' }])
  })

  test.each(['started', 'changed', 'healing'] as const)(
    'a rare state that the scenario does not list, noted in %s',
    async (when) => {
      const watch = (of: LampRun) => [{ [when]: () => of.reach('all are green') }]
      await expect(run(planned(), { watch })).rejects.toMatchObject({
        code: 'CASTY_SIMULATION_UNKNOWN_RARE_STATE',
      })
    },
  )

  test('a program that looks at the real time, though its start is caught', async () => {
    const program: LampScenario['program'] = () => async () => {
      Date.now()
      return new Lamp()
    }
    await expect(run(planned(), { program })).rejects.toMatchObject({
      code: 'CASTY_SIMULATION_IMPURE',
    })
  })
})

test('a promise that is rejected and that nobody handles is a violation', async () => {
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection') // The test runner's own would fail this test.
  try {
    const program: LampScenario['program'] =
      () =>
      async ({ clock }) => {
        clock.schedule(500, () => void Promise.reject(new Error('the fuse')))
        return new Lamp()
      }
    const { verdict, violations } = await run(planned(), { program })
    expect(verdict).toBe('violated')
    expect(violations).toMatchObject([
      { checker: 'rejections are handled', text: expect.stringContaining('the fuse') },
    ])
    expect(process.listenerCount('unhandledRejection')).toBe(0)
  } finally {
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
})
