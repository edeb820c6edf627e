import type { Member, NodeKey, NodeSet } from '@casty/membership'

/** That one node does not reach another. */
export interface Observation {
  readonly observer: NodeKey
  readonly subject: NodeKey
  readonly status: 'unreachable' | 'terminated'
}

/** All that a decision rests on. Equal views give equal decisions. */
export interface SbrView {
  readonly self: NodeKey
  /** Only members of this data center are counted, and downed. */
  readonly dataCenter: string
  /** Of all data centers. */
  readonly members: readonly Member[]
  readonly observations: readonly Observation[]
  /** Members that are unreachable for the cluster. */
  readonly unreachable: ReadonlySet<NodeKey>
  /** Members that have seen the state that this view is made of. */
  readonly seenBy: NodeSet
}
