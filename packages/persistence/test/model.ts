// Carries out a program of steps with real actors, and holds what they say against what is in the journal.
import type { ActorRef } from '@casty/actor'
import type { EventJournal, JournalFault, JournalOperation } from '@casty/persistence'
import { expect } from 'vitest'
import { World, type AccountCommand, type Balance, type Process } from './kit.ts'

/** `to`, `from` and `which` tell one of at most two processes that live. */
export type Step =
  | { readonly type: 'add'; readonly to: number; readonly count: number }
  | { readonly type: 'read'; readonly from: number }
  | {
      readonly type: 'fail'
      readonly fault: JournalFault
      readonly operation: JournalOperation
      readonly after?: number
    }
  | { readonly type: 'start' }
  | { readonly type: 'crash'; readonly which: number }
  | { readonly type: 'shutdown'; readonly which: number }
  | { readonly type: 'turns'; readonly count: number }
  | { readonly type: 'pass'; readonly ms: number }

interface Batch {
  readonly amounts: readonly number[]
  /** What its sender was told. */
  answer: number | undefined
}

export interface Settings {
  /** Whether each process is given its epoch, or takes the next one. */
  readonly hasEpochs: boolean
  /** Whether events are deleted that are in snapshots. Then only states tell what was written. */
  readonly deletes: boolean
}

/** Digits of a sum to the base of 4 tell how often each power is in it; doubles hold so many. */
const mostPowers = 26

/** What was done, and what the actors said. */
export class Model {
  readonly #world = new World()
  readonly #settings: Settings
  readonly #alive: { readonly process: Process; readonly account: ActorRef<AccountCommand> }[] = []
  readonly #processes: Process[] = []
  readonly #batches: Batch[] = []
  readonly #reads: Balance[] = []
  /** Amounts whose write a journal has acknowledged. */
  readonly #durable = new Set<number>()
  readonly #violations: string[] = []
  /** The highest epoch whose claim was acknowledged. */
  #claimed = 0
  #amounts = 0
  #starts = 0

  constructor(settings: Settings) {
    this.#settings = settings
    this.#start()
  }

  /** @returns what happened on the way */
  async run(steps: readonly Step[]): Promise<readonly string[]> {
    for (const one of steps) await this.#take(one)
    const faults = steps.filter(({ type }) => type === 'fail').length
    const hasMetFault = faults > this.#world.memory.waitingFaults
    await this.#settle()
    const total = this.#reads.at(-1)?.total ?? 0
    const isAnswered = (batch: Batch): boolean => batch.answer !== undefined
    return [
      ...this.#processes.flatMap(({ failures }) => failures),
      ...(hasMetFault ? ['fault met'] : []),
      ...(this.#batches.some(isAnswered) ? ['answered'] : []),
      ...(sum(this.#batches.filter(isAnswered).flatMap(({ amounts }) => amounts)) < total
        ? ['written, and nobody answered']
        : []),
    ]
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
        this.#world.memory.fail(one.fault, { operation: one.operation, after: one.after ?? 0 })
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
    const { hasEpochs, deletes } = this.#settings
    const account = process.spawn({
      journal: this.#watched(process.journal),
      snapshots: { every: 3, keep: 2, deleteEvents: deletes },
      ...(hasEpochs ? { epoch } : {}),
    })
    this.#alive.push({ process, account })
    this.#processes.push(process)
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
    const { deletes } = this.#settings
    if (deletes && this.#amounts + count > mostPowers) return
    const next = (): number => (deletes ? 4 ** this.#amounts++ : ++this.#amounts)
    const batch: Batch = { amounts: Array.from({ length: count }, next), answer: undefined }
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
    const readsBefore = this.#reads.length
    this.#alive[0]?.account.tell({ type: 'read', replyTo: this.#reader() })
    await this.#world.clock.advanceAsync(60_000)
    expect(this.#reads.length).toBe(readsBefore + 1)
    const { sequenceNr } = await this.#world.memory.highest('account')
    expect(this.#reads.at(-1)?.expectedSequenceNr).toBe(sequenceNr)
    expect(this.#violations).toEqual([])
    if (this.#settings.deletes) this.#checkStates()
    else this.#checkJournal(await this.#world.amounts())
  }

  #checkStates(): void {
    for (const { total, expectedSequenceNr } of this.#reads) {
      const written = this.#batches.filter(({ amounts }) =>
        amounts.every((one) => isIn(total, one)),
      )
      expect(total).toBe(sum(written.flatMap(({ amounts }) => amounts)))
      expect(expectedSequenceNr).toBe(written.flatMap(({ amounts }) => amounts).length)
    }
    const total = this.#reads.at(-1)?.total ?? 0
    for (const { amounts, answer } of this.#batches) {
      if (answer === undefined) continue
      for (const amount of amounts)
        expect([isIn(answer, amount), isIn(total, amount)]).toEqual([true, true])
    }
  }

  #checkJournal(journal: readonly number[]): void {
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

/** Whether a power of 4 is in a sum of such, once. */
function isIn(total: number, power: number): boolean {
  return Math.floor(total / power) % 4 === 1
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}
