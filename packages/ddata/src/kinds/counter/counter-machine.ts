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
import { counterCalls, maxNameBytes, readAddress, type CounterAddress } from './counter-calls.ts'

interface CounterState {
  readonly shards: number
  readonly value: number
}

/** Counters of one part of the table. One that is 0 is not kept. */
export class CounterMachine implements Machine {
  readonly #counters = new Map<string, CounterState>()

  get isEmpty(): boolean {
    return this.#counters.size === 0
  }

  execute(_call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const code = input.u8()
    const address = readAddress(input)
    const value = this.#valueOf(address)
    switch (code) {
      case counterCalls.addAndGet: {
        const next = sum(value, input.f64())
        this.#set(address, next, around)
        out.f64(next)
        break
      }
      case counterCalls.getAndAdd:
        this.#set(address, sum(value, input.f64()), around)
        out.f64(value)
        break
      case counterCalls.set:
        this.#set(address, input.f64(), around)
        break
      case counterCalls.getAndSet:
        this.#set(address, input.f64(), around)
        out.f64(value)
        break
      case counterCalls.compareAndSet: {
        const isExpected = value === input.f64()
        if (isExpected) this.#set(address, input.f64(), around)
        out.bool(isExpected)
        break
      }
      case counterCalls.destroy:
        out.bool(this.#counters.has(address.name))
        if (value !== 0) this.#set(address, 0, around)
        break
      default:
        throw DDataError.malformed(`A call of a counter has code ${code}`)
    }
    return 'done'
  }

  freesRoom(code: number): FreesRoom | undefined {
    return this.#counters.size > 0 && code === counterCalls.destroy ? 'later' : undefined
  }

  read(input: ByteReader, out: ByteWriter): void {
    const code = input.u8()
    if (code !== counterCalls.get)
      throw DDataError.malformed(`A read of a counter has code ${code}`)
    out.f64(this.#valueOf(readAddress(input)))
  }

  /** @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
  #valueOf({ name, shards }: CounterAddress): number {
    const known = this.#counters.get(name)
    if (!known) return 0
    if (known.shards !== shards) {
      throw new Refusal('CASTY_DDATA_CONFIG_MISMATCH', 'shards', known.shards, shards)
    }
    return known.value
  }

  #set({ name, shards }: CounterAddress, value: number, around: Surroundings): void {
    if (value === 0) this.#counters.delete(name)
    else this.#counters.set(name, { shards, value })
    around.changed(name, (event) => event.f64(value))
  }

  withdraw(): void {}

  timedOut(): void {}

  due(): number {
    return Infinity
  }

  advance(): void {}

  save(pieceBytes: number): Iterable<Uint8Array> {
    return inPieces(this.#counters, pieceBytes, (out, [name, { shards, value }]) => {
      out.string(name, maxNameBytes).varint(shards).f64(value)
    })
  }

  restore(piece: ByteReader): void {
    while (piece.remaining > 0) {
      const { name, shards } = readAddress(piece)
      this.#counters.set(name, { shards, value: piece.f64() })
    }
  }
}

/** @throws Refusal `CASTY_DDATA_OVERFLOW` where it would not be exact */
function sum(value: number, by: number): number {
  const result = value + by
  if (Number.isSafeInteger(result)) return result === 0 ? 0 : result // Never −0.
  throw new Refusal('CASTY_DDATA_OVERFLOW')
}
