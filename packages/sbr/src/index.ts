export type { DowningDecision } from './decision.ts'
export type { Lease } from './lease.ts'
export type { DowningStrategy } from './strategy.ts'
export type { Observation, SbrView } from './view.ts'
