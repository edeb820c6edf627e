import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { arbitraryHistories, linearizableHistories, mutatedHistories } from './generated.ts'
import type { RealObject } from './real-objects.ts'
import {
  checkLinearizable,
  checkVersionedRegister,
  illegal,
  type History,
  type Model,
  type Scalar,
  type VersionedInput,
  type VersionedOutput,
} from '@casty/simulation/linearizability'
import { timelines } from './timelines.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
const settings = {
  ...(process.env['CASTY_SEED'] !== undefined && { seed: Number(process.env['CASTY_SEED']) }),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 2_000),
}

const calls: Readonly<Record<string, readonly [VersionedInput, VersionedOutput?]>> = {
  w1: [{ type: 'write', value: 'x' }, 1],
  w2: [{ type: 'write', value: 'y' }, 2],
  r0: [{ type: 'read' }, { value: null, version: 0 }],
  r1: [{ type: 'read' }, { value: 'x', version: 1 }],
  r2: [{ type: 'read' }, { value: 'y', version: 2 }],
  odd1: [{ type: 'read' }, { value: 'y', version: 1 }],
}

describe('the versions of a register', () => {
  test.each([
    ['may be read in their order', [], `a: [r0] [w1] [r1] [w2] [r2]`],
    [
      'order writes that overlap',
      [],
      `a: [w2       ]
       b: [w1       ] [r2]`,
    ],
    ['are not read stale', ['version-went-back'], `a: [w1] [w2] [r1]`],
    [
      'do not go back between readers',
      ['version-went-back'],
      `a: [w1] [w2           ]
       b:        [r2] [r1]`,
    ],
    ['grow with each write', ['version-went-back'], `a: [w2] [w1]`],
    [
      'are not read before they are asked for',
      ['version-went-back'],
      `a:       [w1]
       b: [r1]`,
    ],
    [
      'are not given twice',
      ['version-reused'],
      `a: [w1    ]
       b: [w1    ]`,
    ],
    ['have one value', ['version-ambiguous'], `a: [w1] [odd1]`],
    ['come from a write', ['version-invented'], `a: [w1] [r2]`],
    [
      'may come from a write nobody heard of',
      [],
      `a: [w2…
       b:       [w1] [r2] [r2]`,
    ],
    [
      'come from such a write only after it was asked for',
      ['version-went-back'],
      `a:        [w2…
       b: [r2]`,
    ],
    [
      'do not come from a write that failed',
      ['version-invented'],
      `a: [w2!
       b:       [r2]`,
    ],
  ])('%s', (_sentence, rules, picture) => {
    const violations = checkVersionedRegister(timelines(picture, calls))
    expect(violations.map(({ rule }) => rule)).toEqual(rules)
  })

  test('are told with the key, the operations, and a sentence', () => {
    const history = timelines('a: [w1] [w2] [r1]', calls, 'cart')
    expect(checkVersionedRegister(history)).toEqual([
      {
        rule: 'version-went-back',
        key: 'cart',
        message:
          'cart: version 1 came although what was over before stands at or above it ' +
          '(write of a at 6, read of a at 11).',
        operations: history.slice(1),
      },
    ])
  })

  test('refuse an answer of the wrong kind', () => {
    const wrong = { x: [{ type: 'read' }, 1] } as const
    expect(() => checkVersionedRegister(timelines('a: [x]', wrong))).toThrow(
      expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_INVALID' }),
    )
  })
})

interface VersionedState {
  readonly value: Scalar | null
  readonly version: number
  /** False after a write whose version nobody was told: it is at least `version`. */
  readonly exact: boolean
}

/** The same register for the search, which knows nothing of orders. */
const model: Model<VersionedState, VersionedInput, VersionedOutput> = {
  name: 'versioned register',
  initial: { value: null, version: 0, exact: true },
  step: (state, input, output) => {
    if (input.type === 'write') {
      if (output === undefined)
        return { value: input.value, version: state.version + 1, exact: false }
      if (typeof output !== 'number' || output <= state.version) return illegal
      return { value: input.value, version: output, exact: true }
    }
    if (output === undefined) return state
    if (typeof output !== 'object' || output.value !== state.value) return illegal
    if (state.exact) return output.version === state.version ? state : illegal
    return output.version >= state.version ? { ...output, exact: true } : illegal
  },
  stateKey: ({ value, version, exact }) => JSON.stringify([value, version, exact]),
  describe: (input) => input.type,
}

function realVersioned(): RealObject<VersionedInput, VersionedOutput> {
  let value: Scalar | null = null
  let version = 0
  return (input) => {
    if (input.type === 'read') return { value, version }
    value = input.value
    return ++version
  }
}

const value = fc.constantFrom('x', 'y')
const version = fc.integer({ min: 0, max: 4 })
const reads = {
  input: fc.oneof(
    fc.record({ type: fc.constant('read' as const) }),
    fc.record({ type: fc.constant('write' as const), value }),
  ),
  output: fc.oneof(
    fc.record({ value: fc.option(value), version }) as fc.Arbitrary<VersionedOutput>,
    version,
  ),
  create: realVersioned,
}

/** Answers of the kind that the call has, since others are refused. */
function ofKind(
  history: History<VersionedInput, VersionedOutput>,
): History<VersionedInput, VersionedOutput> {
  return history.map((call) => {
    if (call.outcome.type !== 'ok') return call
    const { output } = call.outcome
    const version = typeof output === 'number' ? output : output.version
    const known = typeof output === 'number' ? 'x' : output.value
    const fitting = call.input.type === 'write' ? version : { value: known, version }
    return { ...call, outcome: { ...call.outcome, output: fitting } }
  })
}

test.each([
  ['whatever was answered', arbitraryHistories(reads)],
  ['where a real register erred once', mutatedHistories(reads)],
  ['for a real register', linearizableHistories(reads)],
])('the rules decide as the search does, %s', (sentence, histories) => {
  const seen = { linearizable: 0, 'not-linearizable': 0, unknown: 0 }
  fc.assert(
    fc.property(histories.map(ofKind), (history) => {
      const { type } = checkLinearizable(history, model)
      expect(checkVersionedRegister(history).length === 0).toBe(type === 'linearizable')
      seen[type]++
    }),
    settings,
  )
  expect(seen.linearizable).toBeGreaterThan(0)
  expect(seen['not-linearizable'] > 0).toBe(sentence !== 'for a real register')
})
