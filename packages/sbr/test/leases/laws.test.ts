import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LeaseRequest, ProgrammedAnswer, StoredLease } from '@casty/sbr'
import { MachineClock, World } from './world.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
const runs = {
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 500),
}

const owners = ['a', 'b', 'c'] as const

type Action =
  | {
      readonly type:
        | 'acquire'
        | 'acquire-and-abort'
        | 'release'
        | 'pause'
        | 'resume'
        | 'cut'
        | 'mend'
    }
  | { readonly type: 'answer'; readonly request: LeaseRequest; readonly answer: ProgrammedAnswer }

interface Step {
  readonly owner: number
  readonly action: Action
  readonly thenMs: number
}

const answers = fc.oneof(
  fc.record({
    type: fc.constantFrom('late' as const, 'delayed' as const),
    byMs: fc.integer({ min: 1, max: 40_000 }),
  }),
  fc.record({ type: fc.constant('unanswered' as const), carriedOut: fc.boolean() }),
  fc.constantFrom({ type: 'denied' as const }, { type: 'failed' as const }),
)

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'acquire' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'acquire-and-abort',
        'release',
        'pause',
        'resume',
        'resume',
        'cut',
        'mend',
        'mend',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('answer' as const),
      request: fc.constantFrom('acquire', 'renew', 'release'),
      answer: answers,
    }),
  },
)

const histories = fc.record({
  latencyMs: fc.constantFrom(0, 1, 700),
  rates: fc.array(fc.double({ min: 0.99, max: 1.01, noNaN: true }), { minLength: 3, maxLength: 3 }),
  steps: fc.array(
    fc.record({
      owner: fc.integer({ min: 0, max: 2 }),
      action: actions,
      thenMs: fc.constantFrom(0, 1, 900, 5_000, 9_000, 31_000),
    }),
    { minLength: 5, maxLength: 40, size: 'max' },
  ),
})

/** Three owners with clocks of their own, whose beliefs are looked at after everything that happens. */
class Rivalry {
  readonly world: World
  readonly #clocks: readonly MachineClock[]
  readonly #leases: readonly StoredLease[]
  readonly fences: bigint[] = []
  mostBelievers = 0

  constructor(latencyMs: number, rates: readonly number[]) {
    this.world = new World({ latencyMs })
    this.#clocks = rates.map((rate) => new MachineClock(this.world.clock, rate))
    this.#leases = owners.map((owner, index) => {
      const clock = this.#clocks[index]
      return this.world.lease(owner, clock ? { clock } : {})
    })
  }

  async run({ owner, action, thenMs }: Step): Promise<void> {
    const [lease, clock] = [this.#leases[owner], this.#clocks[owner]]
    if (lease && clock) this.#act(owners[owner] ?? 'a', lease, clock, action)
    this.#look()
    await this.world.clock.advanceAsync(thenMs, () => this.#look())
    this.#look()
  }

  #act(owner: string, lease: StoredLease, clock: MachineClock, action: Action): void {
    const { leases } = this.world
    switch (action.type) {
      case 'acquire':
        return ignore(lease.acquire())
      case 'acquire-and-abort': {
        const abort = new AbortController()
        ignore(lease.acquire({ signal: abort.signal }))
        this.world.clock.schedule(3, () => abort.abort(new Error('changed my mind')))
        return
      }
      case 'release':
        return ignore(lease.release())
      case 'pause':
        return clock.pause()
      case 'resume':
        return clock.resume()
      case 'cut':
        return leases.cut(owner)
      case 'mend':
        return leases.mend(owner)
      case 'answer':
        return leases.answerNext(action.answer, { request: action.request, owner })
    }
  }

  #look(): void {
    const believers = this.#leases.filter((lease) => lease.checkLease())
    this.mostBelievers = Math.max(this.mostBelievers, believers.length)
    for (const { fence } of believers) {
      if (fence !== undefined && this.fences.at(-1) !== fence) this.fences.push(fence)
    }
  }
}

function ignore(work: Promise<unknown>): void {
  work.catch(() => {}) // What is looked at is who believes to hold the lease.
}

test('whatever is late, lost, cut or paused: never two believe, and fences only grow', async () => {
  let held = 0
  await fc.assert(
    fc.asyncProperty(histories, async ({ latencyMs, rates, steps }) => {
      const rivalry = new Rivalry(latencyMs, rates)
      for (const step of steps) await rivalry.run(step)
      const { fences, mostBelievers } = rivalry
      expect(mostBelievers).toBeLessThanOrEqual(1)
      expect(fences.every((fence, at) => at === 0 || fence > (fences[at - 1] ?? 0n))).toBe(true)
      held += fences.length
    }),
    runs,
  )
  expect(held).toBeGreaterThan(500) // Else nothing was tried.
})
