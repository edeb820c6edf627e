export { SimulationError, type SimulationErrorCode } from './errors.ts'
export type { DiagramOptions } from './diagram/diagram-options.ts'
export type { FrameLabel, FrameWeight } from './diagram/frame-labels.ts'
export { spaceTimeDiagram } from './diagram/space-time-diagram.ts'
export { dataCentersScenario } from './data-centers/scenario.ts'
export { diskFaults } from './faults/disk-faults.ts'
export { networkFaults } from './faults/network-faults.ts'
export { processFaults } from './faults/process-faults.ts'
export { journalScenario } from './journal/scenario.ts'
export { describeState } from './membership/describe.ts'
export type { MembershipRun } from './membership/membership-run.ts'
export { clusterProgram } from './membership/cluster-program.ts'
export { largeMembershipScenario, membershipScenario } from './membership/scenario.ts'
export { defineAction, type ActionType, type Parameters } from './run/action.ts'
export { Ledger, type HealTotals, type LedgerTotals } from './run/ledger.ts'
export { drawPlan, hostName, type Plan, type PlannedAction, type PlanShape } from './run/plan.ts'
export type { HealTime, RunOptions, RunResult, Violation } from './run/run-result.ts'
export { Run } from './run/run.ts'
export type { HealStage, Scenario, Watcher } from './run/scenario.ts'
export { shrink, type Shrunk, type ShrinkOptions } from './run/shrink.ts'
export { planOf, simulate } from './run/simulate.ts'
export {
  largeSplitBrainScenario,
  splitBrainRacesScenario,
  splitBrainScenario,
  splitBrainUnrestScenario,
} from './sbr/scenario.ts'
export {
  shardingClocksScenario,
  shardingDisksScenario,
  shardingScenario,
} from './sharding/scenario.ts'
export { replicatorClientsScenario, replicatorScenario } from './replicator/scenario.ts'
export { structuresDisksScenario, structuresScenario } from './structures/scenario.ts'
export {
  noDiskFaults,
  type DiskFaultCounts,
  type DiskFaultKind,
  type DiskFaults,
} from './storage/disk-faults.ts'
export {
  simulatedDiskDefaults,
  type SimulatedDiskOptions,
  type SimulatedDiskSettings,
} from './storage/disk-options.ts'
export type { FileHandle, FileStats, FileSystem } from './storage/file-system.ts'
export { SimulatedDisk, type DiskDigest } from './storage/simulated-disk.ts'
export type { SystemCall, SystemError, SystemErrorCode } from './storage/system-error.ts'
export { Disturbances } from './world/disturbances.ts'
export { ImpurityError, type ImpurityErrorCode } from './world/impurity-error.ts'
export type { Link, LinkFault } from './world/links.ts'
export { NodeClock, type ClockSkew } from './world/node-clock.ts'
export { purely } from './world/purity.ts'
export { drawInteger, drawLogarithmic, drawOne, drawSome, forkRandom } from './world/seeds.ts'
export {
  SimulatedProcess,
  type ProcessEnd,
  type Program,
  type Surroundings,
} from './world/simulated-process.ts'
export {
  Trace,
  type NoteEvent,
  type NoteKind,
  type TraceEvent,
  type TraceOptions,
  type WriteEvent,
} from './world/trace.ts'
export { hostOf } from './world/addresses.ts'
export { localNetwork } from './world/local-network.ts'
export type { ResumeOrder } from './world/standstills.ts'
export type { WorldListener } from './world/world-listeners.ts'
export type { HostOptions, WorldOptions } from './world/world-options.ts'
export { World } from './world/world.ts'
export type { ChangeFigures, DeathFigures, JoinFigures } from './scale/change-phases.ts'
export { measureScale, type ScaleOptions } from './scale/measure-scale.ts'
export type { Quantiles } from './scale/quantiles.ts'
export {
  missedTargets,
  phaseLine,
  scaleTable,
  targetsOf,
  type MissedTarget,
  type ScaleTarget,
} from './scale/report.ts'
export {
  scalePhases,
  type PhaseResources,
  type ScaleFigures,
  type ScalePhase,
  type ScaleReport,
  type ScaleResources,
} from './scale/scale-report.ts'
export type { FalseAlarms, IdleFigures, StallFigures } from './scale/steady-phases.ts'
