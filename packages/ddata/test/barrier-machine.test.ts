// The machine of barriers against a plain model: and what was saved, or carried out again, goes on as what it was.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  arriveCall,
  barrierCall,
  barrierCalls,
  readPlace,
} from '../src/kinds/barrier/barrier-calls.ts'
import { BarrierMachine } from '../src/kinds/barrier/barrier-machine.ts'
import { readRecord, RecordWriter, type Command } from '../src/state/command.ts'
import { PartState, withdrawCode } from '../src/state/part-state.ts'
import { readEnded } from '../src/state/result.ts'

const roundTimeoutMs = 1_000
const address = { name: 'gate', shards: 100 }

type Step =
  | {
      readonly type: 'arrive'
      readonly session: number
      readonly expected: number
      readonly participant: number
    }
  | { readonly type: 'withdraw'; readonly which: number }
  | { readonly type: 'over'; readonly session: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'destroy' | 'take-over' }

const session = fc.nat(3)
const expected = fc.oneof(
  { weight: 5, arbitrary: fc.constant(3) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
)
const arrive: fc.Arbitrary<Step> = fc.record({
  type: fc.constant('arrive'),
  session,
  expected,
  participant: fc.nat(5),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: arrive },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('withdraw'), which: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('over'), session }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait'), ms: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('destroy', 'take-over') }) },
)

interface Waiting {
  readonly key: string
  readonly session: string
  readonly number: number
  /** Undefined: one of its own. */
  readonly participant: string | undefined
}

function nameOf({ key, participant }: Waiting): string {
  return participant ?? key
}

class Run {
  state = this.#watched(new PartState(new BarrierMachine()))
  readonly log: Uint8Array[] = []
  readonly #answers = new Map<string, Uint8Array>()
  readonly #numbers = new Map<string, number>()
  at = 1
  round = 1
  expected = 0
  until = Infinity
  line: Waiting[] = []

  #watched(state: PartState): PartState {
    const ignore = (): void => {}
    state.watchedBy({
      answered: ({ id }, number, answer) => void this.#answers.set(`${id}${number}`, answer),
      parked: ignore,
      offered: ignore,
      timerStarted: ignore,
      timerStopped: ignore,
      notice: ignore,
      isWatching: false,
      changed: ignore,
    })
    return state
  }

  apply(command: Command): void {
    const writer = new RecordWriter()
    writer.add({ command, at: this.at })
    this.log.push(writer.take(1))
    this.state.apply(command, this.at, 1)
  }

  call(id: string, bytes: Uint8Array): { readonly key: string; readonly number: number } {
    const number = (this.#numbers.get(id) ?? 0) + 1
    this.#numbers.set(id, number)
    const head = { session: id, number, floor: 0, received: [], key: undefined }
    this.apply({ type: 'call', ...head, call: bytes })
    return { key: `${id}${number}`, number }
  }

  /** As text: the place, the code of the refusal, or nothing so far. */
  outcome(key: string): string | undefined {
    const bytes = this.#answers.get(key)
    const ended = bytes && readEnded(bytes)
    if (!ended) return undefined
    if (ended.type === 'refused') return ended.refusal.code
    const { round, index } = readPlace(ended.result)
    return `${round}/${index}`
  }

  /** Distinct ones, as they came: one that is called for again keeps its place. */
  participants: string[] = []

  #ended(): void {
    this.line = []
    this.participants = []
    this.expected = 0
    this.until = Infinity
  }

  #breaks(): void {
    if (this.at < this.until) return
    for (const { key } of this.line) expect(this.outcome(key)).toBe('CASTY_DDATA_BARRIER_BROKEN')
    this.round += 1
    this.#ended()
  }

  #leave(gone: readonly Waiting[], code: string): void {
    for (const { key } of gone) expect(this.outcome(key)).toBe(code)
    this.line = this.line.filter((one) => !gone.includes(one))
    const left = new Set(this.line.map(nameOf))
    this.participants = this.participants.filter((name) => left.has(name))
    if (this.line.length === 0) this.#ended()
  }

  carryOut(step: Step): void {
    switch (step.type) {
      case 'arrive':
        this.#arrive(step)
        return
      case 'withdraw': {
        const one = this.line[step.which % Math.max(1, this.line.length)]
        if (!one) return
        this.call(one.session, Uint8Array.of(withdrawCode, one.number))
        this.#leave([one], 'CASTY_DDATA_ABORTED')
        return
      }
      case 'over': {
        const id = sessionOf(step.session)
        this.apply({ type: 'session-over', session: id })
        this.#leave(
          this.line.filter((one) => one.session === id),
          'CASTY_DDATA_SESSION_EXPIRED',
        )
        return
      }
      case 'wait':
        this.at += step.ms
        this.apply({ type: 'advance' })
        this.#breaks()
        return
      case 'destroy':
        this.call(sessionOf(0), barrierCall(barrierCalls.destroy, address))
        this.#leave(this.line, 'CASTY_DDATA_DESTROYED')
        this.round = 1
        return
      case 'take-over': {
        const restored = new PartState(new BarrierMachine())
        for (const piece of this.state.save(16)) restored.restore(piece)
        this.state = this.#watched(restored)
      }
    }
  }

  #arrive({ session: by, expected: wanted, participant: who }: Step & { type: 'arrive' }): void {
    const id = sessionOf(by)
    const participant = who < 2 ? `participant ${who}` : undefined
    const arrival = { expected: wanted, roundTimeoutMs, participant }
    const { key, number } = this.call(id, arriveCall(address, arrival))
    if (this.line.length > 0 && wanted !== this.expected) {
      expect(this.outcome(key)).toBe('CASTY_DDATA_BARRIER_MISMATCH')
      return
    }
    if (this.line.length === 0) this.until = this.at + roundTimeoutMs + 1
    this.expected = wanted
    const arrived = { key, session: id, number, participant }
    this.line.push(arrived)
    const { participants } = this
    if (!participants.includes(nameOf(arrived))) participants.push(nameOf(arrived))
    if (participants.length < wanted) return
    for (const one of this.line) {
      const index = participants.indexOf(nameOf(one))
      expect(this.outcome(one.key)).toBe(`${this.round}/${index}`)
    }
    this.round += 1
    this.#ended()
  }

  compare(): void {
    for (const { key } of this.line) expect(this.outcome(key)).toBeUndefined()
    const ended = readEnded(this.state.read(barrierCall(barrierCalls.waiting, address), 0))
    expect(ended.type === 'done' && ended.result.varint()).toBe(this.participants.length)
    expect(this.state.machine.due()).toBe(this.until)
  }
}

function sessionOf(index: number): string {
  return `session ${index}`.padEnd(16, '.')
}

test('nobody goes on before all have come, and whoever left is not counted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const run = new Run()
      for (const next of steps) {
        run.carryOut(next)
        run.compare()
      }
      const again = new PartState(new BarrierMachine())
      for (const record of run.log) {
        for (const { command, at } of readRecord(record).commands) again.apply(command, at, 1)
      }
      expect([...again.save(1_000)]).toEqual([...run.state.save(1_000)])
    }),
    { numRuns: 100 },
  )
})
