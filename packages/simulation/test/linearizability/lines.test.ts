import { describe, expect, test } from 'vitest'
import {
  counterModel,
  decodeHistory,
  encodeHistory,
  lockModel,
  mapModel,
  queueModel,
  registerModel,
  semaphoreModel,
  setModel,
  type History,
  type OperationShape,
  type SemaphoreInput,
  type SemaphoreOutput,
} from '@casty/simulation/linearizability'

const read = '{"client":"a","key":"k","input":{"type":"read"},"invokedAt":1,"outcome":'

/** A history of these calls, with an unknown and a failed outcome. */
function historyOf<Input, Output>(
  calls: readonly (readonly [Input, Output])[],
): History<Input, Output> {
  return calls.flatMap(([input, output], index) => {
    const open = { client: `c${index}`, key: 'k', input, invokedAt: index }
    return [
      { ...open, outcome: { type: 'ok', output, completedAt: index + 0.5 } },
      { ...open, outcome: { type: 'failed', completedAt: index } },
      { ...open, outcome: { type: 'unknown' } },
    ]
  })
}

function survives<Input, Output>(
  shape: OperationShape<Input, Output>,
  calls: readonly (readonly [Input, Output])[],
): void {
  const history = historyOf(calls)
  expect(decodeHistory(encodeHistory(history), shape)).toEqual(history)
}

describe('a history of every operation survives as text', () => {
  test('of a register', () => {
    survives(registerModel(), [
      [{ type: 'read' }, null],
      [{ type: 'write', value: 'x' }, 'done'],
      [{ type: 'compare-and-set', expected: null, value: 1 }, true],
    ])
  })

  test('of a counter', () => {
    survives(counterModel(), [
      [{ type: 'read' }, 3],
      [{ type: 'increment' }, 'done'],
      [{ type: 'decrement', by: 2 }, -1],
    ])
  })

  test('of a map', () => {
    survives(mapModel(), [
      [{ type: 'get', entry: 'a' }, null],
      [{ type: 'put', entry: 'a', value: true }, 'done'],
      [{ type: 'put-if-absent', entry: 'a', value: 1 }, false],
      [{ type: 'compare-and-set', entry: 'a', expected: null, value: 1 }, false],
      [{ type: 'remove', entry: 'a' }, true],
      [{ type: 'size' }, 0],
      [{ type: 'clear' }, 'done'],
    ])
  })

  test('of a set', () => {
    survives(setModel(), [
      [{ type: 'add', element: 'a' }, true],
      [{ type: 'remove', element: 'a' }, 'done'],
      [{ type: 'contains', element: 'a' }, false],
      [{ type: 'size' }, 0],
    ])
  })

  test('of a lock', () => {
    survives(lockModel(), [
      [{ type: 'acquire', owner: 'a' }, 1],
      [{ type: 'try-acquire', owner: 'b' }, null],
      [{ type: 'release', token: 1 }, true],
      [{ type: 'expire', owner: 'a', token: null }, false],
      [{ type: 'expire', owner: 'a', token: 3 }, true],
    ])
  })

  test('of a semaphore', () => {
    survives<SemaphoreInput, SemaphoreOutput>(semaphoreModel(2), [
      [{ type: 'acquire', owner: 'a', permits: 1 }, 'done'],
      [{ type: 'try-acquire', owner: 'b', permits: 2 }, false],
      [{ type: 'release', owner: 'a', permits: 1 }, true],
      [{ type: 'expire', owner: 'a' }, 'done'],
      [{ type: 'available' }, 2],
    ])
  })

  test('of a queue', () => {
    survives(queueModel(), [
      [{ type: 'enqueue', value: 'x' }, 'done'],
      [{ type: 'dequeue' }, 'x'],
      [{ type: 'peek' }, null],
      [{ type: 'size' }, 0],
    ])
  })
})

test('files can be joined, and empty lines do not count', () => {
  const line = `${read}{"type":"unknown"}}`
  expect(decodeHistory(`${line}\n\n${line}\r\n \n`, registerModel())).toHaveLength(2)
})

test.each([
  ['not JSON', '{"client":', 'it is not JSON'],
  ['no object', '7', 'it is not an object'],
  ['no client', '{"key":"k"}', 'client is not a string'],
  ['no key', '{"client":"a"}', 'key is not a string'],
  ['an unknown input', '{"client":"a","key":"k","input":{"type":"toString"}}', 'input is not'],
  ['a field missing', '{"client":"a","key":"k","input":{"type":"write"}}', 'input is not'],
  ['no moment', '{"client":"a","key":"k","input":{"type":"read"}}', 'invokedAt is not'],
  ['no outcome', `${read}null}`, 'outcome is not an object'],
  ['no completion', `${read}{"type":"ok","output":1}}`, 'completedAt is not'],
  ['a strange outcome', `${read}{"type":"maybe","completedAt":2}}`, 'outcome has an unknown type'],
  ['no output', `${read}{"type":"ok","completedAt":2}}`, 'output is not of the model'],
  ['a strange output', `${read}{"type":"ok","output":{},"completedAt":2}}`, 'output is not'],
])('a line is refused by its number, with %s', (_what, line, problem) => {
  const text = `${read}{"type":"unknown"}}\n${line}`
  expect(() => decodeHistory(text, registerModel())).toThrow(
    expect.objectContaining({
      code: 'CASTY_SIMULATION_HISTORY_LINE',
      message: expect.stringContaining(`Line 2 is no operation: ${problem}`),
    }),
  )
})

test('moments that no operation can have are refused', () => {
  const line = `${read}{"type":"failed","completedAt":0}}`
  expect(() => decodeHistory(line, registerModel())).toThrow(
    expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_INVALID' }),
  )
})
