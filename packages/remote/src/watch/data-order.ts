import type { NodeIdentity } from '@casty/membership'

/** A place in what one node sends to another on the data lane. */
export interface DataMark {
  /** Whose numbers these are: of whoever sends there now. */
  readonly session: number
  /** All frames with lower numbers were sent before. */
  readonly sequence: number
}

/** What is known of messages between two nodes, so that word of an actor's end does not overtake them. */
export interface DataOrder {
  /** After all that was sent to a node so far. */
  sentTo(node: NodeIdentity): DataMark
  /** Whether all that was sent before that place has come, or is known to be lost. */
  hasArrived(from: NodeIdentity, mark: DataMark): boolean
}
