// One run: the chaos of a plan, in which only safety is demanded, and the healing after it, in which
// progress is.
import { SimulationError } from '../errors.ts'
import { purely } from '../world/purity.ts'
import type { Program, SimulatedProcess } from '../world/simulated-process.ts'
import type { NoteKind } from '../world/trace.ts'
import { World } from '../world/world.ts'
import type { Plan } from './plan.ts'
import type { HealTime, RunOptions, RunResult, Violation } from './run-result.ts'
import { watchingRejections } from './rejections.ts'
import type { HealStage, Scenario, Watcher } from './scenario.ts'

/** How often healing is looked at. */
const nudgeMs = 100

/** What actions and watchers have of the run that they are part of. */
export class Run<P, S> {
  readonly plan: Plan
  readonly world: World<P>
  readonly #scenario: Scenario<P, S>
  readonly #watchers: readonly Watcher<P, S>[]
  readonly #states = new Map<SimulatedProcess<P>, S>()
  readonly #described = new Map<string, string>()
  readonly #reached = new Map<string, number>()
  readonly #performed = new Map<string, number>()
  readonly #healing: HealTime[] = []
  readonly #violations: Violation[] = []
  readonly #unknown: Violation[] = []
  readonly #stopAtViolation: boolean
  /** What the code under test, or a watcher, threw out of a callback: no run goes on after that. */
  #thrown: unknown
  #isHealing = false

  private constructor(scenario: Scenario<P, S>, plan: Plan, options: RunOptions) {
    const { stopAtViolation = true, ...trace } = options
    this.#scenario = scenario
    this.#stopAtViolation = stopAtViolation
    this.plan = plan
    let program: Program<P> | undefined
    this.world = new World({
      seed: plan.seed,
      hosts: plan.hosts,
      // Asked for when the first process starts, so that it finds this world in the run.
      program: async (surroundings) => {
        program ??= scenario.program(this)
        return await program(surroundings)
      },
      ...trace,
    })
    const watchers = scenario.watch(this)
    this.#watchers = watchers
    const listening = watchers.filter((watcher) => watcher.wrote !== undefined)
    this.world.listen({
      started: (process) => this.#started(process),
      ended: (process) => {
        for (const watcher of watchers) watcher.ended?.(process)
      },
      ...(listening.length > 0 && {
        wrote: (write) => {
          for (const watcher of listening) watcher.wrote?.(write)
        },
      }),
    })
  }

  /**
   * Carries out a plan, with the traps of `purely` set.
   *
   * Rejects with `CASTY_SIMULATION_FOREIGN_PLAN` for a plan of another scenario, and with
   * `CASTY_SIMULATION_UNKNOWN_ACTION` or `CASTY_SIMULATION_UNKNOWN_HOST` for one that names what the
   * scenario or the plan itself does not have.
   */
  static async of<P, S>(
    scenario: Scenario<P, S>,
    plan: Plan,
    options: RunOptions = {},
  ): Promise<RunResult> {
    if (plan.scenario !== scenario.name) {
      throw SimulationError.foreignPlan(plan.scenario, scenario.name)
    }
    return await purely(async () => {
      const run = new Run(scenario, plan, options)
      return await watchingRejections(
        (reason) => run.violate('rejections are handled', textOf(reason)),
        async () => await run.#carryOut(),
      )
    })
  }

  get isOver(): boolean {
    if (this.#thrown !== undefined) return true
    return this.#stopAtViolation && this.#violations.length > 0
  }

  /** The chaos is over: what an action has put off until later must do no more harm. */
  get isHealing(): boolean {
    return this.#isHealing
  }

  /**
   * Does something later in the chaos, for actions that take more than one step; not at all once it is
   * over.
   */
  later(afterMs: number, step: () => void): void {
    this.world.clock.schedule(afterMs, () => {
      if (!this.#isHealing && !this.isOver) step()
    })
  }

  /** The state of a process, as last looked at. */
  stateOf(process: SimulatedProcess<P>): S | undefined {
    return this.#states.get(process)
  }

  note(host: string, kind: NoteKind, text: string): void {
    this.world.note(host, kind, text)
  }

  /** What must hold does not. @param host - where it shows; any, if it shows everywhere */
  violate(checker: string, text: string, host: string = this.world.hosts[0] ?? ''): void {
    if (this.isOver) return
    // Stacks name files of this machine; the trace is the same on all.
    this.note(host, 'violation', `${checker}: ${text.split('\n', 1).join()}`)
    this.#violations.push({ checker, at: this.world.now, text })
  }

  /** A checker cannot say whether what must hold holds. */
  giveUp(checker: string, text: string): void {
    this.#unknown.push({ checker, at: this.world.now, text })
  }

  /** A rare state was reached. */
  reach(state: string): void {
    if (!this.#scenario.rareStates.includes(state)) throw SimulationError.unknownRareState(state)
    this.#reached.set(state, (this.#reached.get(state) ?? 0) + 1)
  }

  async #carryOut(): Promise<RunResult> {
    const { world, plan } = this
    const { actions, additions = [] } = this.#scenario
    const types = new Map([...actions, ...additions].map((action) => [action.type, action]))
    for (const { at, type, parameters } of plan.actions) {
      const action = types.get(type)
      if (action === undefined && type !== 'start') {
        throw SimulationError.unknownAction(type, this.#scenario.name)
      }
      const { host } = parameters
      if (typeof host === 'string' && !world.hosts.includes(host)) {
        throw SimulationError.unknownHost(host, type)
      }
      world.clock.schedule(at, () => {
        if (this.isOver) return
        this.#performed.set(type, (this.#performed.get(type) ?? 0) + 1)
        if (action === undefined) world.start(String(parameters['host']))
        else action.perform(this, parameters)
      })
    }
    await this.#pass(plan.chaosMs)
    if (!this.isOver) await this.#heal()
    return this.#result()
  }

  async #heal(): Promise<void> {
    const { world } = this
    this.#isHealing = true
    world.healLinks()
    world.healDisks()
    for (const watcher of this.#watchers) watcher.healing?.()
    await this.#untilAllGoOn()
    const healedAt = world.now
    for (const stage of this.#scenario.heal(this)) {
      if (this.isOver) return
      const beganAt = world.now
      await this.#stage(stage)
      if (this.isOver) return
      const tookMs = world.now - beganAt
      this.#healing.push({ stage: stage.name, tookMs, sinceMs: world.now - healedAt })
    }
    if (this.isOver) return
    for (const watcher of this.#watchers) watcher.finished?.()
  }

  /** Pauses end at their own time: healing begins when the last one has. */
  async #untilAllGoOn(): Promise<void> {
    const { world } = this
    const standsStill = ({ host, clock }: SimulatedProcess<P>): boolean =>
      world.isStopped(host) || clock.isBlockPending
    while (!this.isOver && world.processes.some(standsStill)) await this.#pass(nudgeMs)
  }

  async #stage(stage: HealStage): Promise<void> {
    const deadline = this.world.now + stage.withinMs
    stage.begin?.()
    for (;;) {
      stage.nudge?.()
      if (this.isOver || stage.isDone()) return
      if (this.world.now >= deadline) {
        this.violate(stage.name, `not within ${stage.withinMs} ms: ${stage.explain()}`)
        return
      }
      await this.#pass(nudgeMs)
    }
  }

  async #pass(ms: number): Promise<void> {
    const end = this.world.now + ms
    // In slices, so that a run that is over ends soon.
    while (this.world.now < end && !this.isOver) {
      try {
        await this.world.run(Math.min(1_000, end - this.world.now), () => this.#look())
      } catch (error) {
        if (error instanceof SimulationError) throw error
        this.violate('nothing throws', textOf(error))
        this.#thrown = error
      }
    }
  }

  #started(process: SimulatedProcess<P>): void {
    for (const watcher of this.#watchers) watcher.started?.(process)
    this.#look()
  }

  /** After each event: whose state is another one than before? */
  #look(): void {
    for (const process of this.world.processes) {
      const { program } = process
      if (program === undefined) continue
      const state = this.#scenario.stateOf(program)
      const before = this.#states.get(process)
      if (state === before) continue
      this.#states.set(process, state)
      this.#noteState(process, this.#scenario.describe(state))
      for (const watcher of this.#watchers) watcher.changed?.(process, state, before)
    }
  }

  /** Much of what changes in a state is not of the kind that people look for. */
  #noteState({ host }: SimulatedProcess<P>, text: string): void {
    if (this.#described.get(host) === text) return
    this.#described.set(host, text)
    this.note(host, 'state', text)
  }

  #result(): RunResult {
    const { trace, everStarted } = this.world
    if (everStarted.every(({ program }) => program === undefined)) {
      const why = everStarted.find(({ end }) => end?.how === 'failed')?.end?.reason
      this.giveUp('a process starts', why ?? 'no process had the time to start')
    }
    return {
      plan: this.plan,
      verdict: this.#verdict(),
      violations: this.#violations,
      unknown: this.#unknown,
      traceHash: trace.hash,
      events: trace.length,
      virtualMs: this.world.now,
      reached: this.#reached,
      performed: this.#performed,
      healing: this.#healing,
      diskFaults: this.world.diskFaults(),
      lastEvents: trace.last(),
      trace: trace.all,
    }
  }

  #verdict(): RunResult['verdict'] {
    if (this.#violations.length > 0) return 'violated'
    return this.#unknown.length > 0 ? 'unknown' : 'passed'
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
