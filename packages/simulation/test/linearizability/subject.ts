export {
  checkLinearizable,
  linearizabilityDefaults,
} from '../../src/linearizability/check-linearizable.ts'
export type {
  ExhaustedPartition,
  LinearizabilityOptions,
  LinearizabilityVerdict,
  LinearizabilityViolation,
} from '../../src/linearizability/check-linearizable.ts'
export { checkLockTokens, type LockRule } from '../../src/linearizability/check-lock-tokens.ts'
export {
  checkQueueItems,
  type QueueItemInput,
  type QueueItemOutput,
  type QueueItemRule,
} from '../../src/linearizability/check-queue-items.ts'
export {
  checkVersionedRegister,
  type VersionedInput,
  type VersionedOutput,
  type VersionRule,
} from '../../src/linearizability/check-versioned-register.ts'
export {
  counterModel,
  type CounterInput,
  type CounterOutput,
} from '../../src/linearizability/counter-model.ts'
export { HistoryError, type HistoryErrorCode } from '../../src/linearizability/errors.ts'
export { decodeHistory, encodeHistory } from '../../src/linearizability/history-lines.ts'
export {
  HistoryRecorder,
  type HistoryRecorderOptions,
  type OpenOperation,
} from '../../src/linearizability/history-recorder.ts'
export {
  lockModel,
  type LockInput,
  type LockOutput,
  type LockState,
} from '../../src/linearizability/lock-model.ts'
export {
  mapModel,
  type MapInput,
  type MapOutput,
  type MapState,
} from '../../src/linearizability/map-model.ts'
export {
  illegal,
  type Model,
  type OperationShape,
  type RecordedModel,
  type Scalar,
} from '../../src/linearizability/model.ts'
export type { History, Operation, OperationOutcome } from '../../src/linearizability/operation.ts'
export type { HistoryPartition } from '../../src/linearizability/partition.ts'
export {
  queueModel,
  type QueueInput,
  type QueueOutput,
  type QueueState,
} from '../../src/linearizability/queue-model.ts'
export {
  registerModel,
  type RegisterInput,
  type RegisterOutput,
} from '../../src/linearizability/register-model.ts'
export type { RuleViolation } from '../../src/linearizability/rule-violation.ts'
export type { Placement } from '../../src/linearizability/search.ts'
export {
  semaphoreModel,
  type SemaphoreInput,
  type SemaphoreOutput,
  type SemaphoreState,
} from '../../src/linearizability/semaphore-model.ts'
export {
  setModel,
  type SetInput,
  type SetOutput,
  type SetState,
} from '../../src/linearizability/set-model.ts'
