import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { isLinearizableByDefinition } from './brute-force.ts'
import {
  arbitraryHistories,
  linearizableHistories,
  mutatedHistories,
  type Calls,
} from './generated.ts'
import {
  realCounter,
  realLock,
  realMap,
  realQueue,
  realRegister,
  realSemaphore,
  realSet,
} from './real-objects.ts'
import {
  checkLinearizable,
  counterModel,
  illegal,
  lockModel,
  mapModel,
  queueModel,
  registerModel,
  semaphoreModel,
  setModel,
  type CounterInput,
  type CounterOutput,
  type History,
  type LockInput,
  type LockOutput,
  type MapInput,
  type MapOutput,
  type Model,
  type Operation,
  type QueueInput,
  type QueueOutput,
  type RegisterInput,
  type RegisterOutput,
  type SemaphoreInput,
  type SemaphoreOutput,
  type SetInput,
  type SetOutput,
} from '@casty/simulation/linearizability'
import { isProof } from './timelines.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
const settings = {
  ...(process.env['CASTY_SEED'] !== undefined && { seed: Number(process.env['CASTY_SEED']) }),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 1_000),
}

const digit = fc.integer({ min: 0, max: 2 })
const name = fc.constantFrom('a', 'b')
const type = <const Type extends string>(value: Type): fc.Arbitrary<Type> => fc.constant(value)
const sure = fc.constantFrom(true, false)

laws<number | string | boolean | null, RegisterInput, RegisterOutput>(registerModel(), {
  input: fc.oneof(
    fc.record({ type: type('read') }),
    fc.record({ type: type('write'), value: digit }),
    fc.record({ type: type('compare-and-set'), expected: digit, value: digit }),
  ),
  output: fc.oneof(digit, fc.constant(null), sure, fc.constant('done')),
  create: realRegister,
})

laws<number, CounterInput, CounterOutput>(counterModel(), {
  input: fc.oneof(
    fc.record({ type: type('read') }),
    fc.record({ type: type('increment') }),
    fc.record({ type: type('decrement'), by: digit }),
  ),
  output: fc.oneof(digit, type('done')),
  create: realCounter,
})

laws<ReadonlyMap<string, unknown>, MapInput, MapOutput>(mapModel(), {
  input: fc.oneof(
    fc.record({ type: type('get'), entry: name }),
    fc.record({ type: type('put'), entry: name, value: digit }),
    fc.record({ type: type('put-if-absent'), entry: name, value: digit }),
    fc.record({ type: type('compare-and-set'), entry: name, expected: digit, value: digit }),
    fc.record({ type: type('remove'), entry: name }),
    // Rare, so that most maps are searched by entry.
    fc.constantFrom<MapInput>({ type: 'get', entry: 'a' }, { type: 'size' }, { type: 'clear' }),
  ),
  output: fc.oneof(digit, fc.constant(null), sure, fc.constant('done')),
  create: realMap,
})

laws<ReadonlySet<string>, SetInput, SetOutput>(setModel(), {
  input: fc.oneof(
    fc.record({ type: type('add'), element: name }),
    fc.record({ type: type('remove'), element: name }),
    fc.record({ type: type('contains'), element: name }),
    fc.constantFrom<SetInput>({ type: 'contains', element: 'a' }, { type: 'size' }),
  ),
  output: fc.oneof(sure, digit, type('done')),
  create: realSet,
})

laws<unknown, LockInput, LockOutput>(lockModel(), {
  input: fc.oneof(
    fc.record({ type: type('acquire'), owner: name }),
    fc.record({ type: type('try-acquire'), owner: name }),
    fc.record({ type: type('release'), token: fc.integer({ min: 1, max: 3 }) }),
    fc.record({
      type: type('expire'),
      owner: name,
      token: fc.constantFrom(null, 1, 2),
    }),
  ),
  output: fc.oneof(fc.integer({ min: 0, max: 3 }), sure, fc.constant(null)),
  create: realLock,
})

laws<ReadonlyMap<string, number>, SemaphoreInput, SemaphoreOutput>(semaphoreModel(2), {
  input: fc.oneof(
    fc.record({ type: type('acquire'), owner: name, permits: fc.constantFrom(1, 2) }),
    fc.record({ type: type('try-acquire'), owner: name, permits: fc.constantFrom(1, 2) }),
    fc.record({ type: type('release'), owner: name, permits: fc.constantFrom(1, 2) }),
    fc.record({ type: type('expire'), owner: name }),
    fc.record({ type: type('available') }),
  ),
  output: fc.oneof(sure, digit, type('done')),
  create: () => realSemaphore(2),
})

laws<readonly unknown[], QueueInput, QueueOutput>(queueModel(), {
  input: fc.oneof(
    fc.record({ type: type('enqueue'), value: digit }),
    fc.record({ type: type('dequeue') }),
    fc.record({ type: type('peek') }),
    fc.record({ type: type('size') }),
  ),
  output: fc.oneof(digit, fc.constant(null), type('done')),
  create: realQueue,
})

interface Accounts {
  readonly a: number
  readonly b: number
  readonly c: number
}
type BankInput =
  | { readonly type: 'balance'; readonly of: keyof Accounts }
  | { readonly type: 'move'; readonly from: keyof Accounts; readonly to: keyof Accounts }

/** A user's own model, whose operations may connect the parts they touch. */
const bankModel: Model<Accounts, BankInput, number> = {
  name: 'bank',
  initial: { a: 1, b: 1, c: 1 },
  step: (accounts, input, output) => {
    if (input.type === 'balance') {
      return output === undefined || output === accounts[input.of] ? accounts : illegal
    }
    const { from, to } = input
    if (from === to) return accounts
    return { ...accounts, [from]: accounts[from] - 1, [to]: accounts[to] + 1 }
  },
  stateKey: ({ a, b, c }) => `${a},${b},${c}`,
  partition: (input) => (input.type === 'balance' ? [input.of] : [input.from, input.to]),
  describe: (input) => input.type,
}

function realBank(): (input: BankInput) => number {
  const accounts = { a: 1, b: 1, c: 1 }
  return (input) => {
    if (input.type === 'balance') return accounts[input.of]
    accounts[input.from]--
    accounts[input.to]++
    return 0
  }
}

const account = fc.constantFrom('a', 'b', 'c')
const balance = fc.record({ type: type('balance'), of: account })
laws<Accounts, BankInput, number>(bankModel, {
  input: fc.oneof(
    { arbitrary: balance, weight: 3 },
    { arbitrary: fc.record({ type: type('move'), from: account, to: account }), weight: 1 },
  ),
  output: digit,
  create: realBank,
})

function laws<State, Input, Output>(
  model: Model<State, Input, Output>,
  calls: Calls<Input, Output>,
): void {
  describe(`the verdict on a ${model.name}`, () => {
    test('agrees with the definition, whatever was answered', () => {
      const seen = agreement(model, arbitraryHistories(calls))
      expect(seen['linearizable']).toBeGreaterThan(0)
      expect(seen['not-linearizable']).toBeGreaterThan(0)
    })

    test('agrees with the definition where a real object erred once', () => {
      const seen = agreement(model, mutatedHistories(calls))
      expect(seen['linearizable']).toBeGreaterThan(0)
      expect(seen['not-linearizable']).toBeGreaterThan(0)
    })

    test('is linearizable for whatever a real object answers, with an order as proof', () => {
      fc.assert(
        fc.property(linearizableHistories(calls), (history) => {
          const verdict = checkLinearizable(history, model)
          expect(verdict).toMatchObject({ type: 'linearizable' })
          const orders = verdict.type === 'linearizable' ? verdict.orders : []
          const placed = new Set(orders.flat())
          for (const order of orders) {
            // What is of the same partition and was not placed is of unknown outcome, or failed.
            expect(isProof(order, order, model)).toBe(true)
          }
          const answered = history.filter(({ outcome }) => outcome.type === 'ok')
          expect(answered.every((operation) => placed.has(operation))).toBe(true)
        }),
        settings,
      )
    })
  })
}

/** Compares checker and definition, and counts the verdicts. */
function agreement<State, Input, Output>(
  model: Model<State, Input, Output>,
  histories: fc.Arbitrary<History<Input, Output>>,
): Record<'linearizable' | 'not-linearizable' | 'unknown', number> {
  const seen = { linearizable: 0, 'not-linearizable': 0, unknown: 0 }
  fc.assert(
    fc.property(histories, (drawn) => {
      const history = drawn.filter((operation) => isRecordable(operation, model))
      const { type: verdict } = checkLinearizable(history, model)
      const expected = isLinearizableByDefinition(history, model)
      expect(verdict).toBe(expected ? 'linearizable' : 'not-linearizable')
      seen[verdict]++
    }),
    settings,
  )
  return seen
}

/** Operations that always answer the same are refused with any other answer. */
function isRecordable<State, Input, Output>(
  { input, outcome }: Operation<Input, Output>,
  model: Model<State, Input, Output>,
): boolean {
  return outcome.type !== 'ok' || model.demands?.(input, outcome.output) === undefined
}
