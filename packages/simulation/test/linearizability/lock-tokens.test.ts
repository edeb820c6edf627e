import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { linearizableHistories, mutatedHistories } from './generated.ts'
import { realLock } from './real-objects.ts'
import {
  checkLinearizable,
  checkLockTokens,
  lockModel,
  type History,
  type LockInput,
  type LockOutput,
} from '@casty/simulation/linearizability'
import { timelines } from './timelines.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
const settings = {
  ...(process.env['CASTY_SEED'] !== undefined && { seed: Number(process.env['CASTY_SEED']) }),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 1_000),
}

const calls: Readonly<Record<string, readonly [LockInput, LockOutput?]>> = {
  acq1: [{ type: 'acquire', owner: 'a' }, 1],
  acq2: [{ type: 'acquire', owner: 'b' }, 2],
  acq3: [{ type: 'try-acquire', owner: 'c' }, 3],
  no: [{ type: 'try-acquire', owner: 'c' }, null],
  rel1: [{ type: 'release', token: 1 }, true],
  rel2: [{ type: 'release', token: 2 }, true],
  exp1: [{ type: 'expire', owner: 'a', token: 1 }],
}

describe('the tokens of a lock', () => {
  test.each([
    [
      'grow with each grant',
      [],
      `a: [acq1] [rel1]         [no]
       b:           [acq2]
       c:                              `,
    ],
    [
      'may pass on when a lease may have run out',
      [],
      `a: [acq1]
       s:         [exp1…
       b:           [acq2] [rel2]
       c:                          [acq3]`,
    ],
    [
      'may pass on when somebody else ends a hold before its answer arrives',
      [],
      `a: [acq1                    ]
       s:       [rel1]
       b:              [acq2]`,
    ],
    [
      'are not given twice',
      ['token-reused'],
      `a: [acq1] [rel1]
       b:                [acq1]`,
    ],
    [
      'do not go back',
      ['token-went-back'],
      `b: [acq2] [rel2]
       a:                [acq1]`,
    ],
    [
      'do not pass on before the release',
      ['holds-overlap'],
      `a: [acq1]          [rel1]
       b:         [acq2]`,
    ],
    [
      'do not pass on before the lease may have run out',
      ['holds-overlap'],
      `a: [acq1]
       b:         [acq2]
       s:                  [exp1…`,
    ],
    [
      'count a hold against all later ones',
      ['holds-overlap', 'holds-overlap'],
      `a: [acq1]
       b:         [acq2] [rel2]
       c:                        [acq3]`,
    ],
    [
      'do not count a release that failed',
      ['holds-overlap'],
      `a: [acq1] [rel1!
       b:                [acq2]`,
    ],
  ])('%s', (_sentence, rules, picture) => {
    const violations = checkLockTokens(timelines(picture, calls))
    expect(violations.map(({ rule }) => rule)).toEqual(rules)
  })

  test('are told with the key, both operations, and a sentence', () => {
    const history = timelines(
      `a: [acq1]
       b:         [acq2]`,
      calls,
      'ledger',
    )
    expect(checkLockTokens(history)).toEqual([
      {
        rule: 'holds-overlap',
        key: 'ledger',
        message:
          'Lock ledger was granted to b with token 2 by 14, while token 1 of a was in force without end.',
        operations: history,
      },
    ])
  })

  test('of different locks have nothing to do with each other', () => {
    const one = timelines('a: [acq1]', calls, 'one')
    const two = timelines('b:         [acq1]', calls, 'two')
    expect(checkLockTokens([...one, ...two])).toEqual([])
  })
})

const owner = fc.constantFrom('a', 'b')
const token = fc.integer({ min: 1, max: 3 })
const generated = {
  // Mostly grants, mostly answered with a token: the rules are about two of them.
  input: fc.oneof(
    { arbitrary: fc.record({ type: fc.constant('acquire' as const), owner }), weight: 4 },
    { arbitrary: fc.record({ type: fc.constant('release' as const), token }), weight: 2 },
    { arbitrary: fc.record({ type: fc.constant('expire' as const), owner, token }), weight: 1 },
  ),
  output: fc.oneof({ arbitrary: token, weight: 4 }, { arbitrary: fc.constant(null), weight: 1 }),
  create: realLock,
}

test('a real lock breaks no rule', () => {
  fc.assert(
    fc.property(linearizableHistories(generated), (history) => {
      expect(checkLockTokens(history)).toEqual([])
    }),
    settings,
  )
})

test('whatever breaks a rule is not linearizable either', () => {
  let broken = 0
  fc.assert(
    fc.property(mutatedHistories(generated), (history) => {
      if (checkLockTokens(history).length === 0) return
      broken++
      expect(checkLinearizable(history, lockModel()).type).toBe('not-linearizable')
    }),
    settings,
  )
  expect(broken).toBeGreaterThan(0)
})

/** Grants that were all answered, each released at most once by a release that was answered. */
const grants: fc.Arbitrary<History<LockInput, LockOutput>> = fc
  .array(
    fc.record({
      token: fc.integer({ min: 1, max: 5 }),
      invokedAt: fc.nat({ max: 20 }),
      length: fc.nat({ max: 5 }),
      held: fc.option(fc.nat({ max: 8 }), { nil: undefined }),
      releaseLength: fc.nat({ max: 3 }),
    }),
    { maxLength: 4 },
  )
  .map((holds) =>
    holds.flatMap((hold, index): History<LockInput, LockOutput> => {
      const open = { client: `c${index}`, key: 'k' }
      const from = hold.invokedAt + hold.length
      const acquire = {
        ...open,
        input: { type: 'acquire', owner: open.client },
        invokedAt: hold.invokedAt,
        outcome: { type: 'ok', output: hold.token, completedAt: from },
      } as const
      if (hold.held === undefined) return [acquire]
      const release = {
        ...open,
        input: { type: 'release', token: hold.token },
        invokedAt: from + hold.held,
        outcome: { type: 'ok', output: true, completedAt: from + hold.held + hold.releaseLength },
      } as const
      return [acquire, release]
    }),
  )

test('where every grant and release was answered, the rules decide as the search does', () => {
  const seen = { linearizable: 0, 'not-linearizable': 0, unknown: 0 }
  fc.assert(
    fc.property(grants, (history) => {
      const { type } = checkLinearizable(history, lockModel())
      expect(checkLockTokens(history).length === 0).toBe(type === 'linearizable')
      seen[type]++
    }),
    settings,
  )
  expect(seen.linearizable).toBeGreaterThan(0)
  expect(seen['not-linearizable']).toBeGreaterThan(0)
})
