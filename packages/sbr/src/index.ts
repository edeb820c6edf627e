export type { DowningDecision } from './decision.ts'
export { SbrError, type SbrErrorCode } from './errors.ts'
export type { Judgement, Pass } from './judgement.ts'
export { LeaseError, type LeaseErrorCode } from './lease-error.ts'
export type { AcquireOptions, Lease } from './lease.ts'
export { createLease, type StoredLease, type StoredLeaseOptions } from './leases/create-lease.ts'
export {
  inMemoryLease,
  InMemoryLeases,
  type InMemoryLeaseOptions,
  type InMemoryLeasesOptions,
  type LeaseCut,
  type LeaseHolder,
} from './leases/in-memory-leases.ts'
export {
  leaseDefaults,
  leaseOptionNames,
  leaseTiming,
  trustedLeaseMs,
  type LeaseOptions,
  type LeaseTiming,
} from './leases/lease-options.ts'
export type { ClaimAnswer, LeaseClaim, LeaseStore, TimedClaim } from './leases/lease-store.ts'
export type { LeaseRequest, ProgrammedAnswer, RequestFilter } from './leases/programmed-answers.ts'
export { nodesToDown } from './nodes-to-down.ts'
export { afterLease, rule, ruleDefaults, type RuleOptions, type Ruling } from './ruling.ts'
export { downAll } from './strategies/down-all.ts'
export { keepMajority, type KeepMajorityOptions } from './strategies/keep-majority.ts'
export { keepOldest, type KeepOldestOptions } from './strategies/keep-oldest.ts'
export { keepReferee, type KeepRefereeOptions } from './strategies/keep-referee.ts'
export {
  leaseMajority,
  leaseMajorityDefaults,
  type LeaseMajorityOptions,
} from './strategies/lease-majority.ts'
export { noDowning } from './strategies/no-downing.ts'
export {
  roleWeightedQuorum,
  type RoleWeightedQuorumOptions,
} from './strategies/role-weighted-quorum.ts'
export { staticQuorum, type StaticQuorumOptions } from './strategies/static-quorum.ts'
export {
  DownAllStrategy,
  KeepMajorityStrategy,
  KeepOldestStrategy,
  KeepReferee,
  LeaseMajorityStrategy,
  NoSbr,
  StaticQuorumStrategy,
} from './strategy-classes.ts'
export type { DowningStrategy, StrategyLease } from './strategy.ts'
export { trustedView } from './trusted-view.ts'
export type { Observation, SbrView } from './view.ts'
export type { ResolverRuling, RulingCause, SbrAction } from './resolver/action.ts'
export {
  downRemovalMarginMs,
  leaseName,
  resolverDefaults,
  unstableAfterMs,
  type ResolverOptions,
  type ResolverSettings,
} from './resolver/settings.ts'
export {
  initialResolverState,
  type ResolverInput,
  type ResolverOutcome,
  type ResolverState,
} from './resolver/resolver-state.ts'
export { resolve } from './resolver/resolver.ts'
export { isSbrExplanation, SbrRuntime, type SbrExplanation } from './resolver/sbr-runtime.ts'
export { SplitBrainResolver, splitBrainResolver } from './resolver/split-brain-resolver.ts'
export { startCluster } from './resolver/start-cluster.ts'
export { superviseCluster } from './resolver/supervise-cluster.ts'
export { viewOf } from './resolver/view-of.ts'
