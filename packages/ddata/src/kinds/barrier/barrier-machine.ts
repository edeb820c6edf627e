// Barriers of one part. Nobody leaves a round before all who are expected are in it; who gives up or dies before that is
// taken out of it, and a round that takes too long ends without success for all of them.
import type { FreesRoom } from '@casty/persistence'
import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { inPieces } from '../../state/pieces.ts'
import { endOf } from '../../state/ends.ts'
import { keyOf, readCallId, writeCallId } from '../../state/call-id.ts'
import {
  barrierCalls,
  maxNameBytes,
  readAddress,
  readArrival,
  writePlace,
  type Arrival,
  type BarrierAddress,
} from './barrier-calls.ts'

/** One that has arrived, with all its calls: there may be several where it says who it is. */
interface Participant {
  readonly name: string | undefined
  readonly calls: Map<string, CallId>
}

/** A round that somebody waits in. Mutable, and of its machine alone. */
interface Round {
  readonly name: string
  readonly shards: number
  readonly number: number
  readonly expected: number
  /** When it breaks, by the clock of the part. */
  readonly until: number
  /** As they came. */
  readonly participants: Set<Participant>
  readonly byName: Map<string, Participant>
}

/** Barriers that nobody waits at, of which the number of rounds is remembered. The oldest are forgotten first. */
const maxIdle = 1_000

const saved = { round: 1, idle: 2 } as const

export class BarrierMachine implements Machine {
  readonly #rounds = new Map<string, Round>()
  /** How many rounds each barrier had that nobody waits at now. */
  readonly #idle = new Map<string, number>()
  readonly #calls = new Map<string, { readonly round: Round; readonly participant: Participant }>()
  #due = Infinity

  get isEmpty(): boolean {
    return this.#rounds.size === 0 && this.#idle.size === 0
  }

  execute(call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const code = input.u8()
    switch (code) {
      case barrierCalls.arrive:
        return this.#arrive(call, readAddress(input), readArrival(input), out, around)
      case barrierCalls.destroy:
        out.bool(this.#destroy(readAddress(input).name, around))
        return 'done'
      default:
        throw DDataError.malformed(`A call of a barrier has code ${code}`)
    }
  }

  freesRoom(code: number): FreesRoom | undefined {
    return this.#rounds.size > 0 && code === barrierCalls.destroy ? 'later' : undefined
  }

  read(input: ByteReader, out: ByteWriter): void {
    const code = input.u8()
    if (code !== barrierCalls.waiting) {
      throw DDataError.malformed(`A read of a barrier has code ${code}`)
    }
    out.varint(this.#roundOf(readAddress(input))?.participants.size ?? 0)
  }

  /** @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
  #roundOf({ name, shards }: BarrierAddress): Round | undefined {
    const round = this.#rounds.get(name)
    if (round && round.shards !== shards) {
      throw new Refusal('CASTY_DDATA_CONFIG_MISMATCH', 'shards', round.shards, shards)
    }
    return round
  }

  #arrive(
    call: CallId,
    address: BarrierAddress,
    arrival: Arrival,
    out: ByteWriter,
    around: Surroundings,
  ): Outcome {
    const { expected, participant: name } = arrival
    if (expected < 1) throw DDataError.malformed('Nobody is expected')
    const known = this.#roundOf(address)
    if (known && known.expected !== expected) {
      throw new Refusal('CASTY_DDATA_BARRIER_MISMATCH', 'expected', known.expected, expected)
    }
    const round = known ?? this.#begin(address, arrival, around)
    const participant = this.#participantOf(round, name)
    if (round.participants.size < expected) {
      participant.calls.set(keyOf(call), call)
      this.#calls.set(keyOf(call), { round, participant })
      return 'parked'
    }
    this.#complete(round, around)
    writePlace(out, { round: round.number, index: expected - 1 })
    return 'done'
  }

  #begin({ name, shards }: BarrierAddress, arrival: Arrival, around: Surroundings): Round {
    const { expected, roundTimeoutMs } = arrival
    const round: Round = {
      name,
      shards,
      number: (this.#idle.get(name) ?? 0) + 1,
      expected,
      until: endOf(around.now, roundTimeoutMs),
      participants: new Set(),
      byName: new Map(),
    }
    this.#add(round)
    return round
  }

  #add(round: Round): void {
    this.#idle.delete(round.name)
    this.#rounds.set(round.name, round)
    this.#due = Math.min(this.#due, round.until)
  }

  #participantOf({ participants, byName }: Round, name: string | undefined): Participant {
    const known = name === undefined ? undefined : byName.get(name)
    if (known) return known
    const participant: Participant = { name, calls: new Map() }
    participants.add(participant)
    if (name !== undefined) byName.set(name, participant)
    return participant
  }

  /** All are there: whoever waits may go on. */
  #complete(round: Round, around: Surroundings): void {
    this.#end(round, round.number)
    let index = 0
    for (const { calls } of round.participants) {
      const place = { round: round.number, index }
      for (const call of calls.values()) around.settle(call, (out) => writePlace(out, place))
      index += 1
    }
  }

  #fail(round: Round, refusal: Refusal, around: Surroundings): void {
    for (const { calls } of round.participants) {
      for (const call of calls.values()) around.refuse(call, refusal)
    }
  }

  /** @param had - how many rounds there were, with this one where it counts */
  #end(round: Round, had: number): void {
    this.#rounds.delete(round.name)
    for (const { calls } of round.participants) {
      for (const key of calls.keys()) this.#calls.delete(key)
    }
    if (had > 0) this.#idle.set(round.name, had)
    if (this.#idle.size > maxIdle) {
      const [oldest] = this.#idle.keys()
      if (oldest !== undefined) this.#idle.delete(oldest)
    }
    if (round.until > this.#due) return
    this.#due = Infinity
    for (const { until } of this.#rounds.values()) this.#due = Math.min(this.#due, until)
  }

  #destroy(name: string, around: Surroundings): boolean {
    const round = this.#rounds.get(name)
    if (!round) return this.#idle.delete(name)
    this.#end(round, 0)
    this.#fail(round, new Refusal('CASTY_DDATA_DESTROYED'), around)
    return true
  }

  withdraw(call: CallId): void {
    const known = this.#calls.get(keyOf(call))
    if (!known) return
    const { round, participant } = known
    this.#calls.delete(keyOf(call))
    participant.calls.delete(keyOf(call))
    if (participant.calls.size > 0) return
    round.participants.delete(participant)
    if (participant.name !== undefined) round.byName.delete(participant.name)
    // It was as if nobody had come: the next one begins the same round.
    if (round.participants.size === 0) this.#end(round, round.number - 1)
  }

  timedOut(): void {}

  due(): number {
    return this.#due
  }

  /** Those who came must not take a later round for the one that they were in: so it counts. */
  advance(around: Surroundings): void {
    for (const round of this.#rounds.values()) {
      if (round.until > around.now) continue
      this.#end(round, round.number)
      const missing = round.expected - round.participants.size
      const refusal = new Refusal('CASTY_DDATA_BARRIER_BROKEN', 'missing', round.expected, missing)
      this.#fail(round, refusal, around)
    }
  }

  /** Written down at once, since rounds change. */
  save(pieceBytes: number): Iterable<Uint8Array> {
    return [...inPieces(this.#entries(), pieceBytes, (out, write) => write(out))]
  }

  *#entries(): Iterable<(out: ByteWriter) => void> {
    for (const round of this.#rounds.values()) yield (out) => writeRound(out.u8(saved.round), round)
    for (const [name, had] of this.#idle) {
      yield (out) => out.u8(saved.idle).string(name, maxNameBytes).varint(had)
    }
  }

  restore(piece: ByteReader): void {
    while (piece.remaining > 0) {
      const what = piece.u8()
      if (what === saved.round) this.#restoreRound(piece)
      else if (what === saved.idle) this.#idle.set(piece.string(maxNameBytes), piece.varint())
      else
        throw DDataError.malformed('A saved barrier is of a form that this version does not know')
    }
  }

  #restoreRound(from: ByteReader): void {
    const round: Round = {
      name: from.string(maxNameBytes),
      shards: from.varint(),
      number: from.varint(),
      expected: from.varint(),
      until: from.varint(),
      participants: new Set(),
      byName: new Map(),
    }
    this.#add(round)
    for (let left = from.count(2); left > 0; left--) {
      const name = from.bool() ? from.string(maxNameBytes) : undefined
      const participant = this.#participantOf(round, name)
      for (let calls = from.count(17); calls > 0; calls--) {
        const call = readCallId(from)
        participant.calls.set(keyOf(call), call)
        this.#calls.set(keyOf(call), { round, participant })
      }
    }
  }
}

function writeRound(out: ByteWriter, round: Round): void {
  const { name, shards, number, expected, until, participants } = round
  out.string(name, maxNameBytes).varint(shards).varint(number).varint(expected).varint(until)
  out.count(participants.size)
  for (const { name: participant, calls } of participants) {
    out.bool(participant !== undefined)
    if (participant !== undefined) out.string(participant, maxNameBytes)
    out.count(calls.size)
    for (const call of calls.values()) writeCallId(out, call)
  }
}
