// What nodes and page have in common.
import { replicatedKey, ServiceKey, type ActorRef } from '@casty/cluster/client'
import { orSet } from '@casty/crdt'

export const clusterName = 'shop'
export const numShards = 8

/** Of an entity of the type `carts`. */
export type CartMessage =
  | { readonly type: 'add'; readonly item: string }
  | { readonly type: 'list'; readonly replyTo: ActorRef<readonly string[]> }

/** A service that answers with the key of its node. */
export const clerks = new ServiceKey<ActorRef<string>>('clerks')

/** What is written on the board that all pages see. */
export const board = replicatedKey('board', orSet<string>())

/** What the process of a node tells. */
export type NodeReport =
  | { readonly type: 'listens'; readonly address: string; readonly key: string }
  | { readonly type: 'up' }
  | { readonly type: 'failed'; readonly message: string }
