// Plans written by hand: production nodes, faults at given times, and what became of everybody.
import type { ClusterState } from '@casty/membership'
import {
  planOf,
  Run,
  splitBrainScenario,
  type MembershipRun,
  type Plan,
  type PlannedAction,
  type RunResult,
} from '../../src/index.ts'

/** Formed by then, and everybody's rhythm is known. */
export const settledAtMs = 12_000

export interface StoryOptions {
  readonly settings?: Plan['settings']
  /** What is done, and when, counted from when all are up. */
  readonly actions?: readonly (readonly [at: number, type: string, parameters: Plan['settings']])[]
  /** How long it goes on from there, before all is made whole. @defaultValue 40_000 */
  readonly forMs?: number
  readonly seed?: number
  /** Whose actions there are. @defaultValue splitBrainScenario */
  readonly scenario?: typeof splitBrainScenario
}

export interface Told {
  readonly result: RunResult
  readonly complaints: readonly string[]
  /** Who never ended, by name, when the time was over; then, everything is made whole. */
  readonly left: string
  /** What each of them sees then, if they all see the same: `a.up b.up`. */
  readonly seen: string
  /** Who decided what, in order: `a: down-unreachable`. */
  readonly decided: readonly string[]
  /** From the first action to the first decision, in milliseconds. */
  readonly decidedAfterMs: number
}

/** Runs a story among hosts that are named by letters, as in 'a b c'. */
export async function story(hosts: string, options: StoryOptions = {}): Promise<Told> {
  const { settings = {}, actions = [], forMs = 40_000, seed = 1 } = options
  const { scenario: base = splitBrainScenario } = options
  const names = hosts.split(' ')
  const starts = names.map((host): PlannedAction => ({
    at: 0,
    type: 'start',
    parameters: { host },
  }))
  const planned = actions.map(([at, type, parameters]): PlannedAction => ({
    at: at + settledAtMs,
    type,
    parameters,
  }))
  const probe: { run?: MembershipRun; left: string; seen: string } = { left: '', seen: '' }
  const scenario: typeof splitBrainScenario = {
    ...base,
    watch: (run) => {
      probe.run = run
      return [...base.watch(run), { healing: () => Object.assign(probe, outcomeOf(run)) }]
    },
    heal: (run) => base.heal(run).slice(0, 1), // No trials.
  }
  const result = await Run.of(
    scenario,
    {
      ...planOf(base, seed),
      hosts: names.map((name) => ({ name })),
      settings,
      chaosMs: settledAtMs + forMs,
      off: [],
      actions: [...starts, ...planned],
    },
    { keepAll: true },
  )
  const rulings = (result.trace ?? []).filter(
    (event) => event.type === 'note' && event.kind === 'log' && isRuling(event.text),
  )
  const from = planned[0]?.at ?? 0
  return {
    result,
    complaints: result.violations.map(({ checker, text }) => `${checker}: ${text}`),
    left: probe.left,
    seen: probe.seen,
    decided: rulings.map((event) => (event.type === 'note' ? `${event.host}: ${event.text}` : '')),
    decidedAfterMs: (rulings[0]?.at ?? Infinity) - from,
  }
}

/** Whether a line of a log tells of a decision: its cause comes first. */
export function isRuling(text: string): boolean {
  return /^(stable|unstable|overdue|unheard|lease-granted|lease-denied): /.test(text)
}

function outcomeOf(run: MembershipRun): { readonly left: string; readonly seen: string } {
  const left = run.world.hosts.filter((host) => {
    const process = run.world.running(host)
    return process?.life === 0
  })
  const views = new Set(left.map((host) => viewOf(run.world.running(host)?.program?.getState())))
  return { left: left.join(' '), seen: [...views].join(' || ') }
}

function viewOf(state: ClusterState | undefined): string {
  return (state?.members ?? []).map(({ address, status }) => `${address.host}.${status}`).join(' ')
}

/** `1a 1b 2c` of `a b | c`. */
export function sides(text: string): readonly string[] {
  return text.split('|').flatMap((group, index) =>
    group
      .trim()
      .split(' ')
      .map((host) => `${index + 1}${host}`),
  )
}
