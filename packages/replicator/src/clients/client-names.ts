import type { Crdt } from '@casty/crdt'
import { digestOf, type Digest } from '../core/digests.ts'
import { encode } from '@casty/crdt'

/** No address of a node begins like that. */
const prefix = 'client/'

/**
 * The name under which a client changes values. A client that was gone for too long takes another one: the former may be
 * pruned by then, and nothing that is done under it counts any more.
 *
 * @param life - 1, and higher with each new name
 */
export function clientName(key: string, life: number): string {
  return `${prefix}${key}/${life}`
}

/** Whether that is a name of clients, and so of none that is ever a member. */
export function isClientName(name: string): boolean {
  return name.startsWith(prefix)
}

/** Whether that is a name of the client with that key. */
export function isNameOf(name: string, key: string): boolean {
  return name.startsWith(`${prefix}${key}/`)
}

const digests = new WeakMap<object, Digest>()
const none: Digest = { high: 0, low: 0 }

/** Of a value alone, whatever is being pruned out of it; of an empty one nothing. */
export function valueDigest<C extends Crdt<C>>(value: C): Digest {
  if (value.body.state.store === undefined) return none
  const { state } = value.body
  const known = digests.get(state) ?? digestOf(encode(value))
  digests.set(state, known)
  return known
}
