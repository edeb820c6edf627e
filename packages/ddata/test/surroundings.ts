// What is around a machine, for tests of what is inside one.
import { ByteReader, ByteWriter } from '@casty/transport'
import type { CallId, Refusal, Surroundings } from '../src/state/machine.ts'
import { sessionOf } from './machines-world.ts'

export function callOf(number: number): CallId {
  return { session: sessionOf(number), number }
}

/** Time that a test sets, and what was done around. */
export class TestSurroundings implements Surroundings {
  now = 0
  readonly epoch = 1
  readonly timers = new Map<number, number>()
  /** By the number of the call. */
  readonly settled = new Map<number, ByteReader>()
  readonly refused = new Map<number, string>()
  /** Numbers of calls. */
  readonly offered: number[] = []
  /** Sessions. */
  readonly notified: string[] = []
  #count = 0

  nextCount(): number {
    return ++this.#count
  }

  settle({ number }: CallId, result: (out: ByteWriter) => void): void {
    const out = new ByteWriter(16)
    result(out)
    this.settled.set(number, new ByteReader(out.finish()))
  }

  refuse({ number }: CallId, { code }: Refusal): void {
    this.refused.set(number, code)
  }

  startTimer(id: number, ms: number): void {
    this.timers.set(id, ms)
  }

  stopTimer(id: number): void {
    this.timers.delete(id)
  }

  offer({ number }: CallId): void {
    this.offered.push(number)
  }

  notify(session: string): void {
    this.notified.push(session)
  }

  changed(): void {}
}
