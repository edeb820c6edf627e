// What the owner of a shard whose copies others keep needs of its surroundings.
import type { NodeIdentity } from '@casty/transport'
import type { ReplicaRequest } from './messages.ts'

export interface ReplicatedShardPort {
  /** The same to each of them. */
  send(to: readonly NodeIdentity[], request: ReplicaRequest): void
  isReachable(node: NodeIdentity): boolean
  /** Whether it is not about to leave; whoever is, never stays again. */
  stays(node: NodeIdentity): boolean
  /** Somebody owns the shard under a higher epoch. */
  fenced(epoch: number): void
  /** Of the replicas that it follows, those that are to keep copies have all; some of the others have nothing that is needed. */
  replicated(replicas: readonly NodeIdentity[], superfluous: readonly NodeIdentity[]): void
  /** Nothing was confirmed here yet, and there are copies that come from elsewhere: nothing is, before the table says which count. */
  contested(): void
  /** Whether there may be copies that come from elsewhere, of which this node knows no more than that. */
  mayBeElsewhere(): boolean
  noRoom(at: 'owner' | 'replica', id: string): void
  /** Calls back when what goes together has been asked for. */
  atEndOfTurn(callback: () => void): void
}

export interface ReplicatedShardSettings {
  /** How many are to keep copies. */
  readonly replicas: number
  readonly minAcks: number | 'majority'
  readonly ackTimeoutMs: number
  /** Whether what is written must be on the disk of this node to be confirmed, where it has one. */
  readonly ownAck: boolean
  /** About so much goes into one frame. */
  readonly batchBytes: number
}
