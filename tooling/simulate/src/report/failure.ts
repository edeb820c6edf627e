// A run that failed, as a person wants to read it.
import type { RunResult, Violation } from '@casty/simulation'
import { invocation } from '../invocation.ts'
import type { Outcome } from '../task.ts'
import { lastEvents } from './last-events.ts'
import { planInWords, seconds } from './words.ts'

const eventsPerHost = 25

/** Names a run in output, as a test would be named. */
export function runName(scenario: string, seed: number): string {
  return `simulation: ${scenario} seed ${seed}`
}

/** Of a run whose plan was read from a file, which its seed does not name. */
export function planName(scenario: string, path: string): string {
  return `simulation: ${scenario} plan ${path}`
}

/** The one command that repeats a run. */
export function replayCommand(scenario: string, seed: number, bug?: string): string {
  return `${invocation} --scenario ${scenario} --seed ${seed}${withBug(bug)}`
}

export function planCommand(path: string, bug?: string): string {
  return `${invocation} --plan ${path}${withBug(bug)}`
}

function withBug(bug: string | undefined): string {
  return bug === undefined ? '' : ` --bugs ${bug}`
}

/** What a failure is told with. */
export interface ToldOfFailure {
  readonly planFile: string
  readonly bug?: string | undefined
  readonly isReplay?: boolean
}

export function violationLine({ checker, at, text }: Violation): string {
  return `${checker}, at ${seconds(at)}: ${text}`
}

/**
 * Everything about a run that was violated: what, how to repeat it, the plan (made smaller, if that
 * was done), and the last events of each host.
 *
 * @param planFile - where the plan was written
 * @param isReplay - the plan came from that file: its seed alone names another run
 */
export function failureReport(
  { result, shrunk }: Outcome,
  { planFile, bug, isReplay = false }: ToldOfFailure,
): string {
  const { plan, violations } = result
  const smallest = shrunk?.result ?? result
  return [
    `✗ ${isReplay ? planName(plan.scenario, planFile) : runName(plan.scenario, plan.seed)}`,
    ...violations.map((violation) => `  ${violationLine(violation)}`),
    ...(isReplay ? [] : [`  Repeat it: ${replayCommand(plan.scenario, plan.seed, bug)}`]),
    '',
    ...(shrunk === undefined ? [] : shrunkLines(result, shrunk.result, shrunk.runs)),
    `  The plan: ${planCommand(planFile, bug)}`,
    ...planInWords(smallest.plan).map((line) => `    ${line}`),
    '',
    '  The last events of each host:',
    ...eventLines(smallest),
  ].join('\n')
}

function shrunkLines(full: RunResult, small: RunResult, runs: number): readonly string[] {
  return [
    `  Made smaller by ${runs} runs, from ${full.plan.actions.length} actions to ` +
      `${small.plan.actions.length}. What follows is of the smaller run, which ends with`,
    ...small.violations.slice(0, 1).map((violation) => `  ${violationLine(violation)}`),
    '',
  ]
}

/** The last events of each host that ever did anything, up to the first violation. */
export function eventLines({ lastEvents: byHost, violations }: RunResult): readonly string[] {
  const until = violations[0]?.at ?? Number.POSITIVE_INFINITY
  return [...byHost]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([host, events]) => [host, events.filter(({ at }) => at <= until)] as const)
    .flatMap(([host, events]) => [
      '',
      ...lastEvents(host, events, eventsPerHost).map((line) => `    ${line}`),
    ])
}
