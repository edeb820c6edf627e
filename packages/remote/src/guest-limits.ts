import type { NodeIdentity } from '@casty/transport'
import type { ClientUsable } from './client/client-rights.ts'
import type { Place } from './wire-refs.ts'

/** What nodes that are no members may use of this one. Whoever is one of them, it says itself. */
export interface GuestLimits {
  /** @param recipient - `uid` 0: it was named by its path alone, by whoever knows it */
  mayTell(from: NodeIdentity, recipient: { readonly uid: number; readonly path: string }): boolean
  /** Whether a ref that it sends leads there, for whoever gets it here to use. */
  mayName(from: NodeIdentity, place: Place): boolean
  mayUse(from: NodeIdentity, kind: ClientUsable, name: string): boolean
}
