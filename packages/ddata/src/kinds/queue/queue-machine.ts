import type { FreesRoom } from '@casty/persistence'
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { allOf } from '../../state/pieces.ts'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { Deliveries } from './deliveries.ts'
import { Intake, readValues } from './intake.ts'
import { Items, readItem, writeItem } from './items.ts'
import {
  callOf,
  configFields,
  maxReasonBytes,
  pageBytes,
  queueCall,
  readConfig,
  roomFreedBy,
  readTerms,
  writeConfig,
  writeTerms,
  type QueueCall,
  type QueueConfig,
} from './queue-calls.ts'
import { savedPieces } from './saved-pieces.ts'

const pieces = { head: 1, items: 2, dedup: 3, takers: 4, givers: 5 } as const

/** One queue: all of it, since its order needs one owner. */
export class QueueMachine implements Machine {
  readonly #items = new Items()
  readonly #intake = new Intake(this.#items, () => this.#limits)
  readonly #deliveries = new Deliveries(
    this.#items,
    () => this.#limits,
    (around) => this.#intake.makeRoom(around),
  )
  #config: QueueConfig | undefined

  get isEmpty(): boolean {
    return this.#items.isEmpty && this.#config === undefined
  }

  execute(call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const name = callOf(input.u8())
    const config = readConfig(input)
    if (this.#config) this.#agree(config)
    const isNew = this.#config === undefined
    this.#config ??= config
    try {
      const outcome = this.#change(name, call, input, out, around)
      this.#deliveries.serve(around)
      return outcome
    } catch (error) {
      if (isNew) this.#config = undefined
      throw error
    }
  }

  #change(
    name: QueueCall | undefined,
    call: CallId,
    input: ByteReader,
    out: ByteWriter,
    around: Surroundings,
  ): Outcome {
    switch (name) {
      case 'enqueue':
        return this.#intake.enqueue(call, readTerms(input), [readLetters(input)], out, around)
      case 'enqueueMany': {
        const terms = readTerms(input)
        const values = readValues(input)
        return this.#intake.enqueue(call, terms, values, out, around)
      }
      case 'dequeue':
        this.#deliveries.dequeue(input.varint(), out, around)
        return 'done'
      case 'reserve':
        return this.#deliveries.reserve(call, input, out, around)
      case 'ack': {
        const acked: (readonly [number: number, receipt: number])[] = []
        for (let left = input.count(2); left > 0; left--) {
          acked.push([input.varint(), input.varint()])
        }
        const { length } = acked.filter(([item, receipt]) =>
          this.#deliveries.ack(item, receipt, around),
        )
        out.varint(length)
        return 'done'
      }
      case 'nack':
        out.bool(this.#deliveries.nack(input, around))
        return 'done'
      case 'extend':
        out.bool(this.#deliveries.extend(input, around))
        return 'done'
      case 'redrive':
        out.varint(this.#redrive(input))
        return 'done'
      case 'clear':
        this.#clear(around)
        return 'done'
      case 'destroy':
        out.bool(!this.#items.isEmpty || this.#deliveries.hasWaiting || this.#intake.hasWaiting)
        this.#destroy(around)
        return 'done'
      case undefined:
      default:
        throw DDataError.malformed('A call of a queue has a code that this version does not know')
    }
  }

  /** The same item from two processes, each of which says when that was. */
  intentOf(call: Uint8Array): Uint8Array {
    const input = new ByteReader(call)
    const name = callOf(input.u8())
    if (name !== 'enqueue' && name !== 'enqueueMany') return call
    const out = queueCall(name, readConfig(input))
    writeTerms(out, { ...readTerms(input), enqueuedAt: 0 })
    return out.bytes(call.subarray(call.length - input.remaining), call.length).finish()
  }

  /** @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
  #agree(config: QueueConfig): void {
    const existing = this.#limits
    for (const field of Object.keys(configFields) as (keyof QueueConfig)[]) {
      if (existing[field] === config[field]) continue
      const name = configFields[field]
      throw new Refusal('CASTY_DDATA_CONFIG_MISMATCH', name, existing[field], config[field])
    }
  }

  get #limits(): QueueConfig {
    const none = { shards: 0, maxDeliveries: 0, maxSize: 0, waitsWhenFull: 0, dedupWindowMs: 0 }
    return this.#config ?? none
  }

  #redrive(input: ByteReader): number {
    const wanted = new Set<number>() // Each counts once, however often it is named.
    for (let left = input.count(1); left > 0; left--) wanted.add(input.varint())
    const found =
      wanted.size === 0
        ? [...this.#items.dead(0)]
        : Array.from(wanted, (number) => this.#items.find(number))
    let count = 0
    for (const item of found) {
      if (item?.state !== 'dead') continue
      // It is wanted, however old it is.
      const anew = { deliveries: 0, receipt: 0, reason: '', expiresAt: Infinity }
      this.#items.become(item, 'ready', anew)
      count += 1
    }
    return count
  }

  #clear(around: Surroundings): void {
    this.#deliveries.stopTimers(around)
    this.#items.clear()
    this.#intake.makeRoom(around)
  }

  #destroy(around: Surroundings): void {
    this.#deliveries.stopTimers(around)
    const waiting = [...this.#deliveries.clear(), ...this.#intake.clear()]
    this.#items.clear()
    this.#items.forgetDead()
    this.#config = undefined
    for (const call of waiting) around.refuse(call, new Refusal('CASTY_DDATA_DESTROYED'))
  }

  freesRoom(code: number): FreesRoom | undefined {
    return this.#config ? roomFreedBy(code) : undefined
  }

  get bytes(): number {
    return this.#items.bytes
  }

  read(input: ByteReader, out: ByteWriter): void {
    const name = callOf(input.u8())
    const config = readConfig(input)
    if (this.#config) this.#agree(config)
    switch (name) {
      case 'peek': {
        const item = this.#items.first()
        out.bool(item !== undefined)
        if (item) writeLetters(out, item.value)
        return
      }
      case 'stats': {
        const { ready, delayed, reserved, dead } = this.#items.counts
        out.varint(ready).varint(delayed).varint(reserved).varint(dead)
        return
      }
      case 'deadList':
        this.#deadList(input.varint(), input.varint(), out)
        return
      case undefined:
      default:
        throw DDataError.malformed('A read of a queue has a code that this version does not know')
    }
  }

  #deadList(after: number, limit: number, out: ByteWriter): void {
    let count = 0
    for (const { number, value, deliveries, reason } of this.#items.dead(after)) {
      if (count >= limit || out.length >= pageBytes) break
      count += 1
      out.bool(true).varint(number).varint(deliveries).string(reason, maxReasonBytes)
      writeLetters(out, value)
    }
    out.bool(false)
  }

  withdraw(call: CallId, around: Surroundings): void {
    this.#deliveries.withdraw(call)
    // Those behind it may fit where it did not.
    if (this.#intake.withdraw(call)) {
      this.#intake.makeRoom(around)
      this.#deliveries.serve(around)
    }
  }

  /** A delivery was neither acknowledged nor returned in time. */
  timedOut(id: number, around: Surroundings): void {
    this.#deliveries.timedOut(id, around)
    this.#deliveries.serve(around)
  }

  due(): number {
    return this.#items.nextDue()
  }

  advance(around: Surroundings): void {
    for (const item of this.#items.expiredBy(around.now)) this.#items.remove(item)
    for (const item of this.#items.readyBy(around.now)) this.#items.become(item, 'ready')
    this.#intake.makeRoom(around)
    this.#deliveries.serve(around)
  }

  save(pieceBytes: number): Iterable<Uint8Array> {
    const head = new ByteWriter(32).u8(pieces.head).bool(this.#config !== undefined)
    const dedup = this.#intake.saveDedup(pieces.dedup, pieceBytes)
    const takers = this.#deliveries.saveTakers(pieces.takers, pieceBytes)
    const givers = this.#intake.saveGivers(pieces.givers, pieceBytes)
    const items = savedPieces(pieces.items, this.#items.values(), pieceBytes, writeItem)
    return allOf([writeConfig(head, this.#limits).finish()], dedup, takers, givers, items)
  }

  restore(piece: ByteReader): void {
    const kind = piece.u8()
    if (kind === pieces.head) {
      const hasConfig = piece.bool()
      const config = readConfig(piece)
      if (hasConfig) this.#config = config
      return
    }
    while (piece.remaining > 0) this.#restoreOne(kind, piece)
  }

  #restoreOne(kind: number, piece: ByteReader): void {
    switch (kind) {
      case pieces.dedup:
        this.#intake.restoreDedup(piece)
        return
      case pieces.takers:
        this.#deliveries.restoreTaker(piece)
        return
      case pieces.givers:
        this.#intake.restoreGiver(piece)
        return
      case pieces.items:
        this.#items.add(readItem(piece))
        return
      default:
        throw DDataError.malformed(
          'A piece of a queue is of a kind that this version does not know',
        )
    }
  }
}
