import { describe, expect, test } from 'vitest'
import {
  checkLinearizable,
  mapModel,
  registerModel,
  type MapInput,
  type MapOutput,
  type RegisterInput,
  type RegisterOutput,
} from '@casty/simulation/linearizability'
import { timelines } from './timelines.ts'

const calls: Readonly<Record<string, readonly [RegisterInput, RegisterOutput?]>> = {
  w1: [{ type: 'write', value: 1 }, 'done'],
  w2: [{ type: 'write', value: 2 }, 'done'],
  r1: [{ type: 'read' }, 1],
  r2: [{ type: 'read' }, 2],
}

describe('a violation', () => {
  test('tells the longest order, the state it ends in, and what cannot follow', () => {
    const history = timelines(
      `a: [w1] [w2]
       b:           [r1]
       c:             [r2]`,
      calls,
    )
    const [w1, w2, r1, r2] = history
    expect(checkLinearizable(history, registerModel())).toMatchObject({
      type: 'not-linearizable',
      violation: {
        partition: { key: 'k', parts: [], operations: history },
        prefix: [
          { operation: w1, state: 1 },
          { operation: w2, state: 2 },
          { operation: r2, state: 2 },
        ],
        state: 2,
        unplaceable: [r1],
        pending: [],
      },
    })
  })

  test('is written out for people', () => {
    const history = timelines(
      `a: [w1] [w1…
       b:           [r2]`,
      calls,
    )
    const verdict = checkLinearizable(history, registerModel())
    expect(verdict.type === 'not-linearizable' && verdict.explanation.split('\n')).toEqual([
      'Partition k is not linearizable as a register.',
      'The longest order places 1 of 2 completed operations, each as [asked, answered], by order number:',
      '  [1, 4] a: write 1 → "done"   now 1',
      'The state is then 1. One of these must follow, and none can:',
      '  [11, 14] b: read → 2',
      'Placing these, whose outcome is unknown, does not help:',
      '  [6, ∞] a: write 1 → ?',
    ])
  })

  test('tells milliseconds where the moments are such', () => {
    const open = { key: 'k', input: { type: 'read' } } as const
    const outcome = { type: 'ok', output: 1, completedAt: 12_000.1 + 0.2 } as const
    const history = [{ ...open, client: 'a', invokedAt: 12_000.1, outcome }]
    const verdict = checkLinearizable(history, registerModel(), { moments: 'ms' })
    const explanation = verdict.type === 'not-linearizable' ? verdict.explanation : ''
    expect(explanation).toContain('each as [asked, answered], in milliseconds:')
    expect(explanation).toContain('[12000.1, 12000.3] a: read → 1')
  })

  test('shows the last part of a long order', () => {
    const history = timelines(`a: ${'[w1] '.repeat(100)}[r2]`, calls)
    const verdict = checkLinearizable(history, registerModel())
    const explanation = verdict.type === 'not-linearizable' ? verdict.explanation : ''
    expect(explanation).toContain('places 100 of 101 completed operations')
    expect(explanation).toContain(':\n  … 88 before\n')
    expect(explanation.split('\n').length).toBeLessThan(20)
  })

  test('names the entry of a map that is wrong, and leaves the others out', () => {
    const entries: Readonly<Record<string, readonly [MapInput, MapOutput]>> = {
      putA: [{ type: 'put', entry: 'a', value: 1 }, 'done'],
      putB: [{ type: 'put', entry: 'b', value: 1 }, 'done'],
      noB: [{ type: 'get', entry: 'b' }, null],
    }
    const verdict = checkLinearizable(timelines('a: [putA] [putB] [noB]', entries, 'm'), mapModel())
    expect(verdict).toMatchObject({
      type: 'not-linearizable',
      violation: { partition: { key: 'm', parts: ['b'], operations: { length: 2 } } },
      explanation: expect.stringMatching(/^Partition m, b is not linearizable as a map\./),
    })
  })
})
