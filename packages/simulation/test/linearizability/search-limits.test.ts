import { describe, expect, test } from 'vitest'
import { seededRandom } from '@casty/clock'
import { realCounter, realRegister, type RealObject } from './real-objects.ts'
import {
  checkLinearizable,
  counterModel,
  registerModel,
  type CounterInput,
  type CounterOutput,
  type History,
  type Operation,
  type RegisterInput,
  type RegisterOutput,
} from '@casty/simulation/linearizability'

/** Clients that each call an object one after the other, at random, `count` times in all. */
function recorded<Input, Output>(
  seed: number,
  count: number,
  clients: number,
  object: RealObject<Input, Output>,
  next: (draw: number, index: number) => Input,
  key = 'k',
): History<Input, Output> {
  const random = seededRandom(seed)
  const free = Array.from({ length: clients }, () => 0)
  const calls = Array.from({ length: count }, (_, index) => {
    const client = index % clients
    const invokedAt = (free[client] ?? 0) + random()
    const effectAt = invokedAt + random()
    const completedAt = effectAt + random()
    free[client] = completedAt
    return { client: `c${client}`, input: next(random(), index), invokedAt, effectAt, completedAt }
  })
  return calls
    .toSorted((a, b) => a.effectAt - b.effectAt)
    .map(({ client, input, invokedAt, completedAt }): Operation<Input, Output> => {
      const output = object(input)
      const outcome =
        output === undefined
          ? ({ type: 'unknown' } as const)
          : ({ type: 'ok', output, completedAt } as const)
      return { client, key, input, invokedAt, outcome }
    })
}

const increment: CounterInput = { type: 'increment' }
const counting = (draw: number): CounterInput => ({ type: draw < 0.5 ? 'increment' : 'read' })
const writing = (draw: number, index: number): RegisterInput =>
  draw < 0.4 ? { type: 'write', value: index } : { type: 'read' }

/** All at once, each writing its own value, and a reader that saw none of them. */
function tangled(clients: number, key: string): History<RegisterInput, RegisterOutput> {
  const writes = Array.from(
    { length: clients },
    (_, index): Operation<RegisterInput, RegisterOutput> => {
      const outcome = { type: 'ok', output: 'done', completedAt: 10 } as const
      return {
        client: `c${index}`,
        key,
        input: { type: 'write', value: index },
        invokedAt: 0,
        outcome,
      }
    },
  )
  const outcome = { type: 'ok', output: -1, completedAt: 12 } as const
  return [...writes, { client: 'r', key, input: { type: 'read' }, invokedAt: 11, outcome }]
}

const stale: History<RegisterInput, RegisterOutput> = [
  {
    client: 'a',
    key: 'stale',
    input: { type: 'read' },
    invokedAt: 0,
    outcome: { type: 'ok', output: 7, completedAt: 1 },
  },
]

describe('a search without an end in sight', () => {
  test('gives up at its budget of steps, and says unknown', () => {
    const verdict = checkLinearizable(tangled(12, 'k'), registerModel(), { maxSteps: 1_000 })
    expect(verdict).toMatchObject({
      type: 'unknown',
      steps: 1_000,
      exhausted: [{ partition: { key: 'k' }, limit: 'maxSteps' }],
      explanation: expect.stringMatching(/Partition k: 13 operations exceed maxSteps/),
    })
  })

  test('gives up at its budget of memory, and says unknown', () => {
    const verdict = checkLinearizable(tangled(12, 'k'), registerModel(), { maxMemoBytes: 10_000 })
    expect(verdict).toMatchObject({
      type: 'unknown',
      exhausted: [{ partition: { key: 'k' }, limit: 'maxMemoBytes' }],
    })
  })

  test('is decided with one more step than it needs, and not with one less', () => {
    const history = recorded(1, 50, 3, realCounter(), counting)
    const { steps } = checkLinearizable(history, counterModel())
    const verdict = (maxSteps: number): string =>
      checkLinearizable(history, counterModel(), { maxSteps }).type
    expect(verdict(steps)).toBe('linearizable')
    expect(verdict(steps - 1)).toBe('unknown')
  })

  test('does not hide that another key is certainly wrong', () => {
    const history = [...tangled(12, 'tangled'), ...stale]
    const verdict = checkLinearizable(history, registerModel(), { maxSteps: 1_000 })
    expect(verdict).toMatchObject({
      type: 'not-linearizable',
      violation: { partition: { key: 'stale' } },
    })
  })

  test('leaves all unknown, however many other keys are fine', () => {
    const fine = recorded(2, 20, 2, realRegister(), writing, 'fine')
    const history = [...fine, ...tangled(12, 'tangled')]
    const verdict = checkLinearizable(history, registerModel(), { maxSteps: 1_000 })
    expect(verdict).toMatchObject({
      type: 'unknown',
      exhausted: [{ partition: { key: 'tangled' } }],
    })
  })

  test('remembers configurations: twelve writers at once take thousands of steps, not 12!', () => {
    const verdict = checkLinearizable(tangled(12, 'k'), registerModel())
    expect(verdict.type).toBe('not-linearizable')
    // A subset of the writers and the last of them: at most 12 · 2^11 configurations, tried by 12.
    expect(verdict.steps).toBeLessThan(12 * 12 * 2 ** 11)
  })
})

describe('a thousand operations of five clients', () => {
  test.each([1, 2, 3, 4, 5])('take few steps on a counter (seed %i)', (seed) => {
    const history = recorded(seed, 1_000, 5, realCounter(), counting)
    const verdict = checkLinearizable(history, counterModel())
    expect(verdict.type).toBe('linearizable')
    expect(verdict.steps).toBeLessThan(50_000)
  })

  test.each([1, 2, 3, 4, 5])('take few steps on a register (seed %i)', (seed) => {
    const history = recorded(seed, 1_000, 5, realRegister(), writing)
    const verdict = checkLinearizable(history, registerModel())
    expect(verdict.type).toBe('linearizable')
    expect(verdict.steps).toBeLessThan(50_000)
  })

  test.each([1, 2, 3, 4, 5])('are refuted in few steps after one lost update (seed %i)', (seed) => {
    const object = realCounter()
    let calls = 0
    const forgetful = (input: CounterInput): CounterOutput | undefined =>
      ++calls === 700 ? object({ type: 'read' }) : object(input)
    const history = recorded(seed, 1_000, 5, forgetful, () => increment)
    const verdict = checkLinearizable(history, counterModel())
    expect(verdict.type).toBe('not-linearizable')
    expect(verdict.steps).toBeLessThan(50_000)
  })
})

describe('the options', () => {
  test.each([
    { maxSteps: 0 },
    { maxSteps: 1.5 },
    { maxSteps: Number.NaN },
    { maxMemoBytes: 0 },
    { maxMemoBytes: 2 ** 31 },
  ])('%o are refused', (options) => {
    expect(() => checkLinearizable([], registerModel(), options)).toThrow(
      expect.objectContaining({ code: 'CASTY_SIMULATION_INVALID_OPTION' }),
    )
  })

  test('an empty history is linearizable, without a step', () => {
    const verdict = checkLinearizable([], registerModel())
    expect(verdict).toEqual({ type: 'linearizable', steps: 0, orders: [] })
  })
})
