import type { Cluster } from '@casty/membership'

/** What reaching actors of other nodes takes: a `Cluster` gives it, and so does a client of one. */
export type ClusterView = Pick<
  Cluster,
  'self' | 'endpoint' | 'getState' | 'subscribe' | 'subscribeTopology'
>
