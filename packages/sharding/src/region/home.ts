import type { NodeIdentity } from '@casty/transport'

/** Where a shard lives, as the committed table has it. */
export interface Home {
  /** 0 where the shard was never given to anybody. */
  readonly epoch: number
  readonly owner: NodeIdentity | undefined
  /** To whom the owner is handing it over. */
  readonly movingTo: NodeIdentity | undefined
}

export const nowhere: Home = Object.freeze({ epoch: 0, owner: undefined, movingTo: undefined })
