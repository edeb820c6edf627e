// The default: MessagePack, by msgpackr.
import { Packr } from 'msgpackr'
import type { ActorRef } from '@casty/actor'
import { RemoteError } from '../errors.ts'
import type { RefCodec, Serializer } from '../serializer.ts'

/** Extension type of a ref. */
const refType = 0x52

/** Messages in MessagePack. */
export function msgpackSerializer(): Serializer {
  const packr = new Packr({ useRecords: false, mapsAsObjects: true })
  return {
    name: 'msgpack',
    serialize(message, refs) {
      try {
        return packr.pack(withRefs(message, refs, 'message'))
      } catch (error) {
        if (error instanceof RemoteError) throw error
        const todo = 'The cause tells more.'
        throw RemoteError.notSerializable('message', 'a value', todo, error)
      }
    },
    deserialize(bytes, start, end, refs) {
      try {
        return withoutRefs(packr.unpack(bytes.subarray(start, end)), refs)
      } catch (error) {
        if (error instanceof RemoteError) throw error
        throw RemoteError.malformed('A message cannot be read', error)
      }
    },
  }
}

function withRefs(value: unknown, refs: RefCodec, path: string): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw RemoteError.notSerializable(path, `a ${typeof value}`, 'Send what it is made of.')
  }
  if (typeof value !== 'object' || value === null) return value
  // `isRef` has just said so.
  if (refs.isRef(value)) return { [refType]: refs.toBytes(value as ActorRef<never>).slice() }
  if (Array.isArray(value)) return value.map((item, at) => withRefs(item, refs, `${path}[${at}]`))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withRefs(item, refs, `${path}.${key}`)]),
  )
}

function withoutRefs(value: unknown, refs: RefCodec): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => withoutRefs(item, refs))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (first?.[0] === String(refType) && first[1] instanceof Uint8Array) {
    return refs.fromBytes(first[1])
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutRefs(item, refs)]))
}
