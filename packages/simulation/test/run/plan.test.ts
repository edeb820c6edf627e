import { describe, expect, test } from 'vitest'
import {
  drawPlan,
  membershipScenario,
  planOf,
  Run,
  shardingClocksScenario,
  simulate,
  type Plan,
} from '../../src/index.ts'
import { lamps } from './lamps.ts'

const seeds = Array.from({ length: 600 }, (_, index) => index + 1)
const plans: readonly Plan[] = seeds.map((seed) => planOf(membershipScenario, seed))
const types = membershipScenario.actions.map(({ type }) => type)

describe('a plan', () => {
  test('follows from its seed', () => {
    expect(planOf(membershipScenario, 17)).toEqual(planOf(membershipScenario, 17))
    expect(new Set(plans.map((plan) => JSON.stringify(plan.actions))).size).toBe(seeds.length)
  })

  test('is within the bounds of its scenario', () => {
    const { hosts, chaosMs } = membershipScenario.shape
    for (const plan of plans) {
      expect(plan.hosts.length).toBeGreaterThanOrEqual(hosts[0])
      expect(plan.hosts.length).toBeLessThanOrEqual(hosts[1])
      expect(plan.chaosMs).toBeGreaterThanOrEqual(chaosMs[0])
      expect(plan.chaosMs).toBeLessThanOrEqual(chaosMs[1])
      for (const { at } of plan.actions) expect(at).toBeLessThan(plan.chaosMs)
    }
    expect(new Set(plans.map((plan) => plan.hosts.length)).size).toBe(hosts[1] - hosts[0] + 1)
  })

  test('is in the order of time, and starts every host', () => {
    for (const { actions, hosts } of plans) {
      expect(actions).toEqual(actions.toSorted((left, right) => left.at - right.at))
      const started = actions.filter(({ type }) => type === 'start')
      const names = new Set(started.map(({ parameters }) => parameters['host']))
      expect(names).toEqual(new Set(hosts.map(({ name }) => name)))
    }
  })

  test('leaves each type of action out in about a third of the seeds', () => {
    for (const type of types) {
      const share = plans.filter(({ off }) => off.includes(type)).length / plans.length
      expect(share, type).toBeGreaterThan(0.26)
      expect(share, type).toBeLessThan(0.41)
    }
  })

  test('does nothing that is left out, but for the first starts', () => {
    for (const { actions, off, hosts } of plans) {
      const later = off.includes('start') ? actions.slice(hosts.length) : actions
      expect(later.filter(({ type }) => off.includes(type) && type !== 'start')).toEqual([])
    }
  })

  test('comes to every type of action in some seed', () => {
    const done = new Set(plans.flatMap(({ actions }) => actions.map(({ type }) => type)))
    expect(done).toEqual(new Set(types))
  })

  test('has clocks that are wrong in about two of three seeds, by no more than the scenario says', () => {
    const { clockDrift, wallOffsetMs } = membershipScenario.shape
    const wrong = plans.filter(({ hosts }) => hosts.some(({ rate }) => rate !== 1))
    expect(wrong.length / plans.length).toBeGreaterThan(0.59)
    expect(wrong.length / plans.length).toBeLessThan(0.74)
    for (const { rate = 1, wallOffsetMs: offset = 0 } of plans.flatMap(({ hosts }) => hosts)) {
      expect(Math.abs(rate - 1)).toBeLessThanOrEqual(clockDrift)
      expect(Math.abs(offset)).toBeLessThanOrEqual(wallOffsetMs)
    }
  })

  test('is the same but for what is added, which comes as often as its weights say', () => {
    const { name, actions, shape } = membershipScenario
    const total = actions.reduce((sum, { weight }) => sum + weight, 0)
    const additions = [{ type: 'added', weight: total / 4, draw: () => ({}) }]
    let added = 0
    let others = 0
    for (const plan of plans) {
      const more = drawPlan({ ...shape, scenario: name }, actions, plan.seed, additions)
      const rest = more.actions.filter(({ type }) => type !== 'added')
      const off = more.off.filter((type) => type !== 'added')
      expect({ ...more, off, actions: rest }).toEqual(plan)
      if (more.off.includes('added')) continue
      added += more.actions.length - rest.length
      others += rest.length - plan.hosts.length
    }
    expect(added / others).toBeGreaterThan(0.2)
    expect(added / others).toBeLessThan(0.3)
  })

  test('has clocks of the rates that the scenario names, where it does', () => {
    const { name, actions, shape } = shardingClocksScenario
    const rates = seeds
      .slice(0, 50)
      .flatMap((seed) => drawPlan({ ...shape, scenario: name }, actions, seed).hosts)
      .map(({ rate }) => rate)
    expect(new Set(rates)).toEqual(new Set(shape.clockRates))
  })

  test('draws each setting of the program from its values', () => {
    const { settings = {} } = membershipScenario.shape
    expect(Object.keys(settings).length).toBeGreaterThan(0)
    for (const [name, values] of Object.entries(settings)) {
      const drawn = new Set(plans.map((plan) => plan.settings[name]))
      expect(drawn, name).toEqual(new Set(values))
    }
  })

  test.each([1, 2, 3])(
    'written down as JSON and read back, it runs the same (seed %i)',
    async (seed) => {
      const plan = planOf(membershipScenario, seed)
      // What was written is a plan.
      const read = JSON.parse(JSON.stringify(plan)) as Plan
      const [drawn, again] = [
        await simulate(membershipScenario, seed),
        await Run.of(membershipScenario, read),
      ]
      expect(again.traceHash).toBe(drawn.traceHash)
    },
  )

  test('of one scenario is not that of another with the same seed', () => {
    const times = (plan: Plan): readonly number[] => plan.actions.map(({ at }) => at)
    expect(times(planOf({ ...lamps, name: 'other lamps' }, 1))).not.toEqual(times(planOf(lamps, 1)))
  })
})

describe('a shape that no plan can be drawn from is refused', () => {
  const { shape, actions, name } = membershipScenario
  test.each<[string, Partial<typeof shape>]>([
    ['shape.hosts', { hosts: [3, 2] }],
    ['shape.hosts', { hosts: [0, 2] }],
    ['shape.chaosMs', { chaosMs: [Number.NaN, 1] }],
    ['shape.paceMs', { paceMs: [0, 0] }],
    ['shape.startWithinMs', { startWithinMs: -1 }],
    ['shape.clockDrift', { clockDrift: 1 }],
    ['shape.clockRates', { clockRates: [1, 0] }],
  ])('naming %s of %j', (option, wrong) => {
    expect(() => drawPlan({ ...shape, scenario: name, ...wrong }, actions, 1)).toThrow(
      expect.objectContaining({
        code: 'CASTY_SIMULATION_INVALID_OPTION',
        message: expect.stringContaining(`${option} is`),
      }),
    )
  })

  test.each([Number.NaN, 1.5, -1])('and so is the seed %d', (seed) => {
    expect(() => planOf(membershipScenario, seed)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('seed is') }),
    )
  })
})
