// A part without a host: calls of sessions, time and takeovers, as a test has them come.
import type { ByteReader } from '@casty/transport'
import { readRecord, RecordWriter, type Command } from '../src/state/command.ts'
import type { Machine } from '../src/state/machine.ts'
import { PartState } from '../src/state/part-state.ts'
import { readEnded } from '../src/state/result.ts'

export function sessionOf(which: number): string {
  return String(which).padStart(16, 's')
}

/** What a call came to: its result, why it was refused, or that it waits. */
export type Came<T> = T | 'parked' | `CASTY_${string}`

export class MachineWorld {
  readonly #make: () => Machine
  readonly #numbers = new Map<string, number>()
  readonly #answers = new Map<string, Uint8Array>()
  readonly log: Uint8Array[] = []
  state: PartState
  now = 0
  epoch = 1
  timers = new Set<number>()
  /** Changes as they were told. */
  readonly events: string[] = []

  constructor(make: () => Machine) {
    this.#make = make
    this.state = new PartState(make())
    this.#watch()
  }

  #watch(): void {
    const { timers, events } = this
    this.state.watchedBy({
      answered: ({ id }, number, answer) => void this.#answers.set(`${id}${number}`, answer),
      parked: () => {},
      offered: () => {},
      timerStarted: (id) => void timers.add(id),
      timerStopped: (id) => void timers.delete(id),
      notice: () => {},
      isWatching: true,
      changed: (name, event) => void events.push(`${name} ${event.join(',')}`),
    })
  }

  perform(command: Command): void {
    const record = new RecordWriter()
    record.add({ command, at: this.now })
    this.log.push(record.take(this.epoch))
    this.state.apply(command, this.now, this.epoch)
  }

  /** Lets what is due happen, as a host does, and time pass. */
  passTime(ms: number): void {
    this.now += ms
    if (this.state.machine.due() <= this.now) this.perform({ type: 'advance' })
  }

  timeOut(timer: number): void {
    this.timers.delete(timer)
    this.perform({ type: 'timed-out', timer })
  }

  call<T>(session: string, call: Uint8Array, read: (from: ByteReader) => T): Came<T> {
    const number = (this.#numbers.get(session) ?? 0) + 1
    this.#numbers.set(session, number)
    const command = { session, number, floor: 0, received: [], key: undefined, call }
    this.perform({ type: 'call', ...command })
    return this.answerOf(session, number, read)
  }

  lastOf(session: string): number {
    return this.#numbers.get(session) ?? 0
  }

  answerOf<T>(session: string, number: number, read: (from: ByteReader) => T): Came<T> {
    const answer = this.#answers.get(`${session}${number}`)
    return answer === undefined ? 'parked' : cameTo(answer, read)
  }

  read<T>(call: Uint8Array, read: (from: ByteReader) => T): Came<T> {
    return cameTo(this.state.read(call, this.now), read)
  }

  /** All that it is, as bytes. */
  get saved(): string {
    return savedOf(this.state)
  }

  /** Whoever takes over comes to the same, from what was saved or from the log. @returns both */
  copies(pieceBytes: number): readonly [restored: PartState, replayed: PartState] {
    const restored = new PartState(this.#make())
    for (const piece of this.state.save(pieceBytes)) restored.restore(piece)
    const replayed = new PartState(this.#make())
    for (const record of this.log) {
      const { epoch, commands } = readRecord(record)
      for (const { command, at } of commands) replayed.apply(command, at, epoch)
    }
    return [restored, replayed]
  }

  /** Goes on with another one. */
  takeOver(state: PartState): void {
    this.state = state
    this.epoch += 1
    this.#watch()
  }
}

export function savedOf(state: PartState): string {
  return Array.from(state.save(1_000_000), (piece) => piece.join(',')).join('\n')
}

function cameTo<T>(answer: Uint8Array, read: (from: ByteReader) => T): Came<T> {
  const ended = readEnded(answer)
  if (ended.type === 'refused') return ended.refusal.code
  const result = read(ended.result)
  ended.result.end()
  return result
}
