import type { NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { Viewpoint } from './leader.ts'

/** What a downing provider is asked about. */
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

/**
 * Decides who is downed when members stay unreachable. Asked after every change of the view and at
 * the time it asked for; it may remember, but must not wait, throw or draw.
 */
export interface DowningProvider {
  /** Strategy and settings in one readable text: nodes that differ in it do not join each other. */
  readonly agreement: string
  decide(view: DowningView): DowningOutcome
}
