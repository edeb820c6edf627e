// What users asked of structures and were answered, and whether that can be.
import {
  checkLinearizable,
  checkQueueItems,
  counterModel,
  HistoryRecorder,
  mapModel,
  type CounterInput,
  type CounterOutput,
  type LinearizabilityVerdict,
  type MapInput,
  type MapOutput,
  type OpenOperation,
  type QueueItemInput,
  type QueueItemOutput,
} from '@casty/simulation/linearizability'
import { sharedNow } from '../protocol.ts'
import type { Act, ActOutcome } from './acts.ts'

/** Histories are kept so short that they can be judged: then another name takes the place of one. */
const mostCalls = 50
const mostUnknown = 6

interface Life {
  number: number
  calls: number
  open: number
}

interface Arrival {
  readonly from: number
  to: number
  isKnown: boolean
  place: { readonly round: number; readonly index: number } | undefined
}

/** Calls that are right are not told so. */
const mistakes =
  /ARGUMENT|BARRIER_MISMATCH|CODEC|CONFIG_MISMATCH|DESTROYED|MALFORMED|NOT_REENTRANT|OVERFLOW|TOO_LARGE|VALIDATION/

/** Of a time in which the names of counters, entries, queues and barriers are its own. */
export class Trial {
  readonly prefix: string
  readonly #counters = new HistoryRecorder<CounterInput, CounterOutput>({ now: sharedNow })
  readonly #entries = new HistoryRecorder<MapInput, MapOutput>({ now: sharedNow })
  readonly #items = new HistoryRecorder<QueueItemInput, QueueItemOutput>({ now: sharedNow })
  readonly #arrivals = new Map<string, Arrival[]>()
  readonly #lives = new Map<string, Life>()
  readonly #surprises: string[] = []
  #calls = 0
  answered = 0
  unknown = 0

  constructor(prefix: string) {
    this.prefix = prefix
  }

  /** A number that was not given before. */
  nextNumber(): number {
    return ++this.#calls
  }

  /** Under which name it goes now. */
  nameOf(base: string): string {
    return `${this.prefix} ${base} ${this.#lifeOf(base).number}`
  }

  #lifeOf(base: string): Life {
    const life = this.#lives.get(base)
    if (life && life.calls < mostCalls && life.open < mostUnknown) return life
    const next = { number: (life?.number ?? 0) + 1, calls: 0, open: 0 }
    this.#lives.set(base, next)
    return next
  }

  /** Writes down a call, and how it ends. @param base - what it is about, where its name changes now and then */
  async record(
    act: Act,
    perform: () => Promise<ActOutcome | undefined>,
    base = '',
  ): Promise<ActOutcome | undefined> {
    const life = this.#lives.get(base)
    if (life) {
      life.calls += 1
      life.open += 1
    }
    const settle = this.#begin(act)
    const outcome = await perform()
    settle?.(outcome)
    const isUnknown = !outcome || (outcome.type === 'failed' && outcome.applied !== 'no')
    if (life && !isUnknown) life.open -= 1
    if (outcome?.type === 'ok') this.answered += 1
    else if (isUnknown) this.unknown += 1
    if (outcome?.type === 'failed' && isSurprising(outcome)) this.#surprises.push(outcome.message)
    return outcome
  }

  #begin(act: Act): ((outcome: ActOutcome | undefined) => void) | undefined {
    const call = `call ${this.nextNumber()}`
    switch (act.type) {
      case 'add':
        return settling(
          this.#counters.invoke(call, act.name, { type: 'increment', by: act.by }),
          Number,
        )
      case 'read':
        return settling(this.#counters.invoke(call, act.name, { type: 'read' }), Number, true)
      case 'put':
        return settling(
          this.#entries.invoke(call, 'map', { type: 'put', entry: act.name, value: act.value }),
          () => 'done',
        )
      case 'get':
        return settling(
          this.#entries.invoke(call, 'map', { type: 'get', entry: act.name }),
          (value) => (value === null ? null : Number(value)),
          true,
        )
      case 'remove':
        return settling(
          this.#entries.invoke(call, 'map', { type: 'remove', entry: act.name }),
          Boolean,
        )
      case 'enqueue':
        return settling(
          this.#items.invoke(call, act.name, { type: 'enqueue', item: act.item }),
          () => 'done',
        )
      case 'reserve':
        return settling(this.#items.invoke(call, act.name, { type: 'reserve' }), (value) =>
          value !== null && typeof value === 'object' && 'item' in value ? value.item : null,
        )
      case 'arrive':
        return this.#arrives(act.name)
      case 'acknowledge':
      case 'hold':
    }
    return undefined
  }

  /** Writes down that an item is acknowledged: its receipt does not say of what. */
  async recordAck(
    name: string,
    item: string,
    perform: () => Promise<ActOutcome | undefined>,
  ): Promise<void> {
    const open = this.#items.invoke(`call ${this.nextNumber()}`, name, {
      type: 'acknowledge',
      item,
    })
    const outcome = await perform()
    // One that came too late had no effect.
    if (outcome?.type === 'ok' && outcome.value === false) open.failed()
    else settling(open, () => 'done')(outcome)
  }

  #arrives(name: string): (outcome: ActOutcome | undefined) => void {
    const arrival: Arrival = { from: sharedNow(), to: Infinity, isKnown: false, place: undefined }
    const known = this.#arrivals.get(name) ?? []
    this.#arrivals.set(name, [...known, arrival])
    return (outcome) => {
      arrival.to = sharedNow()
      arrival.isKnown = outcome?.type === 'ok' || outcome?.applied === 'no'
      const value = outcome?.type === 'ok' ? outcome.value : undefined
      if (value !== null && typeof value === 'object' && 'round' in value) arrival.place = value
    }
  }

  /**
   * @param remaining - items that are left in each queue
   * @param expected - how many meet at a barrier
   * @returns what is wrong, or cannot be told
   */
  judge(remaining: ReadonlyMap<string, readonly string[]>, expected: number): readonly string[] {
    const limits = { moments: 'ms' } as const
    return [
      ...this.#surprises,
      ...wrongOf(checkLinearizable(this.#counters.history(), counterModel(), limits)),
      ...wrongOf(checkLinearizable(this.#entries.history(), mapModel(), limits)),
      ...checkQueueItems(this.#items.history(), remaining).map(({ message }) => message),
      ...[...this.#arrivals].flatMap(([name, arrivals]) => meetings(name, arrivals, expected)),
    ]
  }

  /** Those that items were put into. */
  get queues(): ReadonlySet<string> {
    return new Set(this.#items.history().map(({ key }) => key))
  }
}

function isSurprising({ code }: ActOutcome & { readonly type: 'failed' }): boolean {
  return code === '' || mistakes.test(code)
}

/** @param isRead - one that is not answered had no effect, whatever became of it */
function settling<Output>(
  open: OpenOperation<Output>,
  outputOf: (value: (ActOutcome & { readonly type: 'ok' })['value']) => Output,
  isRead = false,
): (outcome: ActOutcome | undefined) => void {
  return (outcome) => {
    if (outcome?.type === 'ok') open.ok(outputOf(outcome.value))
    else if (isRead || outcome?.applied === 'no') open.failed()
    else open.unknown()
  }
}

function wrongOf(verdict: LinearizabilityVerdict<unknown, unknown, unknown>): readonly string[] {
  return verdict.type === 'linearizable' ? [] : [verdict.explanation]
}

/** Whoever went on met all the others. */
function meetings(name: string, arrivals: readonly Arrival[], expected: number): readonly string[] {
  const rounds = new Map<number, Arrival[]>()
  for (const arrival of arrivals) {
    if (!arrival.place) continue
    const { round } = arrival.place
    rounds.set(round, [...(rounds.get(round) ?? []), arrival])
  }
  return [...rounds].flatMap(([round, met]) => {
    const places = new Set(met.map(({ place }) => place?.index))
    const firstEnd = Math.min(...met.map(({ to }) => to))
    const unknown = arrivals.filter(({ isKnown, from }) => !isKnown && from <= firstEnd)
    const isRight =
      places.size === met.length &&
      met.every(({ from, place }) => from <= firstEnd && (place?.index ?? expected) < expected) &&
      met.length + unknown.length >= expected
    return isRight ? [] : [`round ${round} of ${name}: ${JSON.stringify(met)}`]
  })
}
