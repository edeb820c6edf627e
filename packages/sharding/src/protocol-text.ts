// Messages of the agreement as text. Nodes are named by their keys.
import { NodeIdentity } from '@casty/transport'
import { ShardingError } from './errors.ts'
import type { ShardingMessage } from './protocol.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeMessage(message: ShardingMessage): Uint8Array {
  return encoder.encode(JSON.stringify(message))
}

/** @throws ShardingError `CASTY_SHARDING_MALFORMED` */
export function decodeMessage(bytes: Uint8Array, start: number, end: number): ShardingMessage {
  try {
    const text = decoder.decode(bytes.subarray(start, end))
    return JSON.parse(text, revived) as ShardingMessage
  } catch (cause) {
    throw ShardingError.malformed('A message of the agreement cannot be read', cause)
  }
}

function revived(key: string, value: unknown): unknown {
  if (key === 'owner' || key === 'movingTo') return node(value)
  const isList = key === 'voters' || key === 'former' || key === 'replicas'
  return isList && Array.isArray(value) ? value.map(node) : value
}

function node(value: unknown): unknown {
  return typeof value === 'string' ? NodeIdentity.parse(value) : value
}
