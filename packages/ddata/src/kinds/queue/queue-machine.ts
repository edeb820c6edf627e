import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { endOf } from '../../state/ends.ts'
import { allOf, inPieces } from '../../state/pieces.ts'
import { keyOf, readCallId, writeCallId } from '../../state/call-id.ts'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { DedupIds } from './dedup-ids.ts'
import { Items, readItem, writeItem, type Item } from './items.ts'
import {
  callOf,
  configFields,
  maxPriority,
  maxReasonBytes,
  queueCall,
  readConfig,
  readTerms,
  tooManyAtOnce,
  writeConfig,
  writeTerms,
  type EnqueueTerms,
  type QueueCall,
  type QueueConfig,
} from './queue-calls.ts'

/** Who waits for items, in the order in which they came. */
interface Taker {
  readonly call: CallId
  readonly max: number
  readonly visibilityMs: number
}

/** Who waits for room. */
interface Giver {
  readonly call: CallId
  readonly values: readonly string[]
  readonly terms: EnqueueTerms
}

const pageBytes = 131_072

const pieces = { head: 1, items: 2, dedup: 3, takers: 4, givers: 5 } as const

/** One queue: all of it, since its order needs one owner. */
export class QueueMachine implements Machine {
  readonly #items = new Items()
  readonly #takers = new Map<string, Taker>()
  readonly #givers = new Map<string, Giver>()
  readonly #dedup = new DedupIds()
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
      this.#serve(around)
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
        return this.#enqueue(call, readTerms(input), [readLetters(input)], out, around)
      case 'enqueueMany': {
        const terms = readTerms(input)
        const values = readValues(input)
        return this.#enqueue(call, terms, values, out, around)
      }
      case 'dequeue':
        this.#dequeue(input.varint(), out, around)
        return 'done'
      case 'reserve':
        return this.#reserve(call, input, out, around)
      case 'ack': {
        const deliveries: (readonly [number: number, receipt: number])[] = []
        for (let left = input.count(2); left > 0; left--) {
          deliveries.push([input.varint(), input.varint()])
        }
        out.varint(deliveries.filter(([item, receipt]) => this.#ack(item, receipt, around)).length)
        return 'done'
      }
      case 'nack':
        out.bool(this.#nack(input, around))
        return 'done'
      case 'extend': {
        const item = this.#delivered(input.varint(), input.varint())
        if (item) around.startTimer(item.receipt, input.varint())
        out.bool(item !== undefined)
        return 'done'
      }
      case 'redrive':
        out.varint(this.#redrive(input))
        return 'done'
      case 'clear':
        this.#clear(around)
        return 'done'
      case 'destroy':
        out.bool(!this.#items.isEmpty || this.#takers.size > 0 || this.#givers.size > 0)
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

  #enqueue(
    call: CallId,
    terms: EnqueueTerms,
    values: readonly string[],
    out: ByteWriter,
    around: Surroundings,
  ): Outcome {
    const { maxSize, waitsWhenFull } = this.#limits
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
    const { maxSize } = this.#limits
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
    this.#dedup.remember(dedupId, number, this.#limits.dedupWindowMs, around.now)
    return number
  }

  #dequeue(max: number, out: ByteWriter, around: Surroundings): void {
    const taken: Item[] = []
    for (let bytes = 0; taken.length < max && bytes < pageBytes;) {
      const item = this.#items.first()
      if (!item) break
      this.#items.remove(item)
      taken.push(item)
      bytes += item.value.length
    }
    out.count(taken.length)
    for (const { value } of taken) writeLetters(out, value)
    this.#makeRoom(around)
  }

  #reserve(call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const [max, visibilityMs, waits] = [input.varint(), input.varint(), input.bool()]
    // Who waits for nothing would wait for ever, and all others behind it.
    if (max === 0) throw DDataError.malformed('No items are asked for')
    if (waits && (this.#takers.size > 0 || !this.#items.first())) {
      this.#takers.set(keyOf(call), { call, max, visibilityMs })
      return 'parked'
    }
    // Who does not wait does not overtake those who do.
    const delivered = this.#takers.size > 0 ? [] : this.#deliver(max, visibilityMs, around)
    writeDeliveries(out, delivered)
    return 'done'
  }

  #deliver(max: number, visibilityMs: number, around: Surroundings): readonly Item[] {
    const delivered: Item[] = []
    for (let bytes = 0; delivered.length < max && bytes < pageBytes;) {
      const item = this.#items.first()
      if (!item) break
      bytes += item.value.length
      const [deliveries, receipt] = [item.deliveries + 1, around.nextCount()]
      delivered.push(this.#items.become(item, 'reserved', { deliveries, receipt }))
      around.startTimer(receipt, visibilityMs)
    }
    return delivered
  }

  /** The item of a delivery that is still the last one, and is being worked on. */
  #delivered(number: number, receipt: number): Item | undefined {
    const item = this.#items.find(number)
    return item?.state === 'reserved' && item.receipt === receipt ? item : undefined
  }

  /** Also counts when it comes late, as long as nobody else got the item. */
  #ack(number: number, receipt: number, around: Surroundings): boolean {
    const item = this.#items.find(number)
    if (!item || receipt === 0 || item.receipt !== receipt || item.state === 'dead') return false
    around.stopTimer(receipt)
    this.#items.remove(item)
    this.#makeRoom(around)
    return true
  }

  #nack(input: ByteReader, around: Surroundings): boolean {
    const [number, receipt, delayMs, isDead] = [
      input.varint(),
      input.varint(),
      input.varint(),
      input.bool(),
    ]
    const reason = input.string(maxReasonBytes)
    const item = this.#delivered(number, receipt)
    if (!item) return false
    around.stopTimer(receipt)
    this.#return(item, delayMs, isDead, reason, around)
    return true
  }

  #return(
    item: Item,
    delayMs: number,
    isDead: boolean,
    reason: string,
    around: Surroundings,
  ): void {
    const { maxDeliveries } = this.#limits
    if (item.expiresAt <= around.now) {
      this.#items.remove(item)
      this.#makeRoom(around)
    } else if (isDead || (maxDeliveries > 0 && item.deliveries >= maxDeliveries)) {
      this.#items.become(item, 'dead', { reason })
      this.#makeRoom(around)
    } else if (delayMs > 0) {
      this.#items.become(item, 'delayed', { readyAt: endOf(around.now, delayMs) })
    } else this.#items.become(item, 'ready')
  }

  #redrive(input: ByteReader): number {
    const wanted: number[] = []
    for (let left = input.count(1); left > 0; left--) wanted.push(input.varint())
    const found =
      wanted.length === 0
        ? [...this.#items.dead(0)]
        : wanted.map((number) => this.#items.find(number)).filter((item) => item?.state === 'dead')
    let count = 0
    for (const item of found) {
      if (!item) continue
      // It is wanted, however old it is.
      const anew = { deliveries: 0, receipt: 0, reason: '', expiresAt: Infinity }
      this.#items.become(item, 'ready', anew)
      count += 1
    }
    return count
  }

  #clear(around: Surroundings): void {
    for (const { receipt } of this.#items.reserved()) around.stopTimer(receipt)
    this.#items.clear()
    this.#makeRoom(around)
  }

  #destroy(around: Surroundings): void {
    for (const { receipt } of this.#items.reserved()) around.stopTimer(receipt)
    const waiting = [...this.#takers.values(), ...this.#givers.values()]
    this.#takers.clear()
    this.#givers.clear()
    this.#items.clear()
    this.#items.forgetDead()
    this.#dedup.clear()
    this.#config = undefined
    for (const { call } of waiting) around.refuse(call, new Refusal('CASTY_DDATA_DESTROYED'))
  }

  /** Who waits for room gets it, in order. */
  #makeRoom(around: Surroundings): void {
    for (const [key, { call, terms, values }] of this.#givers) {
      // One with the same id may have come in while this one waited.
      const known = this.#dedup.find(terms.dedupId, around.now)
      if (known === undefined && !this.#hasRoomFor(values.length)) return
      this.#givers.delete(key)
      const number = known ?? this.#add(terms, values, around)
      around.settle(call, (out) => out.bool(known !== undefined).varint(number))
    }
  }

  /** Who waits for items gets them, in order. */
  #serve(around: Surroundings): void {
    for (const [key, { call, max, visibilityMs }] of this.#takers) {
      const delivered = this.#deliver(max, visibilityMs, around)
      if (delivered.length === 0) return
      this.#takers.delete(key)
      around.settle(call, (out) => writeDeliveries(out, delivered))
    }
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
    this.#takers.delete(keyOf(call))
    // Those behind it may fit where it did not.
    if (this.#givers.delete(keyOf(call))) {
      this.#makeRoom(around)
      this.#serve(around)
    }
  }

  /** A delivery was neither acknowledged nor returned in time. */
  timedOut(id: number, around: Surroundings): void {
    const item = this.#items.reservedBy(id)
    if (item) this.#return(item, 0, false, 'It was not acknowledged in time', around)
    this.#serve(around)
  }

  due(): number {
    return this.#items.nextDue()
  }

  advance(around: Surroundings): void {
    for (const item of this.#items.expiredBy(around.now)) this.#items.remove(item)
    for (const item of this.#items.readyBy(around.now)) this.#items.become(item, 'ready')
    this.#makeRoom(around)
    this.#serve(around)
  }

  save(pieceBytes: number): Iterable<Uint8Array> {
    const head = new ByteWriter(32).u8(pieces.head).bool(this.#config !== undefined)
    const dedup = this.#dedup.save(pieces.dedup, pieceBytes)
    const takers = saved(pieces.takers, this.#takers.values(), pieceBytes, (out, taker) => {
      writeCallId(out, taker.call)
      out.varint(taker.max).varint(taker.visibilityMs)
    })
    const givers = saved(pieces.givers, this.#givers.values(), pieceBytes, (out, giver) => {
      writeCallId(out, giver.call)
      writeTerms(out, giver.terms).count(giver.values.length)
      for (const value of giver.values) writeLetters(out, value)
    })
    const items = saved(pieces.items, this.#items.values(), pieceBytes, writeItem)
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
        this.#dedup.restoreOne(piece)
        return
      case pieces.takers: {
        const call = readCallId(piece)
        this.#takers.set(keyOf(call), { call, max: piece.varint(), visibilityMs: piece.varint() })
        return
      }
      case pieces.givers: {
        const call = readCallId(piece)
        const terms = readTerms(piece)
        this.#givers.set(keyOf(call), { call, terms, values: readValues(piece) })
        return
      }
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

function readValues(from: ByteReader): readonly string[] {
  const values: string[] = []
  for (let left = from.count(1); left > 0; left--) values.push(readLetters(from))
  return values
}

/** Each piece says of what kind it is. */
function saved<T>(
  kind: number,
  things: Iterable<T>,
  pieceBytes: number,
  write: (out: ByteWriter, thing: T) => void,
): Iterable<Uint8Array> {
  return inPieces(things, pieceBytes, write, (out) => out.u8(kind))
}

function writeDeliveries(out: ByteWriter, items: readonly Item[]): void {
  out.count(items.length)
  for (const { number, receipt, deliveries, enqueuedAt, value } of items) {
    out.varint(number).varint(receipt).varint(deliveries).varint(enqueuedAt)
    writeLetters(out, value)
  }
}
