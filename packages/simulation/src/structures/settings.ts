import type { Parameters } from '../run/action.ts'

/** What is drawn for each plan. */
export const structuresChoices: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  leaseMs: [1_000, 2_000, 8_000],
  stableAfterMs: [3_000, 5_000],
  numShards: [4, 16],
  // So few that parts are saved while calls wait, and taken over from what was saved.
  recordsPerSnapshot: [3, 20, 10_000],
  // A journal that all reach, or copies in memory.
  hasJournal: [true, true, false],
  sessionTtlMs: [4_000, 12_000, 30_000],
  ttlMs: [600, 2_000, 6_000],
  offerTimeoutMs: [200, 1_000],
  visibilityMs: [1_000, 5_000],
  permits: [1, 3],
  usersPerNode: [1, 2],
  hasOutsider: [true, true, false],
  // Of the user outside: further off than any node, and within what leases allow for.
  outsideRate: [0.965, 1, 1.04],
  // So short that parts are stopped, and go on from what is written, while others of their shard are in use.
  idleTimeoutMs: [300_000, 1_000],
}

/** The same where each node keeps its copies on a disk of its own, and one of the queues has room for a few items. */
export const diskChoices: typeof structuresChoices = {
  ...structuresChoices,
  hasJournal: [false],
  hasDisks: [true],
  maxSize: [0, 2, 5],
  waitsForRoom: [true, false],
}

export interface StructuresSettings {
  readonly leaseMs: number
  readonly stableAfterMs: number
  readonly numShards: number
  readonly recordsPerSnapshot: number
  readonly hasJournal: boolean
  /** Copies on the disks of nodes, in place of that. */
  readonly hasDisks: boolean
  readonly sessionTtlMs: number
  /** Of locks and semaphores. */
  readonly ttlMs: number
  readonly offerTimeoutMs: number
  /** Of queues. */
  readonly visibilityMs: number
  /** Of one queue; 0: it has room for any number of items. */
  readonly maxSize: number
  /** What becomes of one too many there: it waits, or is refused. */
  readonly waitsForRoom: boolean
  /** Of semaphores. */
  readonly permits: number
  readonly usersPerNode: number
  readonly hasOutsider: boolean
  readonly outsideRate: number
  /** Of parts. */
  readonly idleTimeoutMs: number
}

/** The same where a plan leaves them out, as one written by hand may. */
const defaults: StructuresSettings = {
  leaseMs: 2_000,
  stableAfterMs: 5_000,
  numShards: 8,
  recordsPerSnapshot: 10_000,
  hasJournal: true,
  hasDisks: false,
  sessionTtlMs: 30_000,
  ttlMs: 2_000,
  offerTimeoutMs: 1_000,
  visibilityMs: 5_000,
  maxSize: 0,
  waitsForRoom: false,
  permits: 3,
  usersPerNode: 1,
  hasOutsider: false,
  outsideRate: 1,
  idleTimeoutMs: 300_000,
}

/** They are asked for at every step of a run. */
const settingsRead = new WeakMap<Parameters, StructuresSettings>()

export function structuresSettings({
  settings,
}: {
  readonly settings: Parameters
}): StructuresSettings {
  const before = settingsRead.get(settings)
  if (before !== undefined) return before
  const known = Object.entries(settings).filter(([name]) => name in defaults)
  // Drawn of `structuresChoices`, which are values of these settings.
  const read = { ...defaults, ...(Object.fromEntries(known) as Partial<StructuresSettings>) }
  settingsRead.set(settings, read)
  return read
}
