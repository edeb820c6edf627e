// What changes in a map, as its watchers are told.
import type { ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { Session } from '../../session/session.ts'
import type { CallOptions } from '../../structures/call-options.ts'
import { Watching } from '../../structures/watching.ts'
import { knownNames, listed } from '../../values/arguments.ts'
import { decodeValue } from '../../values/canonical.ts'
import { encoded } from '../../values/encoded.ts'
import { lettersOf } from '../../values/letters.ts'
import { mapEvents } from './map-calls.ts'
import type { MapEntry, MapEvent, Present, WatchMapOptions } from './map-options.ts'
import type { MapParts } from './map-parts.ts'

/** What of a map is needed to watch it. */
export interface WatchedMap<K, V> {
  readonly what: string
  readonly session: Session
  readonly parts: MapParts
  readonly value: (from: ByteReader) => V
  readonly present: (options: CallOptions) => AsyncIterable<Present<K, V>>
  readonly entry: (key: K, options: CallOptions) => Promise<MapEntry<K, V> | undefined>
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_ABORTED`, `…_CLOSED` */
export function watchMap<K, V>(
  options: WatchMapOptions<K>,
  map: WatchedMap<K, V>,
): AsyncIterableIterator<MapEvent<K, V>> {
  knownNames('options', options, ['signal', 'timeoutMs', 'keys', 'initial'])
  const { signal, timeoutMs, initial = false } = options
  if (signal?.aborted) throw DDataError.aborted(map.what, 'no', signal.reason)
  if (typeof initial !== 'boolean') {
    throw DDataError.argument('options.initial', initial, 'true or false')
  }
  const keys = options.keys && listed('options.keys', options.keys)
  const wanted = keys && new Set(keys.map((key) => lettersOf(encoded(key, () => 'A key to watch'))))
  const changes = (): Watching<MapEvent<K, V>> => changesOf(map, wanted, options)
  if (!initial) return changes()
  const calls = { ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) }
  return presentAndChanges(keys ? presentOf(map, keys, calls) : map.present(calls), changes())
}

function changesOf<K, V>(
  { what, session, parts, value }: WatchedMap<K, V>,
  wanted: ReadonlySet<string> | undefined,
  { signal }: CallOptions,
): Watching<MapEvent<K, V>> {
  const ids = wanted ? new Set(Array.from(wanted, (key) => parts.idOf(key))) : parts.ids
  return new Watching<MapEvent<K, V>>(session, [...ids], {
    what,
    clock: session.clock,
    name: '',
    ...(signal && { signal }),
    read: (from) => readEvent(from, wanted, value),
    resync: { type: 'resync' },
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
  keys: readonly K[],
  options: CallOptions,
): AsyncGenerator<Present<K, V>, void> {
  for (const key of keys) {
    // eslint-disable-next-line no-await-in-loop -- As they are asked for.
    const found = await entry(key, options)
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
