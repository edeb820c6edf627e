// What clients saw, judged apart from any simulation: it needs no world, and judges histories of real
// systems as well.
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
