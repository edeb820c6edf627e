import type { Program, SimulatedProcess } from '../world/simulated-process.ts'
import type { WriteEvent } from '../world/trace.ts'
import type { ActionType } from './action.ts'
import type { PlanShape } from './plan.ts'
import type { Run } from './run.ts'

/**
 * What runs on the hosts of a world, what is done to it, and what must hold. `P` is what the program
 * gives for each process, `S` the state of a process that watchers look at.
 */
export interface Scenario<P, S> {
  readonly name: string
  readonly shape: Omit<PlanShape, 'scenario'>
  readonly actions: readonly ActionType<P, S>[]
  /** More of them, drawn from a stream of their own: they leave what is drawn of `actions` as it was. @defaultValue none */
  readonly additions?: readonly ActionType<P, S>[]
  readonly program: (run: Run<P, S>) => Program<P>
  /** The state of a process: an immutable value, compared by identity after every event. */
  stateOf(program: P): S
  /** A state as text, for the trace. */
  describe(state: S): string
  /** Watchers that report violations, and watchers that note rare states. */
  watch(run: Run<P, S>): readonly Watcher<P, S>[]
  /** The rare states that its watchers can note: a large enough set of runs must reach each. */
  readonly rareStates: readonly string[]
  /** After the chaos, when every link is whole and every process runs on: one after the other. */
  heal(run: Run<P, S>): readonly HealStage[]
}

/** Progress that is demanded. */
export interface HealStage {
  readonly name: string
  readonly withinMs: number
  begin?(): void
  /** Called over and over while the stage lasts, before `isDone`. */
  nudge?(): void
  isDone(): boolean
  /** What is still missing, for the report. */
  explain(): string
}

/** Looks on from outside. Everything is optional. */
export interface Watcher<P, S> {
  started?(process: SimulatedProcess<P>): void
  ended?(process: SimulatedProcess<P>): void
  changed?(process: SimulatedProcess<P>, state: S, before: S | undefined): void
  wrote?(write: WriteEvent): void
  /** The chaos is over. */
  healing?(): void
  /** Every stage of healing is done. */
  finished?(): void
}
