export { NodeAddress, NodeIdentity, type Incarnation, type NodeKey } from '@casty/transport'
export { Allocations, type AllocationTable, type ShardAllocation } from './allocations.ts'
export type { ClusterChanges } from './cluster-changes.ts'
export type { ClusterStateParts } from './cluster-state-parts.ts'
export { ClusterState } from './cluster-state.ts'
export {
  ClusterSupervisor,
  supervisorDefaults,
  type SupervisorOptions,
} from './cluster-supervisor.ts'
export { ClusterEndpoint, type FrameFilter, type HandlingOptions } from './cluster-endpoint.ts'
export { Cluster, type ClusterMetrics } from './cluster.ts'
export { decodeMessage, encodeMessage, membershipFrameType } from './codec.ts'
export type { ContactReport } from './contact-answers.ts'
export {
  crossDcDefaults,
  heartbeatIntervalFor,
  type CrossDcSettings,
  type HeartbeatIntervals,
} from './cross-dc.ts'
export { DC_ROLE_PREFIX, DEFAULT_DC, memberDc, partitionByDc, sameDc } from './data-center.ts'
export type { DataCenter } from './data-centers.ts'
export type { Dot } from './dot.ts'
export type {
  DowningContext,
  DowningOutcome,
  DowningProvider,
  DowningRuntime,
  DowningView,
} from './downing.ts'
export { envoysOf } from './envoys.ts'
export { Evictions } from './evictions.ts'
export { MembershipError, type MembershipErrorCode } from './errors.ts'
export {
  eventForTransition,
  eventsBetween,
  type ClusterEvent,
  type FalseClaim,
  type MemberEvent,
  type StopReason,
} from './events.ts'
export type { ClusterExplanation, DataCenterExplanation } from './explanation.ts'
export { pickGossipTarget } from './gossip-round.ts'
export {
  exitingTargets,
  gossipCandidates,
  isReachableFromDc,
  oldestPerDc,
  type GossipChoices,
} from './gossip-targets.ts'
export {
  gossipDecide,
  gossipFor,
  mergeGossip,
  receiveGossip,
  type Gossip,
  type GossipDecision,
  type GossipOverview,
  type GossipRow,
  type SeenBits,
} from './gossip.ts'
export {
  blockersOfConvergence,
  electLeader,
  electRoleLeader,
  isConverged,
  LeaderHandover,
  nextStatus,
  statusAfterDown,
  statusAfterLeave,
  withUpNumbers,
  type ConvergenceBlocker,
  type LeaderContext,
  type LeaderHandoverEvent,
  type LeaderOrder,
  type Viewpoint,
} from './leader.ts'
export type { LeaveOutcome } from './leave-outcome.ts'
export type { MemberRecord } from './member-record.ts'
export {
  isAllowedTransition,
  laterStatus,
  memberStatuses,
  mergePriority,
  type MemberStatus,
} from './member-status.ts'
export {
  byAddress,
  byAge,
  byLeaderStatus,
  isActive,
  Member,
  mergeMember,
  oldest,
  toNodeId,
  youngest,
  type MemberInit,
  type NodeId,
} from './member.ts'
export {
  initialState,
  type ConvergenceWait,
  type GossipPace,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipInput,
  type MembershipSettings,
  type MembershipState,
  type MessageDropReason,
  type Moment,
  type Phase,
  type Step,
} from './membership-state.ts'
export type {
  ClusterMessage,
  DetectionMessage,
  GossipPdu,
  JoinRefusalReason,
  MembershipMessage,
} from './messages.ts'
export {
  clusterConfigNames,
  clusterDefaults,
  membershipDefaults,
  type ClusterConfig,
  type EventLoopDelay,
  type Logger,
  type SeedNodes,
} from './options.ts'
export { highestBelieved } from './plausibility.ts'
export {
  Reachability,
  type ReachabilityRecord,
  type ReachabilityRow,
  type ReachabilityStatus,
} from './reachability.ts'
export {
  Registry,
  type RegistryChange,
  type RegistryChanges,
  type RegistryNews,
  type RegistryRow,
  type ServiceEntry,
} from './registry.ts'
export type { NodeSet } from './seen-nodes.ts'
export { nextDeadline, step } from './step.ts'
export { Tombstones, type Tombstone } from './tombstones.ts'
export type { TopologySnapshot } from './topology-snapshot.ts'
export {
  countVotes,
  observersNeeded,
  unreachableMembers,
  type ReachabilityVotes,
} from './unreachable.ts'
