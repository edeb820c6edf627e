export { Distributed, type Gateway, type SessionInfo } from './distributed.ts'
export { distributedDefaults, type Copies, type DistributedOptions } from './distributed-options.ts'
export { DDataError, type Applied, type DDataErrorCode, type DDataErrorDetails } from './errors.ts'
export { Barrier, type ArriveOptions, type BarrierOptions } from './kinds/barrier/barrier.ts'
export type { Place } from './kinds/barrier/barrier-calls.ts'
export { Counter, type CounterOptions } from './kinds/counter/counter.ts'
export { DistributedMap } from './kinds/map/distributed-map.ts'
export type {
  MapEntry,
  MapEvent,
  MapOptions,
  PutOptions,
  ScanOptions,
  WatchMapOptions,
} from './kinds/map/map-options.ts'
export { Delivery, type NackOptions } from './kinds/queue/delivery.ts'
export type {
  ConsumeOptions,
  DeadItem,
  Enqueued,
  EnqueueOptions,
  QueueOptions,
  QueueStatistics,
  RedriveOptions,
  ReserveOptions,
} from './kinds/queue/queue-options.ts'
export { Queue } from './kinds/queue/queue.ts'
export { DistributedSet, type SetOptions } from './kinds/set/distributed-set.ts'
export type { LeaseCounts } from './kinds/lease/lease-keeper.ts'
export type { LeaseOptions } from './kinds/lease/lease-options.ts'
export { Lease } from './kinds/lease/lease.ts'
export { Lock, type LockHolder, type LockOptions } from './kinds/lock/lock.ts'
export {
  Semaphore,
  type RunWithPermitsOptions,
  type SemaphoreOptions,
} from './kinds/semaphore/semaphore.ts'
export type { SchemaResult, StandardSchema } from './structures/standard-schema.ts'
export type {
  BaseOptions,
  CallOptions,
  ReadOptions,
  WaitOptions,
  WriteOptions,
} from './structures/call-options.ts'
