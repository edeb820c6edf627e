import type { NodeIdentity } from '@casty/membership'
import type { Ruling } from '../ruling.ts'

/** What brought a ruling about. */
export type RulingCause =
  | 'stable' // The picture was quiet for long enough, and this node is the one to decide.
  | 'unstable' // It has kept changing for too long: every node decides, and only against its own side.
  | 'overdue' // It is quiet, but was not decided on: every node decides, and only against its own side.
  | 'unheard' // Of too many others nothing is heard, whether or not they were found unreachable: likewise.
  | 'lease-granted'
  | 'lease-denied' // By another holder, an error, or an answer that did not come in time.

/** A ruling of the resolver of one node. Plain data but for its `view`. */
export interface ResolverRuling extends Ruling {
  readonly cause: RulingCause
  /** When, on the monotonic clock of the node, in milliseconds. */
  readonly at: number
}

/** What the resolver wants done. */
export type SbrAction =
  /** Nodes to down, `self` last; they carry their incarnation. */
  | {
      readonly type: 'down'
      readonly nodes: readonly NodeIdentity[]
      readonly ruling: ResolverRuling
    }
  /** Ask for the lease, and answer with `request`; after `timeoutMs` the answer is not waited for. */
  | {
      readonly type: 'acquire-lease'
      readonly request: number
      readonly timeoutMs: number
      readonly ruling: ResolverRuling
    }
  /** Give up what is held or asked for; what is still granted is given back. */
  | { readonly type: 'release-lease' }
