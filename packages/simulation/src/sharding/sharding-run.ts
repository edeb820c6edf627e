import type { ClusterState } from '@casty/membership'
import type { ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import type { Scenario, Watcher } from '../run/scenario.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { ShardingHost } from './host.ts'

export type ShardingRun = Run<ShardingHost, ClusterState>
export type ShardingScenario = Scenario<ShardingHost, ClusterState>
export type ShardingWatcher = Watcher<ShardingHost, ClusterState>
export type ShardingAction = ActionType<ShardingHost, ClusterState>
export type ShardingProcess = SimulatedProcess<ShardingHost>
