export { DeadlineDetector, type DeadlineOptions } from './deadline-detector.ts'
export {
  DetectorRegistry,
  PhiAccrualFailureDetector,
  registryDefaults,
  type DetectorRegistryOptions,
} from './detector-registry.ts'
export { FailureDetectorError, type FailureDetectorErrorCode } from './errors.ts'
export type { FailureDetector } from './failure-detector.ts'
export { HeartbeatHistory } from './heartbeat-history.ts'
export { HeartbeatMonitor } from './heartbeat-monitor.ts'
export {
  ringOrder,
  ringPosition,
  selectReceivers,
  type ReceiverSelection,
} from './heartbeat-ring.ts'
export { HeartbeatSenderState, type HeartbeatSenderOptions } from './heartbeat-sender-state.ts'
export { HeartbeatSender, type PeerHeartbeat } from './heartbeat-sender.ts'
export {
  heartbeatMonitorDefaults,
  type Evidence,
  type HeartbeatMonitorOptions,
  type MonitorEffect,
  type PeerReport,
  type PeerStatus,
  type ProbeReport,
} from './monitor-types.ts'
export { PhiAccrualDetector, phiDefaults, type PhiAccrualOptions } from './phi-accrual-detector.ts'
export { phi, silenceAtPhi, type IntervalStats } from './phi.ts'
export {
  StallDetector,
  stallDefaults,
  type Stall,
  type StallDetectorOptions,
} from './stall-detector.ts'
