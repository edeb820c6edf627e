export { SimulationError, type SimulationErrorCode } from './errors.ts'
export type { DiagramOptions } from './diagram/diagram-options.ts'
export type { FrameLabel, FrameWeight } from './diagram/frame-labels.ts'
export { spaceTimeDiagram } from './diagram/space-time-diagram.ts'
export { diskFaults } from './faults/disk-faults.ts'
export { networkFaults } from './faults/network-faults.ts'
export { processFaults } from './faults/process-faults.ts'
export { checkLinearizable, linearizabilityDefaults } from './linearizability/check-linearizable.ts'
export type {
  ExhaustedPartition,
  LinearizabilityOptions,
  LinearizabilityVerdict,
  LinearizabilityViolation,
} from './linearizability/check-linearizable.ts'
export { checkLockTokens, type LockRule } from './linearizability/check-lock-tokens.ts'
export {
  checkQueueItems,
  type QueueItemInput,
  type QueueItemOutput,
  type QueueItemRule,
} from './linearizability/check-queue-items.ts'
export {
  checkVersionedRegister,
  type VersionedInput,
  type VersionedOutput,
  type VersionRule,
} from './linearizability/check-versioned-register.ts'
export {
  counterModel,
  type CounterInput,
  type CounterOutput,
} from './linearizability/counter-model.ts'
export { HistoryError, type HistoryErrorCode } from './linearizability/errors.ts'
export { decodeHistory, encodeHistory } from './linearizability/history-lines.ts'
export {
  HistoryRecorder,
  type HistoryRecorderOptions,
  type OpenOperation,
} from './linearizability/history-recorder.ts'
export {
  lockModel,
  type LockInput,
  type LockOutput,
  type LockState,
} from './linearizability/lock-model.ts'
export {
  mapModel,
  type MapInput,
  type MapOutput,
  type MapState,
} from './linearizability/map-model.ts'
export {
  illegal,
  type Model,
  type OperationShape,
  type RecordedModel,
  type Scalar,
} from './linearizability/model.ts'
export type { History, Operation, OperationOutcome } from './linearizability/operation.ts'
export type { HistoryPartition } from './linearizability/partition.ts'
export {
  queueModel,
  type QueueInput,
  type QueueOutput,
  type QueueState,
} from './linearizability/queue-model.ts'
export {
  registerModel,
  type RegisterInput,
  type RegisterOutput,
} from './linearizability/register-model.ts'
export type { RuleViolation } from './linearizability/rule-violation.ts'
export type { Placement } from './linearizability/search.ts'
export {
  semaphoreModel,
  type SemaphoreInput,
  type SemaphoreOutput,
  type SemaphoreState,
} from './linearizability/semaphore-model.ts'
export {
  setModel,
  type SetInput,
  type SetOutput,
  type SetState,
} from './linearizability/set-model.ts'
export { describeState } from './membership/describe.ts'
export {
  clusterProgram,
  largeMembershipScenario,
  membershipScenario,
  type MembershipRun,
} from './membership/scenario.ts'
export { defineAction, type ActionType, type Parameters } from './run/action.ts'
export { Ledger, type LedgerTotals } from './run/ledger.ts'
export { drawPlan, hostName, type Plan, type PlannedAction, type PlanShape } from './run/plan.ts'
export { Run, type RunOptions, type RunResult, type Violation } from './run/run.ts'
export type { HealStage, Scenario, Watcher } from './run/scenario.ts'
export { shrink, type Shrunk, type ShrinkOptions } from './run/shrink.ts'
export { planOf, simulate } from './run/simulate.ts'
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
export {
  hostOf,
  localNetwork,
  World,
  type HostOptions,
  type ResumeOrder,
  type WorldListener,
  type WorldOptions,
} from './world/world.ts'
export type { ChangeFigures, DeathFigures, JoinFigures } from './scale/change-phases.ts'
export {
  measureScale,
  scalePhases,
  type PhaseResources,
  type ScaleOptions,
  type ScalePhase,
  type ScaleReport,
  type ScaleResources,
} from './scale/measure-scale.ts'
export type { Quantiles } from './scale/quantiles.ts'
export {
  missedTargets,
  scaleTable,
  targetsOf,
  type MissedTarget,
  type ScaleTarget,
} from './scale/report.ts'
export type { FalseAlarms, IdleFigures, StallFigures } from './scale/steady-phases.ts'
