import type { FreesRoom } from '@casty/persistence'
import { ByteWriter, type ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { endOf, leftUntil } from '../../state/ends.ts'
import { readLetters, writeLetters } from '../../values/letters.ts'
import { Entries, type Entry, type Snapshot } from './entries.ts'
import {
  callOf,
  mapEvents,
  readConfig,
  readPut,
  roomFreedBy,
  type MapCall,
  type MapConfig,
  type PutBody,
} from './map-calls.ts'

const maxAnswerBytes = 131_072

/** One part of a map, or of a set. Versions are never used twice, whatever becomes of keys and map. */
export class MapMachine implements Machine {
  readonly #entries = new Entries()
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
    if (config.maxEntries > 0) this.#entries.countUses()
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
    const expiresAt = ttlMs === 0 ? 0 : endOf(around.now, ttlMs)
    if (known) this.#entries.change(known, { value, version, expiresAt })
    else this.#entries.add({ key, value, version, expiresAt, birth: version })
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
    this.#entries.change(entry, { expiresAt: endOf(around.now, ttlMs) })
    return true
  }

  /** @returns what was there */
  #delete(key: string, why: WhyGone, around: Surroundings): string | undefined {
    const entry = this.#entries.get(key)
    return entry && this.#remove(entry, why, around)
  }

  #remove(entry: Readonly<Entry>, why: WhyGone, around: Surroundings): string {
    const { key, value } = entry
    this.#entries.remove(entry)
    const version = around.nextCount()
    around.changed('', (event) => {
      event.u8(mapEvents[why]).varint(version)
      writeLetters(event, key)
      optional(event, value)
    })
    return value
  }

  get #limit(): number {
    return this.#config?.maxEntries ?? 0
  }

  /** Those go first that nobody has used for longest. */
  #evict(around: Surroundings): void {
    while (this.#limit > 0 && this.#entries.size > this.#limit) {
      const entry = this.#entries.leastUsed
      if (!entry) return
      this.#remove(entry, 'evict', around)
    }
  }

  /** Where the next one to go was read since, everybody is told: all have to let the same one go. */
  takeNote(): Uint8Array | undefined {
    const isFull = this.#limit > 0 && this.#entries.size >= this.#limit
    const seen = isFull ? this.#entries.seenLeastUsed : undefined
    if (!seen) return undefined
    const note = new ByteWriter(seen.key.length + 8)
    writeLetters(note, seen.key)
    return note.finish()
  }

  note(note: ByteReader): void {
    if (this.#limit > 0) this.#entries.countUses()
    const entry = this.#entries.get(readLetters(note))
    if (entry) this.#entries.change(entry, {})
  }

  #clear(around: Surroundings): void {
    this.#entries.clear()
    const version = around.nextCount()
    around.changed('', (event) => event.u8(mapEvents.clear).varint(version))
  }

  freesRoom(code: number): FreesRoom | undefined {
    return this.#config ? roomFreedBy(code) : undefined
  }

  get bytes(): number {
    return this.#entries.bytes
  }

  read(input: ByteReader, out: ByteWriter, around: Surroundings): void {
    const call = callOf(input.u8())
    const config = readConfig(input)
    if (this.#config) this.#agree(config)
    if (this.#limit > 0) this.#entries.countUses()
    switch (call) {
      case 'get':
        optional(out, this.#see(readLetters(input))?.value)
        return
      case 'getEntry': {
        const entry = this.#see(readLetters(input))
        out.bool(entry !== undefined)
        if (!entry) return
        const { value, version, expiresAt } = entry
        writeLetters(out, value)
        out
          .varint(version)
          .varint(expiresAt === 0 ? 0 : Math.max(1, leftUntil(expiresAt, around.now)))
        return
      }
      case 'contains':
        out.bool(this.#entries.has(readLetters(input)))
        return
      case 'getMany':
        // What does not fit is asked for again: an answer has to fit into a frame.
        for (let left = input.count(1); left > 0 && out.length < maxAnswerBytes; left--) {
          optional(out, this.#see(readLetters(input))?.value)
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

  #see(key: string): Readonly<Entry> | undefined {
    this.#entries.saw(key)
    return this.#entries.get(key)
  }

  /** Entries behind a cursor, at most so many and about so many bytes, and the cursor behind them: 0 at the end. */
  #scan(input: ByteReader, out: ByteWriter): void {
    const [cursor, limit, maxBytes] = [input.varint(), input.varint(), input.varint()]
    const isWithValues = input.bool()
    const next = this.#entries.scan(cursor, limit, ({ key, value, version }) => {
      out.bool(true)
      writeLetters(out, key)
      if (isWithValues) {
        writeLetters(out, value)
        out.varint(version)
      }
      return out.length < maxBytes
    })
    out.bool(false).varint(next)
  }

  withdraw(): void {}

  timedOut(): void {}

  /** How many ends of entries it keeps, for tests that this is bounded. */
  get endsKept(): number {
    return this.#entries.endsKept
  }

  due(): number {
    return this.#entries.nextToEnd?.expiresAt ?? Infinity
  }

  advance(around: Surroundings): void {
    for (;;) {
      const entry = this.#entries.nextToEnd
      if (!entry || entry.expiresAt > around.now) return
      this.#remove(entry, 'expire', around)
    }
  }

  save(pieceBytes: number): Iterable<Uint8Array> {
    const config = this.#config ?? { shards: 0, maxEntries: 0 }
    if (config.maxEntries > 0) this.#entries.countUses()
    return pieces(config, this.#entries.snapshot(), pieceBytes)
  }

  restore(piece: ByteReader): void {
    const config = readConfig(piece)
    if (config.shards > 0) this.#config = config
    while (piece.remaining > 0) {
      const [key, value] = [readLetters(piece), readLetters(piece)]
      const [version, birth] = [piece.varint(), piece.varint()]
      const [expiresAt, rank] = [piece.varint(), piece.varint()]
      this.#entries.restore({ key, value, version, expiresAt, birth }, rank)
    }
  }
}

type WhyGone = 'delete' | 'expire' | 'evict'

/** Each piece says of what kind of map it is. */
function* pieces(
  { shards, maxEntries }: MapConfig,
  { entries, ranks }: Snapshot,
  pieceBytes: number,
): Iterable<Uint8Array> {
  const out = new ByteWriter(pieceBytes + 1_024).varint(shards).varint(maxEntries)
  for (const { key, value, version, birth, expiresAt } of entries) {
    writeLetters(out, key)
    writeLetters(out, value)
    out
      .varint(version)
      .varint(birth)
      .varint(expiresAt)
      .varint(ranks.get(key) ?? 0)
    if (out.length < pieceBytes) continue
    yield out.finish()
    out.reset().varint(shards).varint(maxEntries)
  }
  yield out.finish()
}

function optional(out: ByteWriter, value: string | undefined): void {
  out.bool(value !== undefined)
  if (value !== undefined) writeLetters(out, value)
}
