import { describe, expect, test } from 'vitest'
import { shrink, type Plan, type Shrunk, type ShrinkOptions } from '../../src/index.ts'
import { lamps, planned, run } from './lamps.ts'

/** Thirty actions, of which the 9th and the 22nd burn a lamp out. */
const thirty = planned(
  ...Array.from({ length: 30 }, (_, index) => {
    const at = 1_000 + 200 * index
    if (index === 8) return `${at} heat b`
    if (index === 21) return `${at} wet b`
    return `${at} ${index % 3 === 0 ? 'heat' : 'switch'} ${index % 2 === 0 ? 'a' : 'c'}`
  }),
)

async function shrunk(plan: Plan, scenario = lamps, options: ShrinkOptions = {}): Promise<Shrunk> {
  const failed = await run(plan)
  expect(failed.verdict).toBe('violated')
  return await shrink(scenario, failed, options)
}

function lines({ actions }: Plan): readonly string[] {
  return actions.map(({ at, type, parameters }) => `${at} ${type} ${String(parameters['host'])}`)
}

function withoutStarts(plan: Plan): readonly string[] {
  return lines(plan).filter((line) => !line.includes('start'))
}

describe('shrinking', () => {
  test('finds the two actions of thirty that matter', async () => {
    const { plan } = await shrunk(thirty)
    expect(withoutStarts(plan).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'heat b',
      'wet b',
    ])
  })

  test('pulls what is left together', async () => {
    const { plan } = await shrunk(thirty)
    expect(plan.actions.at(-1)?.at).toBeLessThan(400)
    expect(plan.chaosMs).toBeLessThan(1_500)
  })

  test('leaves out hosts that do not matter, and time after the violation', async () => {
    const { plan } = await shrunk(thirty, { ...lamps, shape: { ...lamps.shape, hosts: [2, 5] } })
    expect(plan.hosts.map(({ name }) => name)).toContain('b')
    expect(plan.hosts).toHaveLength(2)
    expect(plan.chaosMs).toBeLessThan(thirty.chaosMs)
  })

  test('keeps as many hosts as the scenario has at least', async () => {
    const { plan } = await shrunk(thirty)
    expect(plan.hosts).toHaveLength(lamps.shape.hosts[0])
  })

  test('starts every host that is left, for where nobody runs all progress fails', async () => {
    const lit = {
      ...lamps,
      heal: (of: Parameters<typeof lamps.heal>[0]) => [
        {
          name: 'light',
          withinMs: 1_000,
          isDone: () => of.world.processes.some((process) => of.stateOf(process)?.isLit),
          explain: () => 'it is dark',
        },
      ],
    }
    const { plan } = await shrink(lit, await run(planned('1000 heat c', '2000 heat b'), lit))
    expect(lines(plan)).toEqual(['0 start a', '0 start b', '0 start c'])
  })

  test('gives the result of the plan that is left', async () => {
    const { plan, result } = await shrunk(thirty)
    expect(result.plan).toEqual(plan)
    expect(result.violations[0]?.checker).toBe('no lamp burns out')
    expect((await run(plan)).traceHash).toBe(result.traceHash)
  })

  test('does not trade one failure for another', async () => {
    const strict = {
      ...lamps,
      watch: (of: Parameters<typeof lamps.watch>[0]) => [
        ...lamps.watch(of),
        {
          finished: () => {
            // Fails for every plan in which nothing burns.
            of.violate('there is damage', 'nothing has burnt')
          },
        },
      ],
    }
    const { result, plan } = await shrink(strict, await run(thirty, strict))
    expect(result.violations.map(({ checker }) => checker)).toEqual(['no lamp burns out'])
    expect(withoutStarts(plan)).toHaveLength(2)
  })

  test('makes what lasts shorter, as long as it matters', async () => {
    const scenario = {
      ...lamps,
      actions: lamps.actions.map((action) =>
        action.type === 'heat'
          ? {
              ...action,
              // Burns if it is heated for long.
              perform: (...[of, { host, forMs }]: Parameters<typeof action.perform>) => {
                of.world
                  .running(String(host))
                  ?.program?.set({ isHot: true, isBurnt: Number(forMs) >= 1_000 })
              },
            }
          : action,
      ),
    }
    const heat = { at: 2_000, type: 'heat', parameters: { host: 'a', forMs: 16_000 } }
    const plan = planned()
    const failed = await run({ ...plan, actions: [...plan.actions, heat] }, scenario)
    const { plan: left } = await shrink(scenario, failed)
    expect(left.actions.at(-1)?.parameters['forMs']).toBe(1_000)
  })

  test('spends no more runs than it may', async () => {
    const told: number[] = []
    const failed = await run(thirty)
    const { runs, plan } = await shrink(lamps, failed, {
      runs: 5,
      progress: (count) => told.push(count),
    })
    expect(runs).toBe(5)
    expect(told).toEqual([1, 2, 3, 4, 5])
    expect((await run(plan)).verdict).toBe('violated')
  })

  test('keeps a plan that fails only in healing', async () => {
    const failing = {
      ...lamps,
      heal: (of: Parameters<typeof lamps.heal>[0]) => [
        {
          name: 'light',
          withinMs: 1_000,
          isDone: () => !of.world.processes.some((process) => of.stateOf(process)?.isHot),
          explain: () => 'it is hot',
        },
      ],
    }
    const failed = await run(planned('1000 switch a', '2000 heat c', '3000 switch b'), failing)
    const { plan } = await shrink(failing, failed)
    expect(withoutStarts(plan)).toEqual([expect.stringContaining('heat c')])
  })
})
