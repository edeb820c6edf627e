// Histories of up to seven calls: answered at random, by a real object, or by one that erred once.
import fc from 'fast-check'
import type { History, Operation, OperationOutcome } from '@casty/simulation/linearizability'
import type { RealObject } from './real-objects.ts'

export interface Calls<Input, Output> {
  readonly input: fc.Arbitrary<Input>
  readonly output: fc.Arbitrary<Output>
  readonly create: () => RealObject<Input, Output>
}

const maxCalls = 7
const ends = fc.oneof(
  { arbitrary: fc.constant('ok' as const), weight: 8 },
  { arbitrary: fc.constant('unknown' as const), weight: 2 },
  { arbitrary: fc.constant('failed' as const), weight: 1 },
)

/** Where a call lies in time: short numbers, so that many moments coincide. */
const span = fc.record({
  invokedAt: fc.nat({ max: 12 }),
  untilEffect: fc.nat({ max: 3 }),
  untilCompletion: fc.nat({ max: 3 }),
  end: ends,
  // Of an unknown outcome: whether, and how much later than it could have been answered.
  tookEffect: fc.boolean(),
  delay: fc.nat({ max: 8 }),
})

/** Anything may answer anything: mostly not linearizable. */
export function arbitraryHistories<Input, Output>({
  input,
  output,
}: Calls<Input, Output>): fc.Arbitrary<History<Input, Output>> {
  const call = fc.record({ input, output, span })
  return fc.array(call, { maxLength: maxCalls }).map((calls) =>
    calls.map(({ input: asked, output: answer, span: at }, index) => {
      const completedAt = at.invokedAt + at.untilEffect + at.untilCompletion
      return operation(index, asked, at.invokedAt, outcomeOf(at.end, answer, completedAt))
    }),
  )
}

/** A real object is called at one moment of each interval: linearizable by construction. */
export function linearizableHistories<Input, Output>({
  input,
  create,
}: Calls<Input, Output>): fc.Arbitrary<History<Input, Output>> {
  return fc.array(fc.record({ input, span }), { maxLength: maxCalls }).map((calls) => {
    const object = create()
    return calls
      .map((call, index) => ({ ...call, index, effectAt: effectOf(call.span) }))
      .toSorted((a, b) => a.effectAt - b.effectAt)
      .map(({ input: asked, span: at, index }) => {
        const performed = at.end === 'ok' || (at.end === 'unknown' && at.tookEffect)
        const answer = performed ? object(asked) : undefined
        const completedAt = at.invokedAt + at.untilEffect + at.untilCompletion
        return operation(index, asked, at.invokedAt, outcomeOf(at.end, answer, completedAt))
      })
  })
}

/** A real object's histories with one answer replaced: near the border between good and bad. */
export function mutatedHistories<Input, Output>(
  calls: Calls<Input, Output>,
): fc.Arbitrary<History<Input, Output>> {
  return fc
    .tuple(linearizableHistories(calls), fc.nat(), calls.output)
    .map(([history, draw, output]) => {
      const answered = history.filter(({ outcome }) => outcome.type === 'ok')
      const chosen = answered[draw % Math.max(answered.length, 1)]
      return history.map((call) =>
        call === chosen && call.outcome.type === 'ok'
          ? { ...call, outcome: { ...call.outcome, output } }
          : call,
      )
    })
}

function effectOf(at: { invokedAt: number; untilEffect: number; end: string; delay: number }) {
  return at.invokedAt + at.untilEffect + (at.end === 'unknown' ? at.delay : 0)
}

function outcomeOf<Output>(
  end: 'ok' | 'unknown' | 'failed',
  output: Output | undefined,
  completedAt: number,
): OperationOutcome<Output> {
  if (end === 'failed') return { type: 'failed', completedAt }
  if (end === 'unknown' || output === undefined) return { type: 'unknown' }
  return { type: 'ok', output, completedAt }
}

function operation<Input, Output>(
  index: number,
  input: Input,
  invokedAt: number,
  outcome: OperationOutcome<Output>,
): Operation<Input, Output> {
  return { client: `c${index}`, key: 'k', input, invokedAt, outcome }
}
