import { ByteWriter, type ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { endOf, Expiries } from './expiries.ts'
import {
  callOf,
  mapEvents,
  readConfig,
  readPut,
  type MapCall,
  type MapConfig,
  type PutBody,
} from './map-calls.ts'

/** Keys and values are bytes, one letter each: a text takes the least memory. */
interface Entry {
  value: string
  version: number
  /** By the clock of the part; Infinity: never. */
  expiresAt: number
  /** Of the time at which its key came to be here. Entries are in the order of these. */
  readonly birth: number
}

const fewExpiries = 1_000
const maxAnswerBytes = 131_072

/** One part of a map, or of a set. Versions are never used twice, whatever becomes of keys and map. */
export class MapMachine implements Machine {
  readonly #entries = new Map<string, Entry>()
  readonly #expiries = new Expiries()
  #config: MapConfig | undefined

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#config === undefined
  }

  execute(_call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const call = callOf(input.u8())
    const config = readConfig(input)
    this.#agree(config)
    const isNew = this.#config === undefined
    this.#config ??= config
    try {
      this.#change(call, input, out, around)
    } catch (error) {
      if (isNew) this.#config = undefined
      throw error
    }
    return 'done'
  }

  #change(
    call: MapCall | undefined,
    input: ByteReader,
    out: ByteWriter,
    around: Surroundings,
  ): void {
    switch (call) {
      case 'configure':
        return
      case 'put':
        optional(out, this.#put(readPut(input), around))
        return
      case 'set':
        this.#put(readPut(input), around)
        return
      case 'putIfAbsent': {
        const put = readPut(input)
        const existing = this.#entries.get(put.key)?.value
        if (existing === undefined) this.#put(put, around)
        optional(out, existing)
        return
      }
      case 'delete':
        out.bool(this.#delete(readLetters(input), 'delete', around) !== undefined)
        return
      case 'getAndDelete':
        optional(out, this.#delete(readLetters(input), 'delete', around))
        return
      case 'replace': {
        const expected = readLetters(input)
        const put = readPut(input)
        out.bool(this.#putIf(this.#entries.get(put.key)?.value === expected, put, around))
        return
      }
      case 'replaceIfVersion': {
        const version = input.varint()
        const put = readPut(input)
        const isThat = (this.#entries.get(put.key)?.version ?? 0) === version
        out.bool(this.#putIf(isThat, put, around))
        return
      }
      case 'removeIf': {
        const expected = readLetters(input)
        const key = readLetters(input)
        const isThat = this.#entries.get(key)?.value === expected
        if (isThat) this.#delete(key, 'delete', around)
        out.bool(isThat)
        return
      }
      case 'touch': {
        const key = readLetters(input)
        out.bool(this.#touch(key, input.varint(), around))
        return
      }
      case 'putMany':
        out.varint(this.#putMany(input, around))
        return
      case 'deleteMany': {
        const keys: string[] = []
        for (let left = input.count(1); left > 0; left--) keys.push(readLetters(input))
        out.varint(keys.filter((key) => this.#delete(key, 'delete', around) !== undefined).length)
        return
      }
      case 'clear':
        this.#clear(around)
        return
      case 'destroy':
        out.bool(this.#entries.size > 0)
        this.#clear(around)
        this.#config = undefined
        return
      case undefined:
      default:
        throw DDataError.malformed('A call of a map has a code that this version does not know')
    }
  }

  /** @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
  #agree(config: MapConfig): void {
    // A part of a map without parts is none: and what is saved tells one that is not configured by that.
    if (config.shards === 0) throw DDataError.malformed('A call of a map has no shards')
    const existing = this.#config ?? config
    for (const field of ['shards', 'maxEntries'] as const) {
      if (existing[field] === config[field]) continue
      throw new Refusal('CASTY_DDATA_CONFIG_MISMATCH', field, existing[field], config[field])
    }
  }

  /** @returns what was there before */
  #put({ key, value, ttlMs }: PutBody, around: Surroundings): string | undefined {
    const known = this.#entries.get(key)
    const previous = known?.value
    const version = around.nextCount()
    const expiresAt = ttlMs === 0 ? Infinity : endOf(around.now, ttlMs)
    if (known) {
      known.value = value
      known.version = version
      known.expiresAt = expiresAt
    } else {
      this.#entries.set(key, { value, version, expiresAt, birth: version })
    }
    if (expiresAt !== Infinity) this.#expires(key, expiresAt)
    around.changed('', (event) => {
      event.u8(mapEvents.put).varint(version)
      writeLetters(event, key)
      optional(event, previous)
      writeLetters(event, value)
    })
    this.#evict(around)
    return previous
  }

  #putIf(holds: boolean, put: PutBody, around: Surroundings): boolean {
    if (holds) this.#put(put, around)
    return holds
  }

  /** @returns how many were new */
  #putMany(input: ByteReader, around: Surroundings): number {
    const isOnlyIfAbsent = input.bool()
    const puts: PutBody[] = []
    for (let left = input.count(3); left > 0; left--) puts.push(readPut(input))
    let added = 0
    for (const put of puts) {
      const isNew = !this.#entries.has(put.key)
      if (isNew) added += 1
      if (isNew || !isOnlyIfAbsent) this.#put(put, around)
    }
    return added
  }

  #touch(key: string, ttlMs: number, around: Surroundings): boolean {
    const entry = this.#entries.get(key)
    if (!entry) return false
    entry.expiresAt = endOf(around.now, ttlMs)
    this.#expires(key, entry.expiresAt)
    return true
  }

  #expires(key: string, at: number): void {
    this.#expiries.add(key, at)
    // Most of it may be about entries that were put again, or are gone: what is kept grows with the entries alone.
    if (this.#expiries.size <= 2 * this.#entries.size + fewExpiries) return
    this.#expiries.clear()
    for (const [of, { expiresAt }] of this.#entries) {
      if (expiresAt !== Infinity) this.#expiries.add(of, expiresAt)
    }
  }

  /** @returns what was there */
  #delete(
    key: string,
    why: 'delete' | 'expire' | 'evict',
    around: Surroundings,
  ): string | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    const version = around.nextCount()
    around.changed('', (event) => {
      event.u8(mapEvents[why]).varint(version)
      writeLetters(event, key)
      optional(event, entry.value)
    })
    return entry.value
  }

  /** Those that came first go first. */
  #evict(around: Surroundings): void {
    const limit = this.#config?.maxEntries ?? 0
    if (limit === 0) return
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= limit) return
      this.#delete(key, 'evict', around)
    }
  }

  #clear(around: Surroundings): void {
    this.#entries.clear()
    this.#expiries.clear()
    const version = around.nextCount()
    around.changed('', (event) => event.u8(mapEvents.clear).varint(version))
  }

  read(input: ByteReader, out: ByteWriter, around: Surroundings): void {
    const call = callOf(input.u8())
    const config = readConfig(input)
    if (this.#config) this.#agree(config)
    switch (call) {
      case 'get':
        optional(out, this.#entries.get(readLetters(input))?.value)
        return
      case 'getEntry': {
        const entry = this.#entries.get(readLetters(input))
        out.bool(entry !== undefined)
        if (!entry) return
        const { value, version, expiresAt } = entry
        writeLetters(out, value)
        out.varint(version).varint(expiresAt === Infinity ? 0 : Math.max(1, expiresAt - around.now))
        return
      }
      case 'contains':
        out.bool(this.#entries.has(readLetters(input)))
        return
      case 'getMany':
        // What does not fit is asked for again: an answer has to fit into a frame.
        for (let left = input.count(1); left > 0 && out.length < maxAnswerBytes; left--) {
          optional(out, this.#entries.get(readLetters(input))?.value)
        }
        return
      case 'size':
        out.varint(this.#entries.size)
        return
      case 'scan':
        this.#scan(input, out)
        return
      case undefined:
      default:
        throw DDataError.malformed('A read of a map has a code that this version does not know')
    }
  }

  /** Entries behind a cursor, at most so many and about so many bytes, and the cursor behind them: 0 at the end. */
  #scan(input: ByteReader, out: ByteWriter): void {
    const cursor = input.varint()
    const limit = input.varint()
    const maxBytes = input.varint()
    const isWithValues = input.bool()
    let count = 0
    let last = 0
    for (const [key, { value, birth }] of this.#entries) {
      if (birth <= cursor) continue
      if (count >= limit || out.length >= maxBytes) {
        out.bool(false).varint(last)
        return
      }
      out.bool(true)
      writeLetters(out, key)
      if (isWithValues) writeLetters(out, value)
      count += 1
      last = birth
    }
    out.bool(false).varint(0)
  }

  withdraw(): void {}

  timedOut(): void {}

  /** How many ends of entries it keeps, for tests that this is bounded. */
  get expiriesKept(): number {
    return this.#expiries.size
  }

  /** That of an entry, so that it is the same wherever the part goes on. */
  due(): number {
    for (;;) {
      const { first } = this.#expiries
      // It may have been put or touched since.
      if (!first || this.#entries.get(first.key)?.expiresAt === first.at)
        return first?.at ?? Infinity
      this.#expiries.take()
    }
  }

  advance(around: Surroundings): void {
    while (this.due() <= around.now) {
      const due = this.#expiries.take()
      if (due) this.#delete(due.key, 'expire', around)
    }
  }

  *save(pieceBytes: number): Iterable<Uint8Array> {
    let out = new ByteWriter(pieceBytes)
    const { shards, maxEntries } = this.#config ?? { shards: 0, maxEntries: 0 }
    out.varint(shards).varint(maxEntries)
    for (const [key, { value, version, expiresAt, birth }] of this.#entries) {
      writeLetters(out, key)
      writeLetters(out, value)
      out
        .varint(version)
        .varint(birth)
        .varint(expiresAt === Infinity ? 0 : expiresAt)
      if (out.length < pieceBytes) continue
      yield out.finish()
      out = new ByteWriter(pieceBytes).varint(shards).varint(maxEntries)
    }
    yield out.finish()
  }

  restore(piece: ByteReader): void {
    const config = readConfig(piece)
    if (config.shards > 0) this.#config = config
    while (piece.remaining > 0) {
      const [key, value] = [readLetters(piece), readLetters(piece)]
      const [version, birth, expires] = [piece.varint(), piece.varint(), piece.varint()]
      const expiresAt = expires === 0 ? Infinity : expires
      this.#entries.set(key, { value, version, birth, expiresAt })
      if (expires !== 0) this.#expiries.add(key, expires)
    }
  }
}

function optional(out: ByteWriter, value: string | undefined): void {
  out.bool(value !== undefined)
  if (value !== undefined) writeLetters(out, value)
}
