// Programs against what a journal is for: crashes, faults at every request, two writers at once.
import type { JournalFault, JournalOperation } from '@casty/persistence'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Model, type Step } from './model.ts'

const operations: readonly JournalOperation[] = [
  'append',
  'claim',
  'highest',
  'events',
  'event',
  'saveSnapshot',
  'latestSnapshot',
  'deleteSnapshots',
  'deleteEvents',
]

const faults: fc.Arbitrary<JournalFault> = fc.oneof(
  fc.record({ type: fc.constant('refused' as const) }),
  fc.record({ type: fc.constant('full' as const) }),
  fc.record({ type: fc.constant('lost' as const), carriedOut: fc.boolean() }),
  fc.record({ type: fc.constant('silent' as const), carriedOut: fc.boolean() }),
  fc.record({ type: fc.constant('delayed' as const), byMs: fc.integer({ min: 0, max: 30_000 }) }),
)

const which = fc.nat({ max: 1 })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: record('add', { to: which, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: record('read', { from: which }) },
  { weight: 3, arbitrary: record('turns', { count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: record('pass', { ms: fc.constantFrom(0, 1, 1_000, 11_000) }) },
  {
    weight: 3,
    arbitrary: record('fail', {
      fault: faults,
      operation: fc.oneof(fc.constant('append' as const), fc.constantFrom(...operations)),
    }),
  },
  { weight: 2, arbitrary: record('start', {}) },
  { weight: 1, arbitrary: record('crash', { which }) },
  { weight: 1, arbitrary: record('shutdown', { which }) },
)

function record<T extends string, R extends Record<string, unknown>>(
  type: T,
  fields: { readonly [K in keyof R]: fc.Arbitrary<R[K]> },
): fc.Arbitrary<R & { readonly type: T }> {
  // The same fields, and one more.
  return fc.record({ type: fc.constant(type), ...fields }) as fc.Arbitrary<R & { readonly type: T }>
}

test.each([
  { hasEpochs: false, deletes: false },
  { hasEpochs: true, deletes: false },
  { hasEpochs: false, deletes: true },
  { hasEpochs: true, deletes: true },
])(
  'what is answered is never lost nor doubled, and every state is the sum of events (%o)',
  async (settings) => {
    const happened = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        for (const what of await new Model(settings).run(steps)) happened.add(what)
      }),
      { numRuns: 300, seed: 5 },
    )
    // Programs that meet none of these would prove little.
    const wanted = [
      'CASTY_PERSISTENCE_FENCED stop',
      'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE restart',
      'CASTY_PERSISTENCE_WRITE_REFUSED resume',
      'CASTY_PERSISTENCE_WRITE_UNKNOWN restart',
      'answered',
      'written, and nobody answered',
    ]
    expect([...happened]).toEqual(expect.arrayContaining(wanted))
  },
)

const faultKinds: readonly JournalFault[] = [
  { type: 'refused' },
  { type: 'full' },
  { type: 'lost', carriedOut: true },
  { type: 'lost', carriedOut: false },
  { type: 'silent', carriedOut: true },
  { type: 'silent', carriedOut: false },
  { type: 'delayed', byMs: 500 },
  { type: 'delayed', byMs: 15_000 },
]

/** Two lives of an actor that takes snapshots. */
const twoLives: readonly Step[] = [
  ...addsInPeace(6),
  { type: 'start' },
  { type: 'add', to: 0, count: 1 },
  ...[0, 1, 2].flatMap((): readonly Step[] => [
    { type: 'add', to: 1, count: 2 },
    { type: 'read', from: 1 },
    { type: 'pass', ms: 25_000 },
  ]),
]

function addsInPeace(times: number): readonly Step[] {
  return Array.from({ length: times }, (): readonly Step[] => [
    { type: 'add', to: 0, count: 1 },
    { type: 'pass', ms: 1_000 },
  ]).flat()
}

test.each(operations)(
  'a fault at any request to %s breaks none of these laws',
  async (operation) => {
    let met = 0
    for (const fault of faultKinds) {
      for (let after = 0; after < 8; after++) {
        const steps: readonly Step[] = [{ type: 'fail', fault, operation, after }, ...twoLives]
        for (const flag of [false, true]) {
          const happened = await new Model({ hasEpochs: flag, deletes: flag }).run(steps)
          if (happened.includes('fault met')) met++
        }
      }
    }
    expect(met).toBeGreaterThanOrEqual(faultKinds.length)
  },
)

test('a crash at any moment of a life breaks none of these laws', async () => {
  const unanswered = new Set<boolean>()
  for (let count = 0; count < 120; count++) {
    const happened = await new Model({ hasEpochs: false, deletes: true }).run([
      ...[1, 2, 3, 1, 2].map((size): Step => ({ type: 'add', to: 0, count: size })),
      { type: 'turns', count },
      { type: 'crash', which: 0 },
      { type: 'start' },
      { type: 'add', to: 0, count: 1 },
      { type: 'pass', ms: 1 },
    ])
    unanswered.add(happened.includes('written, and nobody answered'))
  }
  expect(unanswered).toEqual(new Set([false, true]))
})
