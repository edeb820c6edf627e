import type { Parameters } from '../run/action.ts'
import type { ShardingRun } from './sharding-run.ts'

/** What is drawn for each plan. */
export const shardingChoices: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  // With the last one, owners are found to be gone long before their leases end.
  leaseMs: [1_000, 2_000, 8_000],
  stableAfterMs: [3_000, 5_000],
  numShards: [3, 6, 10],
  entities: [2, 5, 12],
  // Nobody's entities become idle, or all do over and over.
  idleTimeoutMs: [1_500, 600_000],
  bufferTimeoutMs: [3_000, 10_000],
  fenceTimeoutMs: [500, 2_000],
  handoffTimeoutMs: [800, 5_000],
  // Of entities whose events are kept on several nodes.
  replicas: [1, 2],
  minAcks: [1, 2],
  // A client from outside of the cluster.
  hasOutsider: [true, false],
}

/** The same where copies are on disks as well. */
export const diskChoices: typeof shardingChoices = {
  ...shardingChoices,
  entities: [2, 5],
  hasDisks: [true],
  ownAck: [true, true, false],
}

export interface ShardingSettings {
  readonly leaseMs: number
  readonly stableAfterMs: number
  readonly numShards: number
  /** Of each type. */
  readonly entities: number
  readonly idleTimeoutMs: number
  readonly bufferTimeoutMs: number
  readonly fenceTimeoutMs: number
  readonly handoffTimeoutMs: number
  readonly replicas: number
  /** As drawn: there are no more than replicas. */
  readonly minAcks: number
  readonly hasOutsider: boolean
  /** Whether copies are on disks as well. */
  readonly hasDisks: boolean
  /** Whether a write must be on the disk of its owner before it is confirmed. */
  readonly ownAck: boolean
}

/** The same where a plan leaves them out, as one written by hand may. */
const defaults: ShardingSettings = {
  leaseMs: 2_000,
  stableAfterMs: 5_000,
  numShards: 6,
  entities: 5,
  idleTimeoutMs: 600_000,
  bufferTimeoutMs: 10_000,
  fenceTimeoutMs: 2_000,
  handoffTimeoutMs: 5_000,
  replicas: 2,
  minAcks: 1,
  hasOutsider: false,
  hasDisks: false,
  ownAck: true,
}

/** They are asked for at every step of a run. */
const settingsRead = new WeakMap<Parameters, ShardingSettings>()

export function shardingSettings({
  settings,
}: {
  readonly settings: Parameters
}): ShardingSettings {
  const before = settingsRead.get(settings)
  if (before !== undefined) return before
  const known = Object.entries(settings).filter(([name]) => name in defaults)
  // Drawn of `shardingChoices`, which are values of these settings.
  const read = { ...defaults, ...(Object.fromEntries(known) as Partial<ShardingSettings>) }
  settingsRead.set(settings, read)
  return read
}

/** How many nodes keep copies beside the owner, and how many of them must have a write before it is confirmed. */
export function copiesOf({ plan }: ShardingRun): {
  readonly replicas: number
  readonly minAcks: number
  readonly ownAck: boolean
} {
  const { replicas, minAcks, ownAck } = shardingSettings(plan)
  return { replicas, minAcks: Math.min(replicas, minAcks), ownAck }
}

/** On how many disks what is confirmed is at least. */
export function disksOf(run: ShardingRun): number {
  const { minAcks, ownAck } = copiesOf(run)
  return minAcks + (ownAck ? 1 : 0)
}

/** The ids of one type. */
export function entityIds(run: ShardingRun): readonly string[] {
  return Array.from({ length: shardingSettings(run.plan).entities }, (_, index) => `e${index + 1}`)
}

/** Rates of clocks differ by more than anything may assume: only what journals guard still holds. */
export function clocksAreOff({ plan }: ShardingRun): boolean {
  return plan.hosts.some(({ rate = 1 }) => Math.abs(rate - 1) > 0.011)
}
