import type { Cluster, ClusterState } from '@casty/membership'
import type { Run } from '../run/run.ts'
import type { Watcher } from '../run/scenario.ts'

/** A run whose programs are clusters. */
export type MembershipRun = Run<Cluster, ClusterState>

export type MembershipWatcher = Watcher<Cluster, ClusterState>
