// What a plan settles for split-brain resolution, and what follows from it.
import type { MembershipRun } from '../membership/membership-run.ts'
import type { Parameters } from '../run/action.ts'

export const strategyNames = [
  'keep-majority',
  'keep-oldest',
  'static-quorum',
  'keep-referee',
  'lease-majority',
  'down-all',
] as const

export type StrategyName = (typeof strategyNames)[number]

export interface SplitBrainSettings {
  readonly strategy: StrategyName
  readonly stableAfterMs: number
  readonly downAllWhenUnstable: 'on' | 'off'
  /** Counts only members of this role; empty: all. */
  readonly role: string
  readonly downIfAlone: boolean
  /**
   * How many members a static quorum asks for beyond a majority of the hosts. With one less, and an even
   * number of hosts, two sides could have it when all are up: then, all go down.
   */
  readonly beyondHalf: number
  /** Which host is the referee, of those there are. */
  readonly referee: number
}

/** The same where a plan leaves them out, as one written by hand may. */
const defaults: SplitBrainSettings = {
  strategy: 'keep-majority',
  stableAfterMs: 5_000,
  downAllWhenUnstable: 'on',
  role: '',
  downIfAlone: true,
  beyondHalf: 0,
  referee: 0,
}

/** What is drawn. */
export const splitBrainChoices: Readonly<Record<keyof SplitBrainSettings, Choices>> = {
  // The default most often.
  strategy: [
    ...Array<StrategyName>(7).fill('keep-majority'),
    ...strategyNames.slice(1),
    'down-all',
  ],
  stableAfterMs: [3_000, 5_000, 5_000, 5_000, 7_000, 10_000],
  downAllWhenUnstable: ['on', 'on', 'on', 'off'],
  role: ['', '', '', 'core'],
  downIfAlone: [true, true, false],
  beyondHalf: [-1, 0, 0, 1],
  referee: [0, 1, 2],
}

type Choices = readonly (string | number | boolean)[]

export function splitBrainSettings({
  settings,
}: {
  readonly settings: Parameters
}): SplitBrainSettings {
  const known = Object.entries(settings).filter(([name]) => name in defaults)
  // Drawn of `splitBrainChoices`, which are values of these settings.
  return { ...defaults, ...(Object.fromEntries(known) as Partial<SplitBrainSettings>) }
}

/** What is left of the settings of a plan for membership. */
export function membershipSettings({ settings }: { readonly settings: Parameters }): Parameters {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !(name in defaults)))
}

/** Hosts of the role that strategies may count: two of three. */
export function rolesOf(run: MembershipRun, host: string): readonly string[] {
  return run.plan.hosts.findIndex(({ name }) => name === host) % 3 === 2 ? [] : ['core']
}

export function refereeOf(run: MembershipRun): string {
  const { hosts } = run.world
  return hosts[splitBrainSettings(run.plan).referee % hosts.length] ?? ''
}

/** More than half of those who count, so that no two sides can both have it. */
export function quorumOf(run: MembershipRun): number {
  const { role, beyondHalf } = splitBrainSettings(run.plan)
  const { hosts } = run.world
  const counted = hosts.filter((host) => role === '' || rolesOf(run, host).includes(role)).length
  return beyondHalf < 0 ? Math.ceil(counted / 2) : Math.floor(counted / 2) + 1 + beyondHalf
}
