export { Distributed, type Gateway } from './distributed.ts'
export {
  distributedDefaults,
  type Copies,
  type DistributedOptions,
} from './distributed-options.ts'
export { DDataError, type Applied, type DDataErrorCode, type DDataErrorDetails } from './errors.ts'
export { Counter, type CounterOptions } from './kinds/counter/counter.ts'
export type {
  BaseOptions,
  CallOptions,
  ReadOptions,
  WaitOptions,
  WriteOptions,
} from './structures/call-options.ts'
