import type { Random } from '@casty/clock'
import type { Run } from './run.ts'

/** Data, so that a plan can be written down. */
export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[]>>

/**
 * A type of thing that is done to a world: a fault, or what a user would do. Scenarios are made of
 * them; `defineAction` makes one.
 */
export interface ActionType<P, S> {
  readonly type: string
  readonly kind: 'fault' | 'workload'
  /** How often it is drawn, next to the others of its scenario. */
  readonly weight: number
  draw(random: Random, hosts: readonly string[]): Parameters
  /** May find that there is nothing to do: no such process runs. */
  perform(run: Run<P, S>, parameters: Parameters): void
}

/** An action type whose parameters are what it drew. */
export function defineAction<P, S, D extends Parameters>(action: {
  readonly type: string
  readonly kind: 'fault' | 'workload'
  readonly weight: number
  draw(random: Random, hosts: readonly string[]): D
  perform(run: Run<P, S>, drawn: D): void
}): ActionType<P, S> {
  return {
    ...action,
    // Plans hold only what `draw` of the same type gave.
    perform: (run, parameters) => action.perform(run, parameters as D),
  }
}

/** The same, where other faults are what a scenario is for. */
export function seldom<P, S>(action: ActionType<P, S>): ActionType<P, S> {
  return action.kind === 'fault' ? { ...action, weight: action.weight / 4 } : action
}
