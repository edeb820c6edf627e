// The parts of a map, or of a set, whose members are keys without a value: calls on keys and values that are bytes already.
import { ByteWriter, type ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { CallTerms } from '../../session/pending.ts'
import type { Session } from '../../session/session.ts'
import type { Refusal } from '../../state/machine.ts'
import { termsOf, type CallOptions } from '../../structures/call-options.ts'
import { explainRefusal } from '../../structures/explain.ts'
import { checkSize } from '../../structures/part.ts'
import { allChanged, allOf, Parts } from '../../structures/parts.ts'
import { readBoolean, readCount, readNothing } from '../../structures/readers.ts'
import { scanParts, type Page } from '../../structures/scan.ts'
import { whole } from '../../values/arguments.ts'
import { shortLived } from '../../values/short-lived.ts'
import { beginMapCall, mapCall, writePut, type MapCall, type MapConfig } from './map-calls.ts'

export interface Put {
  readonly bytes: Uint8Array
  readonly value: Uint8Array
}

type ReadTerms = CallTerms & { readonly isStrict: boolean }

/** Whatever is written is taken out of it at once. */
const scratch = new ByteWriter(1_024)
const maxBatch = 10_000
const scanBytes = 131_072
/** Of what is asked for at once: what is asked for is split, since an answer is. */
const askedBytes = 131_072

export class MapParts {
  readonly #config: MapConfig
  readonly #parts: Parts

  constructor(session: Session, kind: 'map' | 'set', name: string, config: MapConfig) {
    this.#config = config
    const configure = mapCall('configure', config).finish()
    this.#parts = new Parts(session, {
      kind,
      name,
      shards: config.shards,
      configure,
      explain: (refusal) =>
        explainMap(`${kind === 'map' ? 'Map' : 'Set'} ${name}`, config.shards, refusal),
    })
  }

  /** Of the part that a key, as letters, is in. */
  idOf(key: string): string {
    return this.#parts.idOf(this.#parts.partOfLetters(key))
  }

  get ids(): readonly string[] {
    return Array.from({ length: this.#parts.count }, (_, part) => this.#parts.idOf(part))
  }

  /** Whether others use it with the same options. */
  async agree(terms: CallTerms): Promise<void> {
    await this.#parts.agree(terms)
  }

  /** @param write - what the call says beside the key, which comes last or is written by it */
  call<T>(
    key: Uint8Array,
    call: MapCall,
    terms: CallTerms,
    write: (out: ByteWriter) => unknown,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    const out = beginMapCall(scratch.reset(), call, this.#config)
    write(out)
    return this.#parts.call(this.#parts.partOf(key), shortLived(out), terms, result)
  }

  read<T>(
    key: Uint8Array,
    call: MapCall,
    terms: ReadTerms,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    const out = beginMapCall(scratch.reset(), call, this.#config).bytes(key, key.length)
    return this.#parts.read(this.#parts.partOf(key), shortLived(out), terms, result)
  }

  /** All or nothing within each part. Nothing at all where one of them would get too much. @returns how many were new */
  async putMany(
    puts: readonly Put[],
    ttlMs: number,
    isOnlyIfAbsent: boolean,
    terms: CallTerms,
  ): Promise<number> {
    return await this.#changeMany('putMany', puts, terms, (out, group) => {
      out.bool(isOnlyIfAbsent).count(group.length)
      for (const { bytes, value } of group) writePut(out, bytes, value, ttlMs)
    })
  }

  /** As `putMany`. @returns how many there were */
  async deleteMany(
    keys: readonly { readonly bytes: Uint8Array }[],
    terms: CallTerms,
  ): Promise<number> {
    return await this.#changeMany('deleteMany', keys, terms, (out, group) => {
      out.count(group.length)
      for (const { bytes } of group) out.bytes(bytes, bytes.length)
    })
  }

  async #changeMany<T extends { readonly bytes: Uint8Array }>(
    call: MapCall,
    items: readonly T[],
    terms: CallTerms,
    write: (out: ByteWriter, group: readonly T[]) => void,
  ): Promise<number> {
    const calls = this.#parts.split(items).map(([part, group]) => {
      const out = mapCall(call, this.#config, 256)
      write(out, group)
      return { part, bytes: checkSize(out.finish(), terms) }
    })
    return sum(
      await allChanged(
        calls.map(async ({ part, bytes }) => await this.#parts.call(part, bytes, terms, readCount)),
      ),
    )
  }

  /** @param found - told of each of them that is there */
  async getMany<T extends { readonly bytes: Uint8Array }>(
    items: readonly T[],
    terms: ReadTerms,
    found: (item: T, from: ByteReader) => void,
  ): Promise<void> {
    await allOf(
      this.#parts.split(items).map(async ([part, group]) => {
        for (let seen = 0; seen < group.length;) {
          const asked = askable(group, seen)
          const call = mapCall('getMany', this.#config, 256).count(asked.length)
          for (const { bytes } of asked) call.bytes(bytes, bytes.length)
          // eslint-disable-next-line no-await-in-loop -- What did not fit into one answer is asked for again.
          seen += await this.#parts.read(part, call.finish(), terms, (from) => {
            let count = 0
            for (const item of asked) {
              if (from.remaining === 0) break
              if (from.bool()) found(item, from)
              count += 1
            }
            return Math.max(1, count)
          })
        }
      }),
    )
  }

  /** Counted part by part: what changes meanwhile may be counted or not. */
  async size(terms: ReadTerms): Promise<number> {
    const call = mapCall('size', this.#config).finish()
    return sum(
      await this.#parts.everywhere(
        async (part) => await this.#parts.read(part, call, terms, readCount),
      ),
    )
  }

  /** Keys that are there throughout come exactly once. @param item - reads one */
  scan<T>(
    what: string,
    options: CallOptions & { readonly batch?: number },
    timeoutMs: number,
    isWithValues: boolean,
    item: (from: ByteReader) => T,
  ): AsyncGenerator<T, void> {
    const terms = { ...termsOf(what, options, timeoutMs, ['batch']), isStrict: false }
    const { batch = 1_000 } = options
    whole('options.batch', batch, 1, maxBatch)
    const page = (from: ByteReader): Page<T> => {
      const items: T[] = []
      while (from.bool()) items.push(item(from))
      return { items, next: from.varint() }
    }
    return scanParts(this.#parts.count, async (part, cursor) => {
      const call = mapCall('scan', this.#config).varint(cursor).varint(batch).varint(scanBytes)
      return await this.#parts.read(part, call.bool(isWithValues).finish(), terms, page)
    })
  }

  /** Part by part. */
  async clear(terms: CallTerms): Promise<void> {
    const call = mapCall('clear', this.#config).finish()
    await this.#parts.changeEverywhere(
      async (part) => await this.#parts.call(part, call, terms, readNothing),
    )
  }

  /** Has it forgotten, with its options. @returns whether there was anything in it */
  async destroy(terms: CallTerms): Promise<boolean> {
    const call = mapCall('destroy', this.#config).finish()
    const outcomes = await this.#parts.changeEverywhere(
      async (part) => await this.#parts.call(part, call, terms, readBoolean),
    )
    this.#parts.forget()
    return outcomes.includes(true)
  }
}

/** As many as may be asked for at once, from that one on. */
function askable<T extends { readonly bytes: Uint8Array }>(
  items: readonly T[],
  from: number,
): readonly T[] {
  let bytes = 0
  let to = from
  for (; to < items.length && bytes < askedBytes; to++) bytes += items[to]?.bytes.length ?? 0
  return items.slice(from, to)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

function explainMap(what: string, shards: number, refusal: Refusal): DDataError {
  const { code, field, existing, requested } = refusal
  if (code !== 'CASTY_DDATA_CONFIG_MISMATCH' || field !== 'maxEntries') {
    return explainRefusal(what, refusal)
  }
  // Each part has its share, rounded up; 0 where there is no limit.
  const written = (share: number): number | undefined => (share === 0 ? undefined : share * shards)
  return DDataError.configMismatch(what, field, written(existing), written(requested))
}
