// Makes a plan that fails smaller, as long as it fails in the same way: fewer actions, fewer hosts,
// shorter faults. What is left is what a person looks at.
import type { Plan, PlannedAction } from './plan.ts'
import type { RunResult } from './run-result.ts'
import { Run } from './run.ts'
import type { Scenario } from './scenario.ts'

export interface ShrinkOptions {
  /** Runs that may be spent. @defaultValue 300 */
  readonly runs?: number
  /** Told after each run: how many actions are left. */
  readonly progress?: (runs: number, actions: number) => void
}

/** The smallest plan found, and what came of it. */
export interface Shrunk {
  readonly plan: Plan
  readonly result: RunResult
  readonly runs: number
}

/**
 * Looks for a smaller plan that violates the same checker.
 *
 * @param failed - the result of a run that was violated
 * @see Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input", TSE 2002 (ddmin)
 */
export async function shrink<P, S>(
  scenario: Scenario<P, S>,
  failed: RunResult,
  { runs: budget = 300, progress }: ShrinkOptions = {},
): Promise<Shrunk> {
  const checker = failed.violations[0]?.checker
  let best = { plan: failed.plan, result: failed }
  let runs = 0
  const attempt = async (plan: Plan): Promise<boolean> => {
    if (runs >= budget) return false
    runs += 1
    const result = await Run.of(scenario, plan)
    const isSame = result.violations.some((violation) => violation.checker === checker)
    if (isSame) best = { plan, result }
    progress?.(runs, best.plan.actions.length)
    return isSame
  }
  await attempt(cutShort(failed))
  for (let before = ''; before !== JSON.stringify(best.plan) && runs < budget;) {
    before = JSON.stringify(best.plan)
    await dropActions(() => best.plan, attempt)
    await dropHosts(() => best.plan, attempt, scenario.shape.hosts[0])
    await shortenActions(() => best.plan, attempt)
    await pullTogether(() => best.plan, attempt)
  }
  return { ...best, runs }
}

/** Whatever came after the violation did not cause it. */
function cutShort({ plan, violations }: RunResult): Plan {
  const at = violations[0]?.at ?? plan.chaosMs
  if (at >= plan.chaosMs) return plan
  return {
    ...plan,
    chaosMs: Math.ceil(at) + 1_000,
    actions: plan.actions.filter((action) => action.at <= at),
  }
}

/**
 * Leaves out halves, then quarters, down to single actions. The first start of each host stays: where
 * nobody runs, all progress fails, and that is not what went wrong.
 */
async function dropActions(
  current: () => Plan,
  attempt: (plan: Plan) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(current().actions.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < current().actions.length;) {
      const { actions } = current()
      const starts = firstStarts(actions)
      const left = actions.filter(
        (action, index) => index < from || index >= from + size || starts.has(action),
      )
      const isSmaller = left.length < actions.length
      if (!isSmaller || !(await attempt({ ...current(), actions: left }))) from += size
    }
  }
}

function firstStarts(actions: readonly PlannedAction[]): ReadonlySet<PlannedAction> {
  const starts = new Map<unknown, PlannedAction>()
  for (const action of actions) {
    const { host } = action.parameters
    if (action.type === 'start' && !starts.has(host)) starts.set(host, action)
  }
  return new Set(starts.values())
}

async function dropHosts(
  current: () => Plan,
  attempt: (plan: Plan) => Promise<boolean>,
  fewest: number,
): Promise<void> {
  for (const { name } of current().hosts.toReversed()) {
    const { hosts, actions } = current()
    if (hosts.length <= fewest) return
    await attempt({
      ...current(),
      hosts: hosts.filter((host) => host.name !== name),
      actions: actions.flatMap((action) => withoutHost(action, name)),
    })
  }
}

/** The action without a host; none, if it is about that host. */
function withoutHost(action: PlannedAction, host: string): readonly PlannedAction[] {
  const entries = Object.entries(action.parameters)
  if (entries.some(([, value]) => value === host)) return []
  const parameters = Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      // A side of a partition is its number and the host.
      Array.isArray(value) ? value.filter((one: unknown) => String(one).slice(1) !== host) : value,
    ]),
  ) as PlannedAction['parameters'] // Entries of parameters, lists with an item less.
  return [{ ...action, parameters }]
}

async function shortenActions(
  current: () => Plan,
  attempt: (plan: Plan) => Promise<boolean>,
): Promise<void> {
  for (let index = 0; index < current().actions.length; index++) {
    for (;;) {
      const action = current().actions[index]
      const forMs = action?.parameters['forMs']
      if (action === undefined || typeof forMs !== 'number' || forMs < 100) break
      const shorter = {
        ...action,
        parameters: { ...action.parameters, forMs: Math.round(forMs / 2) },
      }
      const actions = current().actions.with(index, shorter)
      if (!(await attempt({ ...current(), actions }))) break
    }
  }
}

/** Gaps shorter than this, in milliseconds, are no trouble to a reader. */
const shortGapMs = 200

/** Ends the chaos soon after the last action, and halves the time before each. */
async function pullTogether(
  current: () => Plan,
  attempt: (plan: Plan) => Promise<boolean>,
): Promise<void> {
  const endsAt = (current().actions.at(-1)?.at ?? 0) + 1_000
  if (endsAt < current().chaosMs) await attempt({ ...current(), chaosMs: endsAt })
  for (let index = 0; index < current().actions.length; index++) {
    for (;;) {
      const { actions, chaosMs } = current()
      const gapMs = (actions[index]?.at ?? 0) - (actions[index - 1]?.at ?? 0)
      if (gapMs < shortGapMs) break
      const byMs = Math.floor(gapMs / 2)
      const earlier = actions.map((action, at) =>
        at < index ? action : { ...action, at: action.at - byMs },
      )
      if (!(await attempt({ ...current(), chaosMs: chaosMs - byMs, actions: earlier }))) break
    }
  }
}
