// What changes in a map, as its watchers are told.
import type { ByteReader } from '@casty/transport'
import type { CallTerms } from '../../session/pending.ts'
import type { Session } from '../../session/session.ts'
import { termsOf, type CallOptions } from '../../structures/call-options.ts'
import { leavable } from '../../structures/leavable.ts'
import { Watching } from '../../structures/watching.ts'
import { eachWhenThere, whenThere, type Soon } from '../../structures/when-there.ts'
import { flag, listed } from '../../values/arguments.ts'
import { decodeValue } from '../../values/canonical.ts'
import { lettersOf } from '../../values/letters.ts'
import { mapEvents } from './map-calls.ts'
import type { MapEntry, MapEvent, Present, WatchMapOptions } from './map-options.ts'
import type { MapParts } from './map-parts.ts'

/** What of a map is needed to watch it. */
export interface WatchedMap<K, V> {
  readonly what: string
  readonly session: Session
  readonly parts: MapParts
  readonly timeoutMs: number
  readonly key: (key: K) => Soon<Uint8Array>
  readonly value: (from: ByteReader) => V
  readonly present: (options: CallOptions) => AsyncIterable<Present<K, V>>
  readonly entry: (key: K, options: CallOptions) => Promise<MapEntry<K, V> | undefined>
}

/** A key as it was given, and as its schema made it. */
interface Wanted<K> {
  readonly given: K
  readonly key: K
  readonly letters: string
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_VALIDATION`, `…_ABORTED`, `…_CLOSED` */
export function watchMap<K, V>(
  options: WatchMapOptions<K>,
  map: WatchedMap<K, V>,
): AsyncIterableIterator<MapEvent<K, V>> {
  const terms = termsOf(map.what, options, map.timeoutMs, ['keys', 'initial'])
  const { keys, initial = false } = options
  flag('options.initial', initial)
  if (keys === undefined) return begun(map, undefined, initial, terms)
  const wanted = eachWhenThere(listed('options.keys', keys), (given) =>
    whenThere(map.key(given), (bytes): Wanted<K> => {
      // What its schema made of a key is one.
      return { given, key: decodeValue(bytes) as K, letters: lettersOf(bytes) }
    }),
  )
  if (!(wanted instanceof Promise)) return begun(map, wanted, initial, terms)
  return onceThere(wanted.then((all) => begun(map, all, initial, terms)))
}

/** A schema takes its time. */
function onceThere<Event>(
  coming: Promise<AsyncIterableIterator<Event>>,
): AsyncIterableIterator<Event> {
  coming.catch(() => {}) // Whoever asks for its next is told.
  return leavable((untilLeft) => {
    const leave = (): void => void coming.then((events) => events.return?.()).catch(() => {})
    untilLeft().addEventListener('abort', leave, { once: true })
    return each(coming)
  })
}

async function* each<Event>(
  coming: Promise<AsyncIterableIterator<Event>>,
): AsyncGenerator<Event, void> {
  yield* await coming
}

function begun<K, V>(
  map: WatchedMap<K, V>,
  wanted: readonly Wanted<K>[] | undefined,
  initial: boolean,
  terms: CallTerms,
): AsyncIterableIterator<MapEvent<K, V>> {
  const changes = changesOf(map, wanted, terms)
  if (!initial) return changes
  const { signal, timeoutMs } = terms
  const calls = { ...(signal && { signal }), timeoutMs }
  return presentAndChanges(wanted ? presentOf(map, wanted, calls) : map.present(calls), changes)
}

function changesOf<K, V>(
  { what, session, parts, value }: WatchedMap<K, V>,
  keys: readonly Wanted<K>[] | undefined,
  terms: CallTerms,
): Watching<MapEvent<K, V>> {
  const wanted = keys && new Set(keys.map(({ letters }) => letters))
  const ids = wanted ? new Set(Array.from(wanted, (key) => parts.idOf(key))) : parts.ids
  const { signal } = terms
  return new Watching<MapEvent<K, V>>(session, [...ids], {
    what,
    clock: session.clock,
    name: '',
    ...(signal && { signal }),
    read: (from) => readEvent(from, wanted, value),
    resync: { type: 'resync' },
    agree: async () => await parts.agree(terms),
  })
}

/** Nothing is in between: changes are gathered before the rest is read. */
function presentAndChanges<K, V>(
  present: AsyncIterable<Present<K, V>>,
  changes: Watching<MapEvent<K, V>>,
): AsyncIterableIterator<MapEvent<K, V>> {
  const events = oneAfterTheOther(present, changes)
  return {
    next: async () => await events.next(),
    // A generator ends once whoever waits for its next has it: that waits for a change.
    return: async () => {
      await changes.return()
      return await events.return(undefined)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* oneAfterTheOther<K, V>(
  present: AsyncIterable<Present<K, V>>,
  changes: Watching<MapEvent<K, V>>,
): AsyncGenerator<MapEvent<K, V>, undefined> {
  try {
    for await (const entry of present) yield { ...entry, type: 'put', previous: undefined }
    yield* changes
  } finally {
    await changes.return()
  }
}

async function* presentOf<K, V>(
  { entry }: WatchedMap<K, V>,
  keys: readonly Wanted<K>[],
  options: CallOptions,
): AsyncGenerator<Present<K, V>, void> {
  for (const { given, key } of keys) {
    // eslint-disable-next-line no-await-in-loop -- As they are asked for.
    const found = await entry(given, options)
    if (found) yield { key, value: found.value, version: found.version }
  }
}

function readEvent<K, V>(
  from: ByteReader,
  wanted: ReadonlySet<string> | undefined,
  valueOf: (from: ByteReader) => V,
): MapEvent<K, V> | undefined {
  const kind = from.u8()
  const version = from.varint()
  if (kind === mapEvents.clear) return { type: 'clear', version }
  const bytes = from.bytes(from.remaining)
  if (wanted?.has(lettersOf(bytes)) === false) return undefined
  // Only keys of this map are in it.
  const key = decodeValue(bytes) as K
  if (kind === mapEvents.put) {
    const previous = from.bool() ? valueOf(from) : undefined
    return { type: 'put', key, value: valueOf(from), previous, version }
  }
  from.bool()
  const type = kind === mapEvents.delete ? 'delete' : kind === mapEvents.expire ? 'expire' : 'evict'
  return { type, key, previous: valueOf(from), version }
}
