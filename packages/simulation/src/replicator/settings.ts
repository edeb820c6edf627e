import type { Parameters } from '../run/action.ts'

/** What is drawn for each plan. */
export const replicatorChoices: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  stableAfterMs: [3_000, 5_000],
  deltaIntervalMs: [5, 200],
  gossipIntervalMs: [300, 2_000],
  // What a removed node last sent comes to all within: as long as it takes to decide on those who are not heard.
  pruningDelayMs: [12_000, 20_000],
  hasStore: [true, false],
}

/** The same with a client from outside. */
export const clientChoices: typeof replicatorChoices = { ...replicatorChoices, hasOutsider: [true] }

export interface ReplicatorScenarioSettings {
  readonly stableAfterMs: number
  readonly deltaIntervalMs: number
  readonly gossipIntervalMs: number
  readonly pruningDelayMs: number
  /** Whether each node keeps its values on its disk. */
  readonly hasStore: boolean
  readonly hasOutsider: boolean
}

/** The same where a plan leaves them out, as one written by hand may. */
const defaults: ReplicatorScenarioSettings = {
  stableAfterMs: 3_000,
  deltaIntervalMs: 5,
  gossipIntervalMs: 2_000,
  pruningDelayMs: 12_000,
  hasStore: false,
  hasOutsider: false,
}

/** For longer than anybody is out of reach, or gone. Where values are kept, names stay for as long, so it is shorter there. */
export function pruningMarkerMsOf({ hasStore }: ReplicatorScenarioSettings): number {
  return hasStore ? 120_000 : 600_000
}

export function replicatorSettings({
  settings,
}: {
  readonly settings: Parameters
}): ReplicatorScenarioSettings {
  const known = Object.entries(settings).filter(([name]) => name in defaults)
  // Drawn of `replicatorChoices`, which are values of these settings.
  return { ...defaults, ...(Object.fromEntries(known) as Partial<ReplicatorScenarioSettings>) }
}
