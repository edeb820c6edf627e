// The state of one part of the structures: a machine, and what all machines need around them. Everything in it
// follows from the commands so far; what does not (who is connected, when a timer runs out, who watches) is its host's.
import type { FreesRoom } from '@casty/persistence'
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../errors.ts'
import type { CallCommand, Command } from './command.ts'
import { Refusal, type CallId, type Machine, type Surroundings } from './machine.ts'
import { KeyedCalls } from './keyed-calls.ts'
import { allOf } from './pieces.ts'
import { beginResult, refusalBytes } from './result.ts'
import { Sessions, type Session } from './sessions.ts'

/** What a host learns of a command beyond its answer. All of it may be ignored: it changes nothing here. */
export interface Onlooker {
  /** A call has its answer: the one that was just made, or one that was parked. */
  answered(session: Session, number: number, answer: Uint8Array): void
  parked(session: Session, number: number): void
  /** A parked call may have what it waits for. */
  offered(session: Session, number: number): void
  timerStarted(id: number, ms: number): void
  timerStopped(id: number): void
  notice(session: string, notice: Uint8Array): void
  /** Whether anybody wants to know of changes. */
  readonly isWatching: boolean
  changed(name: string, event: Uint8Array): void
}

const nobody: Onlooker = {
  answered: () => {},
  parked: () => {},
  offered: () => {},
  timerStarted: () => {},
  timerStopped: () => {},
  notice: () => {},
  isWatching: false,
  changed: () => {},
}

/** Mutable. */
export class PartState {
  readonly machine: Machine
  readonly sessions: Sessions = new Sessions()
  /** Timers that run, and how long each of them takes. */
  readonly timers: Map<number, number> = new Map()
  readonly #keyed: KeyedCalls
  readonly #scratch = new ByteWriter(256)
  #now = 0
  #epoch = 0
  #count = 0
  #changes = 0
  #onlooker: Onlooker = nobody

  constructor(machine: Machine) {
    this.machine = machine
    this.#keyed = new KeyedCalls(machine)
  }

  /** Milliseconds on the clock of the part, at the last command. */
  get now(): number {
    return this.#now
  }

  /** How many changes there were that somebody may watch. */
  get changes(): number {
    return this.#changes
  }

  /** From now on, somebody wants to know. */
  watchedBy(onlooker: Onlooker): void {
    this.#onlooker = onlooker
  }

  /** Whether there is nothing to keep: no structure, no session, no key. */
  get isEmpty(): boolean {
    return this.machine.isEmpty && this.sessions.size === 0 && this.#keyed.done.size === 0
  }

  /** What it takes when it is saved, at least; undefined where nobody counts that. */
  get bytes(): number | undefined {
    const { bytes } = this.machine
    return bytes === undefined ? undefined : bytes + this.sessions.bytes + this.#keyed.done.bytes
  }

  /** See `Machine`. What a part does by itself is short, and has to be done for anything to end. */
  freesRoom(command: Command): FreesRoom | undefined {
    switch (command.type) {
      case 'timed-out':
      case 'advance':
      case 'session-over':
      case 'forget-session':
        return 'now'
      case 'session-back':
      case 'session-away':
      case 'noted':
      case 'nothing':
        return 'later'
      case 'call': {
        const [code = skipCode] = command.call
        return code < firstMachineCode ? 'later' : this.machine.freesRoom?.(code)
      }
    }
  }

  /** Carries out one command. A call has to be the next one of its session. */
  apply(command: Command, at: number, epoch: number): void {
    this.#now = Math.max(this.#now, at)
    this.#epoch = Math.max(this.#epoch, epoch)
    if (this.machine.due() <= this.#now) this.machine.advance(this.#around)
    switch (command.type) {
      case 'call':
        this.#call(command)
        return
      case 'timed-out':
        if (this.timers.delete(command.timer)) this.machine.timedOut(command.timer, this.#around)
        return
      case 'session-over':
        this.#sessionOver(command.session)
        return
      case 'forget-session':
        this.#sessionOver(command.session)
        this.sessions.forget(command.session)
        return
      case 'session-back':
        this.machine.cameBack?.(command.session, this.#around)
        return
      case 'session-away':
        this.machine.wentAway?.(command.session, this.#around)
        return
      case 'noted':
        this.machine.note?.(new ByteReader(command.note), this.#around)
        return
      case 'advance':
      case 'nothing':
    }
  }

  /** Answers what changes nothing, as it is now. */
  read(call: Uint8Array, at: number): Uint8Array {
    try {
      this.#readAt = at
      this.machine.read(
        new ByteReader(call),
        beginResult(this.#scratch.reset()),
        this.#whileReading,
      )
      return this.#scratch.finish()
    } catch (error) {
      return refusalBytes(refusalOf(error))
    }
  }

  #call({ session: id, number, floor, received, key, call }: CallCommand): void {
    const session = this.sessions.open(id)
    this.sessions.begin(session, number, floor, received, this.#now)
    const callId = { session: id, number }
    const known = key === undefined ? undefined : this.#keyed.find(key, call, this.#now)
    if (known === 'other') {
      this.#answer(session, number, refusalBytes(new Refusal('CASTY_DDATA_ARGUMENT', 'key')))
      return
    }
    const isUnderWay = known === 'under-way'
    const answer = isUnderWay ? undefined : (known ?? this.#execute(callId, call))
    if (answer === undefined) {
      if (key !== undefined) this.#keyed.underWay.join(key, call, callId)
      this.sessions.park(session, number)
      this.#onlooker.parked(session, number)
      return
    }
    if (key !== undefined && !known) this.#keyed.remember(key, call, answer, this.#now)
    this.#answer(session, number, answer)
  }

  #execute(call: CallId, bytes: Uint8Array): Uint8Array | undefined {
    try {
      const input = new ByteReader(bytes)
      const code = input.u8()
      if (code === withdrawCode) return this.#withdraw(call.session, input.varint())
      if (code === skipCode) return skipped
      const out = beginResult(this.#scratch.reset())
      const again = input.open(bytes, 0, bytes.length)
      const outcome = this.machine.execute(call, again, out, this.#around)
      return outcome === 'done' ? this.#scratch.finish() : undefined
    } catch (error) {
      return refusalBytes(refusalOf(error))
    }
  }

  /** Ends the waiting of another call of the session. Answers whether it still waited. */
  #withdraw(id: string, number: number): Uint8Array {
    const session = this.sessions.find(id)
    const isParked = session?.parked.has(number) === true
    if (isParked) this.#giveUp(session, number, 'CASTY_DDATA_ABORTED')
    return beginResult(new ByteWriter(2)).bool(isParked).finish()
  }

  #giveUp(
    session: Session,
    number: number,
    code: 'CASTY_DDATA_ABORTED' | 'CASTY_DDATA_SESSION_EXPIRED',
  ): void {
    // It is answered first: what the machine gives to others as a consequence must not come to it.
    this.#answer(session, number, refusalBytes(new Refusal(code)))
    const underWay = this.#keyed.underWay.leave({ session: session.id, number })
    this.machine.withdraw({ session: session.id, number }, this.#around)
    const next = underWay?.isFirst && underWay.waiting[0]
    if (!next) return
    // Others wait along with it: now it is one of them that is carried out.
    const answer = this.#execute(next, underWay.call)
    if (answer) this.#settle(next, answer)
  }

  #sessionOver(id: string): void {
    const session = this.sessions.find(id)
    if (!session) return
    const parked = [...session.parked] // Each that is given up is taken out of it.
    for (const number of parked) {
      this.#giveUp(session, number, 'CASTY_DDATA_SESSION_EXPIRED')
    }
  }

  #answer(session: Session, number: number, answer: Uint8Array): void {
    this.sessions.answer(session, number, answer)
    this.#onlooker.answered(session, number, answer)
  }

  #settle({ session: id, number }: CallId, answer: Uint8Array): void {
    const session = this.sessions.find(id)
    if (!session?.parked.has(number)) return
    this.#answer(session, number, answer)
    const underWay = this.#keyed.underWay.leave({ session: id, number })
    if (!underWay) return
    this.#keyed.remember(underWay.key, underWay.call, answer, this.#now)
    for (const other of underWay.waiting) {
      this.#keyed.underWay.leave(other)
      const along = this.sessions.find(other.session)
      if (along?.parked.has(other.number)) this.#answer(along, other.number, answer)
    }
  }

  readonly #around: Surroundings = this.#makeSurroundings()
  /** Time has gone on since the last command. */
  readonly #whileReading: Surroundings = this.#surroundingsOfReads()
  #readAt = 0

  #surroundingsOfReads(): Surroundings {
    const now = (): number => Math.max(this.#now, this.#readAt)
    const epoch = (): number => this.#epoch
    return {
      ...this.#around,
      get now() {
        return now()
      },
      get epoch() {
        return epoch()
      },
    }
  }

  #makeSurroundings(): Surroundings {
    const now = (): number => this.#now
    const epoch = (): number => this.#epoch
    return {
      get now() {
        return now()
      },
      get epoch() {
        return epoch()
      },
      nextCount: () => ++this.#count,
      settle: (call, result) => {
        const out = new ByteWriter(32)
        result(beginResult(out))
        this.#settle(call, out.finish())
      },
      refuse: (call, refusal) => this.#settle(call, refusalBytes(refusal)),
      offer: ({ session: id, number }) => {
        const session = this.sessions.find(id)
        if (session?.parked.has(number)) this.#onlooker.offered(session, number)
      },
      startTimer: (id, ms) => {
        this.timers.set(id, ms)
        this.#onlooker.timerStarted(id, ms)
      },
      stopTimer: (id) => {
        if (this.timers.delete(id)) this.#onlooker.timerStopped(id)
      },
      notify: (session, notice) => {
        if (this.#onlooker === nobody) return
        const out = new ByteWriter(32)
        notice(out)
        this.#onlooker.notice(session, out.finish())
      },
      changed: (name, event) => {
        this.#changes += 1
        if (!this.#onlooker.isWatching) return
        const out = new ByteWriter(64)
        event(out)
        this.#onlooker.changed(name, out.finish())
      },
    }
  }

  /** All of it as it is now, in pieces of about so many bytes, also where it changes before they are taken; one that holds a single thing larger than that is larger. */
  save(pieceBytes: number): Iterable<Uint8Array> {
    const head = new ByteWriter(256)
    head.u8(pieces.head).varint(this.#now).varint(this.#epoch).varint(this.#count)
    head.varint(this.#changes)
    head.count(this.timers.size)
    for (const [id, ms] of this.timers) head.varint(id).varint(ms)
    return allOf(
      [head.finish()],
      marked(pieces.keys, this.#keyed.done.save(pieceBytes)),
      marked(pieces.keysUnderWay, this.#keyed.underWay.save(pieceBytes)),
      marked(pieces.sessions, this.sessions.save(pieceBytes)),
      marked(pieces.machine, this.machine.save(pieceBytes)),
    )
  }

  /** Takes one piece of what was saved, in order, on a state that is new. */
  restore(piece: Uint8Array): void {
    const from = new ByteReader(piece)
    switch (from.u8()) {
      case pieces.head:
        this.#now = from.varint()
        this.#epoch = from.varint()
        this.#count = from.varint()
        this.#changes = from.varint()
        for (let left = from.count(2); left > 0; left--) {
          this.timers.set(from.varint(), from.varint())
        }
        return
      case pieces.keys:
        this.#keyed.done.restore(from)
        return
      case pieces.keysUnderWay:
        this.#keyed.underWay.restore(from)
        return
      case pieces.sessions:
        this.sessions.restore(from)
        return
      case pieces.machine:
        this.machine.restore(from)
        return
      default:
        throw DDataError.malformed(
          'A piece of a snapshot is of a kind that this version does not know',
        )
    }
  }
}

/** First bytes of calls that all machines share; those of machines are above. */
export const withdrawCode = 0
export const skipCode = 1
export const firstMachineCode = 2

const skipped = beginResult(new ByteWriter(1)).finish()

const pieces = { head: 1, sessions: 2, machine: 3, keys: 4, keysUnderWay: 5 } as const

function* marked(kind: number, saved: Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const piece of saved) {
    const out = new Uint8Array(piece.length + 1)
    out[0] = kind
    out.set(piece, 1)
    yield out
  }
}

/** What a machine throws that is no refusal is a call that it cannot read: it harms nobody but its caller. */
function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('CASTY_DDATA_MALFORMED')
}
