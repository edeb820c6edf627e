import type { NodeIdentity } from '@casty/membership'
import type { ContactLoss } from './contact-core.ts'

/** What a client tells of members that come and go. */
export type ClientEvent =
  /** From now on the client learns of the cluster from that member; from none, where it is undefined. */
  | {
      readonly type: 'contact-changed'
      readonly contact: NodeIdentity | undefined
      /** Why the one before is none any more. */
      readonly reason: ContactLoss | undefined
    }
  /** Members came into reach, or went out of it. */
  | { readonly type: 'reach-changed' }
  /**
   * That member has dropped so many frames of this client so far, since it sends more than it may: send less, or have the
   * member allow more. Told every 100 ms at most while that lasts.
   */
  | { readonly type: 'member-busy'; readonly member: NodeIdentity; readonly dropped: number }
