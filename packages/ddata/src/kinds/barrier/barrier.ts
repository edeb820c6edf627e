import { DDataError } from '../../errors.ts'
import type { Session } from '../../session/session.ts'
import type { Refusal } from '../../state/machine.ts'
import {
  readTermsOf,
  termsOf,
  writeTermsOf,
  type BaseOptions,
  type CallOptions,
  type ReadOptions,
  type WriteOptions,
} from '../../structures/call-options.ts'
import { explainRefusal } from '../../structures/explain.ts'
import { PartCalls } from '../../structures/part.ts'
import { text, whole } from '../../values/arguments.ts'
import { tableId } from '../kind.ts'
import {
  arriveCall,
  barrierCall,
  barrierCalls,
  maxNameBytes,
  readPlace,
  type BarrierAddress,
  type Place,
} from './barrier-calls.ts'

/** What holds for those who arrive by one handle of a barrier. */
export interface BarrierOptions extends BaseOptions {
  /**
   * How long one that arrived waits for the others, in milliseconds, where its call does not say. Other calls take the
   * time of the facade.
   * @defaultValue 60_000
   */
  readonly timeoutMs?: number
  /**
   * How long a round may take from its first arrival, in whole milliseconds: then it breaks for all that are in it. That of
   * the first one counts.
   * @defaultValue 60_000
   */
  readonly roundTimeoutMs?: number
}

export interface ArriveOptions extends CallOptions {
  /** Who arrives, 1 to 512 bytes: such a one counts once in each round. @defaultValue each call is another one */
  readonly participant?: string
}

export const barrierDefaults: { readonly timeoutMs: number; readonly roundTimeoutMs: number } =
  Object.freeze({ timeoutMs: 60_000, roundTimeoutMs: 60_000 })

export const barrierOptionNames: readonly string[] = ['roundTimeoutMs']

const maxExpected = 1_000_000

/**
 * Where some wait until as many have come as are expected; then all go on, and the next round begins.
 *
 * Calls reject with a DDataError: `CASTY_DDATA_ARGUMENT`, `…_BARRIER_MISMATCH`, `…_BARRIER_BROKEN`, `…_CONFIG_MISMATCH`,
 * `…_TIMEOUT`, `…_ABORTED`, `…_DESTROYED`, `…_SESSION_EXPIRED`, `…_UNAVAILABLE`, `…_INDETERMINATE`, `…_BUSY`, `…_CLOSED`.
 */
export class Barrier {
  readonly name: string
  readonly #address: BarrierAddress
  readonly #arriveTimeoutMs: number
  readonly #roundTimeoutMs: number
  readonly #timeoutMs: number
  readonly #part: PartCalls

  /** Made by `Distributed.barrier`. */
  constructor(
    session: Session,
    name: string,
    shards: number,
    timeoutMs: number,
    options: BarrierOptions,
  ) {
    const { roundTimeoutMs = barrierDefaults.roundTimeoutMs } = options
    this.name = name
    this.#address = { name, shards }
    this.#timeoutMs = timeoutMs
    this.#arriveTimeoutMs = options.timeoutMs ?? barrierDefaults.timeoutMs
    this.#roundTimeoutMs = whole('options.roundTimeoutMs', roundTimeoutMs, 1, 0x7fff_ffff)
    this.#part = new PartCalls(session, tableId('barrier', name), (refusal) =>
      explainBarrier(`Barrier ${name}`, refusal),
    )
  }

  /**
   * Waits until as many have come as are expected, this one included. Whoever gives up, by its signal or its time, is
   * taken out of the round again, and so is one whose process is not heard of for `sessionTtlMs`.
   *
   * @param expected - 1 to 1,000,000: all in one round say the same
   * @returns the round, from 1, and as which of its participants this one came, from 0
   */
  async arrive(expected: number, options: ArriveOptions = {}): Promise<Place> {
    whole('expected', expected, 1, maxExpected)
    const what = `arrive at barrier ${this.name}`
    const terms = termsOf(what, options, this.#arriveTimeoutMs, ['participant'])
    const { participant } = options
    if (participant !== undefined) text('options.participant', participant, maxNameBytes)
    const arrival = { expected, roundTimeoutMs: this.#roundTimeoutMs, participant }
    return await this.#part.wait(arriveCall(this.#address, arrival), terms, readPlace)
  }

  /** How many have come to the round that goes on. */
  async waiting(options: ReadOptions = {}): Promise<number> {
    const terms = readTermsOf(`waiting of barrier ${this.name}`, options, this.#timeoutMs)
    const call = barrierCall(barrierCalls.waiting, this.#address)
    return await this.#part.read(call, terms, (from) => from.varint())
  }

  /**
   * Has it forgotten: whoever waits is told `CASTY_DDATA_DESTROYED`, and rounds count from 1 again. @returns whether there
   * was anything to forget
   */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    const what = `destroy of barrier ${this.name}`
    const terms = writeTermsOf(what, this.name, options, this.#timeoutMs)
    const call = barrierCall(barrierCalls.destroy, this.#address)
    return await this.#part.call(call, terms, (from) => from.bool())
  }
}

function explainBarrier(what: string, refusal: Refusal): DDataError {
  const { code, field, existing, requested } = refusal
  if (code === 'CASTY_DDATA_BARRIER_MISMATCH') {
    return new DDataError(
      code,
      `${what} expects ${existing} in this round, not ${requested}. All in a round must say the same.`,
      { field, existing, requested },
    )
  }
  if (code === 'CASTY_DDATA_BARRIER_BROKEN') {
    return new DDataError(
      code,
      `${what} broke: of ${existing} that were expected, ${requested} had not come when the time of the round was over.`,
    )
  }
  return explainRefusal(what, refusal)
}
