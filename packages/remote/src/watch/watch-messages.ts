import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import type { Ending } from '@casty/actor'
import type { DataMark } from './data-order.ts'

/** Longest path of an actor that can be watched from afar, in UTF-16 units of three bytes at most. */
export const maxWatchedPathLength = 2_048
const maxPathBytes: number = 3 * maxWatchedPathLength

/** What an actor is known by to other nodes. */
export interface WatchTarget {
  readonly path: string
  /** Tells actors apart that had the same path; 0 means whoever lives there. */
  readonly uid: number
}

/** What a watcher is told in the end; `refused` where no watch is taken any more. */
export type WatchEnding = Ending | 'refused'

/** Between a node with watchers and the node of the actor. Numbers of watches are the watching node's. */
export type WatchMessage =
  | { readonly type: 'watch'; readonly id: number; readonly target: WatchTarget }
  | { readonly type: 'unwatch'; readonly id: number }
  | {
      readonly type: 'terminated'
      readonly id: number
      readonly ending: WatchEnding
      /** What the actor sent came before. */
      readonly mark: DataMark
    }

const types = ['watch', 'unwatch', 'terminated'] as const satisfies readonly WatchMessage['type'][]
const endings = [
  'stopped',
  'failed',
  'node-gone',
  'refused',
] as const satisfies readonly WatchEnding[]

export function encodeWatchMessage(message: WatchMessage): Uint8Array {
  const writer = new ByteWriter(32).u8(types.indexOf(message.type)).varint(message.id)
  switch (message.type) {
    case 'watch':
      writer.varint(message.target.uid).string(message.target.path, maxPathBytes)
      break
    case 'unwatch':
      break
    case 'terminated':
      writer.u8(endings.indexOf(message.ending))
      writer.varint(message.mark.session).varint(message.mark.sequence)
  }
  return writer.finish()
}

/** @throws TransportError `CASTY_TRANSPORT_MALFORMED` */
export function decodeWatchMessage(bytes: Uint8Array): WatchMessage {
  const reader = new ByteReader(bytes)
  const type = oneOf(types, reader.u8(), 'system message')
  const message = decodeBody(type, reader.varint(), reader)
  reader.end()
  return message
}

function decodeBody(type: WatchMessage['type'], id: number, reader: ByteReader): WatchMessage {
  switch (type) {
    case 'watch': {
      const uid = reader.varint()
      return { type, id, target: { uid, path: reader.string(maxPathBytes) } }
    }
    case 'unwatch':
      return { type, id }
    case 'terminated': {
      const ending = oneOf(endings, reader.u8(), 'ending of an actor')
      return { type, id, ending, mark: { session: reader.varint(), sequence: reader.varint() } }
    }
  }
}

function oneOf<T>(values: readonly T[], index: number, what: string): T {
  const value = values[index]
  if (value === undefined) throw TransportError.malformed(`There is no ${what} ${index}`)
  return value
}
