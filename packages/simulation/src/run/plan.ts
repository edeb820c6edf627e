// A plan is all that is done to a world, drawn from a seed before anything runs. It is data: a run
// that failed is repeated from it, and made smaller by leaving parts of it out.
import type { Random } from '@casty/clock'
import { drawInteger, drawOne, forkRandom } from '../world/seeds.ts'
import type { HostOptions } from '../world/world-options.ts'
import type { ActionType, Parameters } from './action.ts'
import { checkShape } from './check-shape.ts'

export interface Plan {
  readonly scenario: string
  /** Decides what is left to chance while the plan is carried out: latencies, losses, jitter. */
  readonly seed: number
  readonly hosts: readonly HostOptions[]
  /** Of the program, for its scenario to interpret. */
  readonly settings: Parameters
  /** How long the chaos lasts, in milliseconds of virtual time. */
  readonly chaosMs: number
  /** Types of action left out of this plan: each is, in a third of the seeds. */
  readonly off: readonly string[]
  /** By time. */
  readonly actions: readonly PlannedAction[]
}

export interface PlannedAction {
  /** Milliseconds from the beginning. */
  readonly at: number
  readonly type: string
  readonly parameters: Parameters
}

/** From what plans are drawn. */
export interface PlanShape {
  readonly scenario: string
  readonly hosts: readonly [least: number, most: number]
  readonly chaosMs: readonly [least: number, most: number]
  /** Mean time between two actions of a plan: drawn per plan, in milliseconds. */
  readonly paceMs: readonly [least: number, most: number]
  /** Hosts are started within this time. */
  readonly startWithinMs: number
  /** Clocks run wrong by at most this share. */
  readonly clockDrift: number
  /** Each clock runs at one of these rates, in all plans. @defaultValue any up to `clockDrift`, in two plans of three */
  readonly clockRates?: readonly number[]
  readonly wallOffsetMs: number
  /** Values of each setting of the program; one of them is drawn per plan. @defaultValue none */
  readonly settings?: Readonly<Record<string, readonly (string | number | boolean)[]>>
}

/** One type in three is switched off, so that no fault always hides another. @see Groce et al., "Swarm testing", ISSTA 2012 */
const offShare = 1 / 3

/** What of a type of action plans are drawn from. */
type Drawable = Pick<ActionType<never, never>, 'type' | 'weight' | 'draw'>

/**
 * Draws a plan. Scenarios have `planOf`, which knows their shape and actions.
 *
 * @param seed - an integer from 0 on
 * @param additions - drawn from a stream of their own: all else of the plan is the same without them. How often they come
 * is by their weights, next to those of `types`
 * @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION`
 */
export function drawPlan(
  shape: PlanShape,
  types: readonly Drawable[],
  seed: number,
  additions: readonly Drawable[] = [],
): Plan {
  checkShape(shape, [...types, ...additions], seed)
  const random = forkRandom(seed, `plan of ${shape.scenario}`)
  const hosts = drawHosts(shape, random)
  const names = hosts.map(({ name }) => name)
  const settings = Object.fromEntries(
    Object.entries(shape.settings ?? {}).map(([name, values]) => [name, drawOne(random, values)]),
  )
  const chaosMs = drawInteger(random, ...shape.chaosMs)
  const { off, on } = drawTypes(random, types)
  const starts = names.map((host, index) => ({
    at: index === 0 ? 0 : Math.round(random() * shape.startWithinMs),
    type: 'start',
    parameters: { host },
  }))
  const paceMs = drawInteger(random, ...shape.paceMs)
  const span = { from: shape.startWithinMs, to: chaosMs, paceMs }
  const drawn = drawActions(random, on, span, names)
  const others = forkRandom(seed, `additions to ${shape.scenario}`)
  const added = drawTypes(others, additions)
  const addedPaceMs = (paceMs * weightOf(types)) / weightOf(additions)
  const more = drawActions(others, added.on, { ...span, paceMs: addedPaceMs }, names)
  return {
    scenario: shape.scenario,
    seed,
    hosts,
    settings,
    chaosMs,
    off: [...off, ...added.off],
    actions: [...starts, ...drawn, ...more].toSorted((left, right) => left.at - right.at),
  }
}

/** A type of action, and how often it comes in this plan. */
interface Weighted {
  readonly type: Drawable
  readonly weight: number
}

function drawTypes(
  random: Random,
  types: readonly Drawable[],
): { readonly off: readonly string[]; readonly on: readonly Weighted[] } {
  const off = types.filter(() => random() < offShare).map(({ type }) => type)
  const on = types
    .filter(({ type }) => !off.includes(type))
    .map((type) => ({ type, weight: type.weight * (0.2 + random()) }))
  return { off, on }
}

function drawActions(
  random: Random,
  on: readonly Weighted[],
  { from, to, paceMs }: { readonly from: number; readonly to: number; readonly paceMs: number },
  hosts: readonly string[],
): readonly PlannedAction[] {
  const actions: PlannedAction[] = []
  for (let at = from; on.length > 0;) {
    at += Math.round(-paceMs * Math.log(1 - random()))
    if (at >= to) break
    const { type, draw } = drawWeighted(random, on)
    actions.push({ at, type, parameters: draw(random, hosts) })
  }
  return actions
}

function weightOf(types: readonly Drawable[]): number {
  return types.reduce((sum, { weight }) => sum + weight, 0)
}

function drawHosts(shape: PlanShape, random: Random): readonly HostOptions[] {
  const count = drawInteger(random, ...shape.hosts)
  const drifts = random() < 2 / 3
  return Array.from({ length: count }, (_, index) => ({
    name: hostName(index),
    rate: drawRate(shape, random, drifts),
    wallOffsetMs: drifts ? Math.round(shape.wallOffsetMs * (2 * random() - 1)) : 0,
  }))
}

function drawRate({ clockRates, clockDrift }: PlanShape, random: Random, drifts: boolean): number {
  if (clockRates) return drawOne(random, clockRates)
  return drifts ? 1 + clockDrift * (2 * random() - 1) : 1
}

/** `a` to `z`, then `a1`, `b1` …: short, and in order as long as there are few. */
export function hostName(index: number): string {
  const round = Math.floor(index / 26)
  return String.fromCharCode(97 + (index % 26)) + (round === 0 ? '' : String(round))
}

function drawWeighted<T>(
  random: Random,
  choices: readonly { readonly type: T; readonly weight: number }[],
): T {
  let left = random() * choices.reduce((sum, { weight }) => sum + weight, 0)
  for (const { type, weight } of choices) {
    left -= weight
    if (left < 0) return type
  }
  const last = choices.at(-1)
  if (last === undefined) throw new RangeError('There is nothing to draw from')
  return last.type
}
