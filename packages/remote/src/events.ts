import type { NodeIdentity } from '@casty/transport'
import type { GiveUpReason } from './system-delivery/system-peers.ts'

/** What the layer tells besides dead letters. */
export type RemoteEvent =
  /**
   * So many messages and answers are missing in the order of one pair of nodes, each counted, also where several shared a
   * frame. `received`: those of `node` did not come. `sent`: the connection ended while they waited for it, frames of other
   * layers among them.
   */
  | {
      readonly type: 'gap'
      readonly node: NodeIdentity
      readonly direction: 'sent' | 'received'
      readonly count: number
    }
  /** A frame of that node cannot be read, or one of the messages in it. */
  | { readonly type: 'malformed'; readonly node: NodeIdentity; readonly error: unknown }
  /** That node uses another serializer: nothing that it sends can be read. Told once. */
  | { readonly type: 'serializer-differs'; readonly node: NodeIdentity }
  /**
   * Words of watches between the two nodes are lost, although neither is gone: too many waited here (`overflow`) or at the
   * other (`by-peer`), and the watches begin anew; where they are too many for that, or where it did not turn out to be a
   * member (`unknown`), they have ended with `node-gone`.
   */
  | {
      readonly type: 'watches-given-up'
      readonly node: NodeIdentity
      readonly reason: Exclude<GiveUpReason, 'gone'>
      /** Words that waited for it. */
      readonly lostMessages: number
    }
