import type { Clock } from '@casty/clock'
import type { NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { Viewpoint } from './leader.ts'
import type { Logger } from './options.ts'

/** What a downing runtime is asked about. */
export interface DowningView {
  /** Monotonic, in milliseconds. */
  readonly now: number
  readonly self: NodeIdentity
  readonly state: ClusterState
  /** This node's place in the cluster, for `electLeader` and its like. */
  readonly viewpoint: Viewpoint
}

export interface DowningOutcome {
  /** Members to down now; a node downs itself last. Whoever is already down is skipped. */
  readonly down: readonly NodeIdentity[]
  /** When to ask again though nothing changed, on the clock of `now`. */
  readonly wakeAt?: number
}

/** What a downing runtime works with. */
export interface DowningContext {
  /** The node that it decides for, in one incarnation. */
  readonly self: NodeIdentity
  readonly clock: Clock
  readonly logger: Logger
  /**
   * Has `decide` called soon, and never before this returns: for when something came that the runtime
   * waited for, such as a lease. What it decides then rests on the view of then.
   */
  readonly askAgain: () => void
}

/**
 * Decides for one node who is downed when members stay unreachable. It is disposed of when its node
 * stops, which waits for that, and asked no more from then on.
 */
export interface DowningRuntime extends Partial<AsyncDisposable> {
  /**
   * Called after every change of members, reachability and of who has seen it, and at the time it asked
   * for. It may remember, but must not wait, and should not throw: that is reported, and it is asked
   * again after a second.
   */
  decide(view: DowningView): DowningOutcome
  /**
   * What `Cluster.explain()` shows as `downing`: plain data. Called for the last time when the disposal
   * has begun. A text in it under the name `outlook` says what the runtime is going to do about members
   * that are unreachable: the summary says that in place of its advice to people.
   */
  explain?(): object
}

/** How those who stay unreachable are downed. Holds settings alone, so several nodes may share it. */
export interface DowningProvider {
  /**
   * Strategy and settings in one readable text of 1 to 80 bytes: nodes that differ in it do not join
   * each other.
   */
  readonly agreement: string
  /**
   * Begins to decide for one incarnation of a node. Throws where it cannot, which keeps the node from
   * starting: without downing it would be a danger to the others.
   */
  start(context: DowningContext): DowningRuntime
}
