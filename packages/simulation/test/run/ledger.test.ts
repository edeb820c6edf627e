import { describe, expect, test } from 'vitest'
import { Ledger, type RunResult } from '../../src/index.ts'
import { planned, run } from './lamps.ts'

async function results(): Promise<{ passed: RunResult; violated: RunResult; unknown: RunResult }> {
  return {
    passed: await run(planned('1000 switch a')),
    violated: await run(planned('1000 heat a', '2000 wet a')),
    unknown: await run(planned('1000 switch a', '2000 switch b'), {
      heal: ({ world }) => [
        {
          name: 'all go out',
          withinMs: 1_000,
          isDone: () => world.now >= 10_250,
          explain: () => 'some are lit',
        },
      ],
      watch: (of) => [
        {
          healing: () => {
            of.reach('all are lit')
            of.reach('all are lit')
            of.giveUp('order', 'too many histories')
          },
        },
      ],
    }),
  }
}

describe('a ledger', () => {
  test('counts verdicts apart, and adds up what was done and reached', async () => {
    const { passed, violated, unknown } = await results()
    const ledger = new Ledger()
    for (const result of [passed, violated, unknown, unknown]) ledger.add(result)
    expect(ledger.toJSON()).toEqual({
      runs: 4,
      passed: 1,
      violated: 1,
      unknown: 2,
      events: passed.events + violated.events + 2 * unknown.events,
      virtualMs: passed.virtualMs + violated.virtualMs + 2 * unknown.virtualMs,
      reached: { 'all are lit': 2 }, // In so many runs.
      performed: { start: 12, switch: 5, heat: 1, wet: 1 },
      healing: { 'all go out': { tookMs: { 300: 2 }, sinceMs: { 300: 2 } } },
    })
  })

  test('takes over what another has counted, as if it had counted it', async () => {
    const { passed, violated, unknown } = await results()
    const [one, other, all] = [new Ledger(), new Ledger(), new Ledger()]
    one.add(passed)
    other.add(violated)
    other.add(unknown)
    for (const result of [passed, violated, unknown]) all.add(result)
    one.merge(other.toJSON())
    expect(one.toJSON()).toEqual(all.toJSON())
  })

  test('tells which rare states no run has reached', async () => {
    const ledger = new Ledger()
    expect(ledger.missing(['all are lit', 'all are green'])).toEqual([
      'all are lit',
      'all are green',
    ])
    ledger.add((await results()).unknown)
    expect(ledger.missing(['all are lit', 'all are green'])).toEqual(['all are green'])
  })
})
