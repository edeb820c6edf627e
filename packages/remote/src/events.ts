import type { NodeIdentity } from '@casty/transport'
import type { GiveUpReason } from './system-delivery/system-peers.ts'

/** What the layer tells besides dead letters. */
export type RemoteEvent =
  /**
   * So many frames are missing in the order of one pair of nodes. `received`: frames of `node` did not come.
   * `sent`: the connection ended while frames to `node` waited for it, those of other layers among them.
   */
  | {
      readonly type: 'gap'
      readonly node: NodeIdentity
      readonly direction: 'sent' | 'received'
      readonly count: number
    }
  /** A frame of that node cannot be read. */
  | { readonly type: 'malformed'; readonly node: NodeIdentity; readonly error: unknown }
  /** That node uses another serializer: nothing that it sends can be read. Told once. */
  | { readonly type: 'serializer-differs'; readonly node: NodeIdentity }
  /**
   * All watches between the two nodes have ended with `node-gone`, although neither is gone: too many words of
   * them waited there (`overflow`) or at the other (`by-peer`), or it did not turn out to be a member (`unknown`).
   */
  | {
      readonly type: 'watches-given-up'
      readonly node: NodeIdentity
      readonly reason: Exclude<GiveUpReason, 'gone'>
      /** Words that waited for it. */
      readonly lostMessages: number
    }
