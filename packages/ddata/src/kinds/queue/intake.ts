// What comes into a queue: at once where there is room, in its turn where there is none.
import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import { keyOf, readCallId, writeCallId } from '../../state/call-id.ts'
import { endOf } from '../../state/ends.ts'
import { Refusal, type CallId, type Outcome, type Surroundings } from '../../state/machine.ts'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { DedupIds } from './dedup-ids.ts'
import type { Items } from './items.ts'
import {
  maxPriority,
  readTerms,
  tooManyAtOnce,
  writeTerms,
  type EnqueueTerms,
  type QueueConfig,
} from './queue-calls.ts'
import { savedPieces } from './saved-pieces.ts'

/** Who waits for room. */
interface Giver {
  readonly call: CallId
  readonly values: readonly string[]
  readonly terms: EnqueueTerms
}

export class Intake {
  readonly #items: Items
  readonly #limits: () => QueueConfig
  /** In the order in which they came. */
  readonly #givers = new Map<string, Giver>()
  readonly #dedup = new DedupIds()

  constructor(items: Items, limits: () => QueueConfig) {
    this.#items = items
    this.#limits = limits
  }

  get hasWaiting(): boolean {
    return this.#givers.size > 0
  }

  /** @throws Refusal `CASTY_DDATA_QUEUE_FULL` */
  enqueue(
    call: CallId,
    terms: EnqueueTerms,
    values: readonly string[],
    out: ByteWriter,
    around: Surroundings,
  ): Outcome {
    const { maxSize, waitsWhenFull } = this.#limits()
    if (terms.priority > maxPriority) throw DDataError.malformed('A priority is too high')
    const known = this.#dedup.find(terms.dedupId, around.now)
    if (known !== undefined) {
      out.bool(true).varint(known)
      return 'done'
    }
    if (maxSize > 0 && values.length > maxSize) {
      throw new Refusal('CASTY_DDATA_QUEUE_FULL', tooManyAtOnce, maxSize, values.length)
    }
    if (this.#hasRoomFor(values.length) && this.#givers.size === 0) {
      out.bool(false).varint(this.#add(terms, values, around))
      return 'done'
    }
    if (waitsWhenFull === 0) {
      throw new Refusal(
        'CASTY_DDATA_QUEUE_FULL',
        'maxSize',
        maxSize,
        this.#items.size + values.length,
      )
    }
    this.#givers.set(keyOf(call), { call, values, terms })
    return 'parked'
  }

  #hasRoomFor(count: number): boolean {
    const { maxSize } = this.#limits()
    return maxSize === 0 || this.#items.size + count <= maxSize
  }

  /** @returns the number of the last one */
  #add(terms: EnqueueTerms, values: readonly string[], around: Surroundings): number {
    const { delayMs, ttlMs, priority, dedupId, enqueuedAt } = terms
    let number = 0
    for (const value of values) {
      number = around.nextCount()
      this.#items.add({
        number,
        value,
        priority,
        enqueuedAt,
        expiresAt: ttlMs === 0 ? Infinity : endOf(around.now, ttlMs),
        state: delayMs === 0 ? 'ready' : 'delayed',
        deliveries: 0,
        receipt: 0,
        readyAt: delayMs === 0 ? around.now : endOf(around.now, delayMs),
        reason: '',
      })
    }
    this.#dedup.remember(dedupId, number, this.#limits().dedupWindowMs, around.now)
    return number
  }

  /** Who waits for room gets it, in order. */
  makeRoom(around: Surroundings): void {
    for (const [key, { call, terms, values }] of this.#givers) {
      // One with the same id may have come in while this one waited.
      const known = this.#dedup.find(terms.dedupId, around.now)
      if (known === undefined && !this.#hasRoomFor(values.length)) return
      this.#givers.delete(key)
      const number = known ?? this.#add(terms, values, around)
      around.settle(call, (out) => out.bool(known !== undefined).varint(number))
    }
  }

  /** @returns whether it waited */
  withdraw(call: CallId): boolean {
    return this.#givers.delete(keyOf(call))
  }

  /** Nothing is known any more. @returns the calls that waited */
  clear(): readonly CallId[] {
    const waiting = Array.from(this.#givers.values(), ({ call }) => call)
    this.#givers.clear()
    this.#dedup.clear()
    return waiting
  }

  saveDedup(kind: number, pieceBytes: number): Iterable<Uint8Array> {
    return this.#dedup.save(kind, pieceBytes)
  }

  restoreDedup(piece: ByteReader): void {
    this.#dedup.restoreOne(piece)
  }

  saveGivers(kind: number, pieceBytes: number): Iterable<Uint8Array> {
    return savedPieces(kind, this.#givers.values(), pieceBytes, (out, giver) => {
      writeCallId(out, giver.call)
      writeTerms(out, giver.terms).count(giver.values.length)
      for (const value of giver.values) writeLetters(out, value)
    })
  }

  restoreGiver(piece: ByteReader): void {
    const call = readCallId(piece)
    const terms = readTerms(piece)
    this.#givers.set(keyOf(call), { call, terms, values: readValues(piece) })
  }
}

export function readValues(from: ByteReader): readonly string[] {
  const values: string[] = []
  for (let left = from.count(1); left > 0; left--) values.push(readLetters(from))
  return values
}
