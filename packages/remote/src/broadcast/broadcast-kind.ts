// Refs to broadcasts as data: they mean the same on every node, so that none leads back through the node that sent it.
import { RemoteError } from '../errors.ts'
import type { RefKind } from '../ref-kinds.ts'
import type { RemoteReader } from '../remote-node.ts'
import { BroadcastRef } from './broadcast-ref.ts'

/** As `[path]` or `[path, role]`, in JSON. */
export function broadcastKind(node: RemoteReader): RefKind {
  return {
    name: 'broadcast',
    isOne: (ref) => ref instanceof BroadcastRef,
    toData: (ref) => {
      const { path, role } = ref as BroadcastRef<never> // By `isOne`.
      return JSON.stringify(role === undefined ? [path] : [path, role])
    },
    // Its path is that of an actor on each member.
    usableOf: (ref) => ({ kind: 'actors', name: ref.path.slice(1) }),
    fromData: (data) => {
      const parts: unknown = JSON.parse(data)
      if (!isParts(parts))
        throw RemoteError.malformed('A broadcast has a path, and may have a role')
      const [path, role] = parts
      return new BroadcastRef<never>(node, path, role === undefined ? {} : { role })
    },
  }
}

function isParts(value: unknown): value is readonly [path: string, role?: string] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return false
  return value.every((part) => typeof part === 'string')
}
