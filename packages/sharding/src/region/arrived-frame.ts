import type { NodeIdentity } from '@casty/transport'
import type { ForeignFrame } from './region-node.ts'
import type { Share } from './share.ts'

const noBytes = new Uint8Array(0)

/** What comes is read into the same object each time: whoever keeps it keeps a copy. */
export class ArrivedFrame implements ForeignFrame {
  from: NodeIdentity
  shard = 0
  epoch = 0
  returns = 0
  carries = false
  entityId = ''
  share: Share | undefined = undefined
  bytes: Uint8Array = noBytes
  start = 0
  end = 0

  constructor(from: NodeIdentity) {
    this.from = from
  }
}
