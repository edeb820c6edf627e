// Calls on one part of a map, as bytes. Keys and values are bytes that the caller made of them.
import type { FreesRoom } from '@casty/persistence'
import { ByteWriter, type ByteReader } from '@casty/transport'
import { firstMachineCode } from '../../state/part-state.ts'
import { readLetters } from '../../values/letters.ts'

const names = [
  'configure',
  'put',
  'set',
  'putIfAbsent',
  'delete',
  'getAndDelete',
  'replace',
  'replaceIfVersion',
  'removeIf',
  'touch',
  'putMany',
  'deleteMany',
  'clear',
  'destroy',
  'get',
  'getEntry',
  'contains',
  'getMany',
  'size',
  'scan',
] as const

export type MapCall = (typeof names)[number]

const codes: ReadonlyMap<MapCall, number> = new Map(
  names.map((name, at) => [name, firstMachineCode + at]),
)

/** Only ever added to. */
export function codeOf(call: MapCall): number {
  return codes.get(call) ?? 0 // All are in it.
}

const freeing: ReadonlyMap<MapCall | undefined, FreesRoom> = new Map<MapCall, FreesRoom>([
  ['configure', 'later'],
  ['delete', 'later'],
  ['getAndDelete', 'later'],
  ['removeIf', 'later'],
  ['deleteMany', 'later'],
  ['clear', 'now'],
  ['destroy', 'now'],
])

/** See `Machine`. */
export function roomFreedBy(code: number): FreesRoom | undefined {
  return freeing.get(callOf(code))
}

export function callOf(code: number): MapCall | undefined {
  return names[code - firstMachineCode]
}

/** What all who use a map have to agree on. */
export interface MapConfig {
  readonly shards: number
  /** Of each part; 0 where there is no limit. */
  readonly maxEntries: number
}

export function mapCall(
  call: MapCall,
  { shards, maxEntries }: MapConfig,
  sizeHint = 32,
): ByteWriter {
  return beginMapCall(new ByteWriter(sizeHint), call, { shards, maxEntries })
}

export function beginMapCall(
  out: ByteWriter,
  call: MapCall,
  { shards, maxEntries }: MapConfig,
): ByteWriter {
  return out.u8(codeOf(call)).varint(shards).varint(maxEntries)
}

export function readConfig(input: ByteReader): MapConfig {
  return { shards: input.varint(), maxEntries: input.varint() }
}

/** Milliseconds that an entry lives; 0: for ever. */
export interface PutBody {
  readonly key: string
  readonly value: string
  readonly ttlMs: number
}

export function writePut(
  out: ByteWriter,
  key: Uint8Array,
  value: Uint8Array,
  ttlMs: number,
): ByteWriter {
  return out.bytes(key, key.length).bytes(value, value.length).varint(ttlMs)
}

export function readPut(input: ByteReader): PutBody {
  return { key: readLetters(input), value: readLetters(input), ttlMs: input.varint() }
}

/** What a watcher is told of a change. */
export const mapEvents = { put: 0, delete: 1, expire: 2, evict: 3, clear: 4 } as const
