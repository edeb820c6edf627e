import type { ClusterState } from '@casty/membership'
import type { ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import type { Scenario, Watcher } from '../run/scenario.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { StructuresHost } from './host.ts'

export type StructuresRun = Run<StructuresHost, ClusterState>
export type StructuresScenario = Scenario<StructuresHost, ClusterState>
export type StructuresWatcher = Watcher<StructuresHost, ClusterState>
export type StructuresAction = ActionType<StructuresHost, ClusterState>
export type StructuresProcess = SimulatedProcess<StructuresHost>
