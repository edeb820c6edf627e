// Random programs against what a journal is for: crashes, faults at every request, two writers at once.
import type { ActorRef } from '@casty/actor'
import type { EventJournal, JournalFault, JournalOperation } from '@casty/persistence'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Process, World, type AccountCommand, type Balance } from './kit.ts'

type Step =
  | { readonly type: 'add'; readonly to: number; readonly count: number }
  | { readonly type: 'read'; readonly from: number }
  | { readonly type: 'fail'; readonly fault: JournalFault; readonly operation: JournalOperation }
  | { readonly type: 'start' }
  | { readonly type: 'crash'; readonly which: number }
  | { readonly type: 'shutdown'; readonly which: number }
  | { readonly type: 'turns'; readonly count: number }
  | { readonly type: 'pass'; readonly ms: number }

const operations: readonly JournalOperation[] = [
  'append',
  'claim',
  'highest',
  'events',
  'event',
  'saveSnapshot',
  'latestSnapshot',
  'deleteSnapshots',
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

interface Batch {
  readonly amounts: readonly number[]
  /** What its sender was told. */
  answer: number | undefined
}

/** What was done, and what the actors said. */
class Model {
  readonly #world = new World()
  readonly #hasEpochs: boolean
  readonly #alive: { readonly process: Process; readonly account: ActorRef<AccountCommand> }[] = []
  readonly #batches: Batch[] = []
  readonly #reads: Balance[] = []
  /** Amounts whose write a journal has acknowledged. */
  readonly #durable = new Set<number>()
  readonly #violations: string[] = []
  /** The highest epoch whose claim was acknowledged. */
  #claimed = 0
  #amounts = 0
  #starts = 0

  constructor(hasEpochs: boolean) {
    this.#hasEpochs = hasEpochs
    this.#start()
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) await this.#take(one)
    await this.#settle()
  }

  async #take(one: Step): Promise<void> {
    switch (one.type) {
      case 'add':
        this.#add(one.to, one.count)
        return
      case 'read':
        this.#alive[one.from]?.account.tell({ type: 'read', replyTo: this.#reader() })
        return
      case 'fail':
        this.#world.memory.fail(one.fault, { operation: one.operation })
        return
      case 'start':
        if (this.#alive.length < 2) this.#start()
        return
      case 'crash':
        this.#alive.splice(one.which, 1)[0]?.process.journal.crash()
        return
      case 'shutdown':
        void this.#alive.splice(one.which, 1)[0]?.process.system.shutdown()
        return
      case 'turns':
        for (let left = one.count; left > 0; left--) await Promise.resolve()
        return
      case 'pass':
        await this.#world.clock.advanceAsync(one.ms)
    }
  }

  #start(): void {
    const process = this.#world.start()
    const epoch = ++this.#starts
    const account = process.spawn({
      journal: this.#watched(process.journal),
      snapshots: { every: 3, keep: 2 },
      ...(this.#hasEpochs ? { epoch } : {}),
    })
    this.#alive.push({ process, account })
  }

  /** The same journal, and what it acknowledged is known before whoever asked knows. */
  #watched(journal: EventJournal): EventJournal {
    const append: EventJournal['append'] = async (id, request) => {
      const claimed = this.#claimed
      await journal.append(id, request)
      if (request.epoch < claimed) {
        this.#violations.push(`epoch ${request.epoch} wrote after ${claimed} had claimed`)
      }
      const decoder = new TextDecoder()
      for (const { bytes } of request.events) {
        this.#durable.add(Number(/"amount":(\d+)/.exec(decoder.decode(bytes))?.[1]))
      }
    }
    const claim: EventJournal['claim'] = async (id, epoch) => {
      const head = await journal.claim(id, epoch)
      this.#claimed = Math.max(this.#claimed, epoch)
      return head
    }
    return new Proxy(journal, {
      get(target, name) {
        if (name === 'append') return append
        if (name === 'claim') return claim
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  #add(to: number, count: number): void {
    const batch: Batch = {
      amounts: Array.from({ length: count }, () => ++this.#amounts),
      answer: undefined,
    }
    this.#batches.push(batch)
    const replyTo: ActorRef<number> = {
      path: 'model',
      tell: (answer) => {
        // What is thrown here would be the failure of an actor, and no more.
        if (batch.answer !== undefined) this.#violations.push(`${batch.amounts} answered twice`)
        const early = batch.amounts.filter((amount) => !this.#durable.has(amount))
        if (early.length > 0) this.#violations.push(`${early} answered before it was written`)
        batch.answer = answer
      },
    }
    this.#alive[to]?.account.tell({ type: 'add', amounts: batch.amounts, replyTo })
  }

  #reader(): ActorRef<Balance> {
    return { path: 'model', tell: (balance) => void this.#reads.push(balance) }
  }

  /** All faults end, and a last process starts. */
  async #settle(): Promise<void> {
    this.#world.memory.heal()
    await this.#world.clock.advanceAsync(120_000)
    this.#alive.length = 0
    this.#start()
    this.#alive[0]?.account.tell({ type: 'read', replyTo: this.#reader() })
    await this.#world.clock.advanceAsync(60_000)
    expect(this.#violations).toEqual([])
    const journal = await this.#world.amounts()
    expect(this.#reads.at(-1)?.expectedSequenceNr).toBe(journal.length)
    this.#checkBatches(journal)
    for (const { total, expectedSequenceNr } of this.#reads) {
      expect(total).toBe(sum(journal.slice(0, expectedSequenceNr)))
    }
  }

  #checkBatches(journal: readonly number[]): void {
    expect(new Set(journal).size).toBe(journal.length)
    for (const { amounts, answer } of this.#batches) {
      const at = journal.indexOf(amounts[0] ?? 0)
      const written = at < 0 ? [] : journal.slice(at, at + amounts.length)
      if (answer !== undefined || written.length > 0) expect(written).toEqual(amounts)
      if (answer !== undefined) expect(answer).toBe(sum(journal.slice(0, at + amounts.length)))
    }
    const issued = new Set(this.#batches.flatMap(({ amounts }) => amounts))
    expect(journal.filter((amount) => !issued.has(amount))).toEqual([])
  }
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}

test.each([{ hasEpochs: false }, { hasEpochs: true }])(
  'what is answered is never lost nor doubled, and every state is the sum of the journal (epochs given: $hasEpochs)',
  async ({ hasEpochs }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        await new Model(hasEpochs).run(steps)
      }),
      { numRuns: 300, seed: 5 },
    )
  },
)
