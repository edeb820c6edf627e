import type { NodeIdentity } from '@casty/transport'

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
