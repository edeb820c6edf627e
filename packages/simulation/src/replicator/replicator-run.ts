import type { ClusterState } from '@casty/membership'
import type { ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import type { Scenario, Watcher } from '../run/scenario.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { ReplicatorHost } from './host.ts'

export type ReplicatorRun = Run<ReplicatorHost, ClusterState>
export type ReplicatorScenario = Scenario<ReplicatorHost, ClusterState>
export type ReplicatorWatcher = Watcher<ReplicatorHost, ClusterState>
export type ReplicatorAction = ActionType<ReplicatorHost, ClusterState>
export type ReplicatorProcess = SimulatedProcess<ReplicatorHost>
