import { describe, expect, test } from 'vitest'
import {
  checkLinearizable,
  counterModel,
  HistoryRecorder,
  registerModel,
  type CounterInput,
  type CounterOutput,
  type RegisterInput,
  type RegisterOutput,
} from '@casty/simulation/linearizability'

const read: CounterInput = { type: 'read' }
const increment: CounterInput = { type: 'increment' }

function counterRecorder(): HistoryRecorder<CounterInput, CounterOutput> {
  return new HistoryRecorder()
}

describe('a recorder', () => {
  test('numbers invocations and completions in the order of its calls', () => {
    const recorder = counterRecorder()
    const first = recorder.invoke('a', 'visits', increment)
    const second = recorder.invoke('b', 'visits', read)
    second.ok(0)
    first.ok(1)
    expect(recorder.history()).toEqual([
      {
        client: 'a',
        key: 'visits',
        input: increment,
        invokedAt: 1,
        outcome: { type: 'ok', output: 1, completedAt: 4 },
      },
      {
        client: 'b',
        key: 'visits',
        input: read,
        invokedAt: 2,
        outcome: { type: 'ok', output: 0, completedAt: 3 },
      },
    ])
  })

  test('records what failed with its completion, and what is unknown without', () => {
    const recorder = counterRecorder()
    recorder.invoke('a', 'visits', increment).failed()
    recorder.invoke('a', 'visits', increment).unknown()
    expect(recorder.history().map(({ outcome }) => outcome)).toEqual([
      { type: 'failed', completedAt: 2 },
      { type: 'unknown' },
    ])
  })

  test('takes what is still open for unknown', () => {
    const recorder = counterRecorder()
    recorder.invoke('a', 'visits', increment)
    expect(recorder.history()[0]?.outcome).toEqual({ type: 'unknown' })
  })

  test('gives histories that later calls do not change', () => {
    const recorder = counterRecorder()
    const open = recorder.invoke('a', 'visits', increment)
    const before = recorder.history()
    open.ok(1)
    recorder.invoke('a', 'visits', read)
    expect(before).toMatchObject([{ outcome: { type: 'unknown' } }])
  })

  test('takes its order from a given clock, where what it cannot tell apart is concurrent', () => {
    let now = 5
    const recorder = new HistoryRecorder<CounterInput, CounterOutput>({ now: () => now })
    recorder.invoke('a', 'visits', increment).ok(1)
    recorder.invoke('b', 'visits', read).ok(0)
    expect(checkLinearizable(recorder.history(), counterModel()).type).toBe('linearizable')
    now = 6
    recorder.invoke('b', 'visits', read).ok(0)
    expect(checkLinearizable(recorder.history(), counterModel()).type).toBe('not-linearizable')
  })
})

describe('a recorder refuses', () => {
  test('a client that invokes while its last operation is open', () => {
    const recorder = counterRecorder()
    const open = recorder.invoke('a', 'visits', read)
    expect(() => recorder.invoke('a', 'others', read)).toThrow(
      expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_CLIENT_BUSY' }),
    )
    open.unknown()
    recorder.invoke('a', 'others', read)
    expect(recorder.history()).toHaveLength(2)
  })

  test.each(['ok', 'failed', 'unknown'] as const)('a second outcome: %s', (second) => {
    const recorder = counterRecorder()
    const open = recorder.invoke('a', 'visits', read)
    open.ok(0)
    recorder.invoke('a', 'visits', increment)
    expect(() => open[second](0)).toThrow(
      expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_SETTLED' }),
    )
    expect(recorder.history()).toMatchObject([
      { outcome: { type: 'ok', output: 0 } },
      { outcome: { type: 'unknown' } },
    ])
  })

  test('an answer of undefined, which would check nothing', () => {
    const recorder = new HistoryRecorder<CounterInput, CounterOutput | undefined>()
    const open = recorder.invoke('a', 'visits', read)
    expect(() => open.ok(undefined)).toThrow(
      expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_INVALID' }),
    )
    open.ok(0)
    expect(recorder.history()).toMatchObject([{ outcome: { type: 'ok', output: 0 } }])
  })

  test.each([3, Number.NaN, Infinity])('a clock that goes from 4 to %d', (later) => {
    const moments = [4, later]
    const now = (): number => moments.shift() ?? 0
    const recorder = new HistoryRecorder<CounterInput, CounterOutput>({ now })
    const open = recorder.invoke('a', 'visits', read)
    expect(() => open.ok(0)).toThrow(
      expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_INVALID' }),
    )
  })
})

test.each([
  { invokedAt: 2, completedAt: 1 },
  { invokedAt: Number.NaN, completedAt: 1 },
  { invokedAt: 1, completedAt: Number.NaN },
])('a check refuses the moments %o', ({ invokedAt, completedAt }) => {
  const outcome = { type: 'ok', output: 0, completedAt } as const
  const history = [{ client: 'a', key: 'k', input: read, invokedAt, outcome }]
  expect(() => checkLinearizable(history, counterModel())).toThrow(
    expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_INVALID' }),
  )
})

describe('a check refuses', () => {
  const invalid = (message: string): unknown =>
    expect.objectContaining({
      code: 'CASTY_SIMULATION_HISTORY_INVALID',
      message: expect.stringContaining(message),
    })
  const open = { client: 'alice', key: 'greeting', invokedAt: 1 } as const
  const write = { ...open, input: { type: 'write', value: 'hello' } } as const

  test('an operation that the object does not have, even one that failed', () => {
    const text = '[{ "type": "wirte", "value": "hello" }, { "type": "write" }, "write"]'
    const inputs = JSON.parse(text) as readonly RegisterInput[] // Wrong on purpose.
    const check = (input: RegisterInput | undefined): unknown => {
      if (input === undefined) return undefined
      const outcome = { type: 'failed', completedAt: 2 } as const
      return checkLinearizable([{ ...open, input, outcome }], registerModel())
    }
    const where = 'of client alice on greeting, invoked at 1, is no operation of a register'
    expect(() => check(inputs[0])).toThrow(invalid(`The operation 'wirte' ${where}`))
    expect(() => check(inputs[1])).toThrow(invalid(`The operation 'write' ${where}`))
    expect(() => check(inputs[2])).toThrow(invalid(`The operation of type string ${where}`))
  })

  test('an answer that no object of the kind gives', () => {
    const output = JSON.parse('{}') as RegisterOutput // Wrong on purpose.
    const outcome = { type: 'ok', output, completedAt: 2 } as const
    const history = [{ ...open, input: { type: 'read' } as const, outcome }]
    expect(() => checkLinearizable(history, registerModel())).toThrow(
      invalid(
        "The operation 'read' of client alice on greeting, invoked at 1, answered of type object",
      ),
    )
  })

  test.each([null, true, 'hello'])('a write that was recorded as answering %j', (output) => {
    const outcome = { type: 'ok', output, completedAt: 2 } as const
    expect(() => checkLinearizable([{ ...write, outcome }], registerModel())).toThrow(
      invalid("Allowed: a write answers 'done'."),
    )
  })
})
