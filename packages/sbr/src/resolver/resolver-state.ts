import type { NodeKey } from '@casty/membership'
import type { SbrView } from '../view.ts'
import type { ResolverRuling, SbrAction } from './action.ts'
import type { LeaseAnswer, LeasePhase } from './lease-phase.ts'
import type { Stability } from './stability.ts'

/** What the resolver of one node is asked about. */
export interface ResolverInput {
  /** Monotonic, in milliseconds. */
  readonly now: number
  readonly view: SbrView
  /** Tells the states apart that a view may be made of: a digest of the version. */
  readonly version: number
  /** Members of the data center that somebody accuses, whether or not the vote counts. */
  readonly suspected: ReadonlySet<NodeKey>
  /** This node leads its data center as it sees it, and was up at some time, or nearly. */
  readonly isResponsible: boolean
  /** The node stood still since it was last asked. That it is asked late is noticed besides. */
  readonly hasStalled: boolean
  /** The node distrusts what it observes. */
  readonly isDoubtful: boolean
  /** `checkLease()` of the lease, right now; false without one. */
  readonly isLeaseHeld: boolean
  readonly leaseAnswer?: LeaseAnswer
}

/** Everything the resolver of one node remembers. Immutable. */
export interface ResolverState {
  /** Undefined while nobody is unreachable, nor suspected to be. */
  readonly stability: Stability | undefined
  readonly isDoubtful: boolean
  readonly lease: LeasePhase
  /** How many times the lease was asked for: names the answer to wait for. */
  readonly requests: number
  /** When it wanted to be asked again. */
  readonly wakeAt: number
}

export interface ResolverOutcome {
  readonly actions: readonly SbrAction[]
  /** What was decided, also where nobody is downed by it. */
  readonly ruling: ResolverRuling | undefined
  /** When to ask again though nothing changed; infinity for never. */
  readonly wakeAt: number
}

/** What the resolver remembers before it was first asked. */
export const initialResolverState: ResolverState = {
  stability: undefined,
  isDoubtful: false,
  lease: { type: 'free' },
  requests: 0,
  wakeAt: Number.POSITIVE_INFINITY,
}
