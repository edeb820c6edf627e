// How a cluster of a given size behaves, in figures. Everything but the resources follows from the
// options: two runs of the same give the same.
import process from 'node:process'
import { systemClock } from '@casty/clock'
import type { ClusterConfig } from '@casty/membership'
import { measureChanges, measureDeaths, measureJoins } from './change-phases.ts'
import { Crowd } from './crowd.ts'
import {
  lossShares,
  nothingFound,
  type PhaseResources,
  type ScaleFigures,
  type ScalePhase,
  type ScaleReport,
} from './scale-report.ts'
import { measureIdle, measureLoss, measureStalls, type IdleFigures } from './steady-phases.ts'

/** What is measured, and for how long. */
export interface ScaleOptions {
  readonly nodes: number
  /** @defaultValue 1 */
  readonly seed?: number
  /** Members that leave, one after another. @defaultValue 5 */
  readonly changes?: number
  /** Nodes that join at once. @defaultValue 50 */
  readonly joiners?: number
  /** How long each steady phase lasts, in virtual milliseconds. @defaultValue 30_000 */
  readonly steadyMs?: number
  /** How long frozen nodes stand still, in virtual milliseconds. @defaultValue 60_000 */
  readonly frozenMs?: number
  /** Phases to leave out. @defaultValue none */
  readonly without?: readonly ScalePhase[]
  readonly config?: Partial<ClusterConfig>
  /** Called when a phase is over, with all that was found so far. */
  readonly progress?: (phase: ScalePhase, resources: PhaseResources, figures: ScaleFigures) => void
  /** Frees memory that nobody holds, so that what is held can be told. @defaultValue it is not done */
  readonly collectGarbage?: () => void
}

const defaultSteadyMs = 30_000
/** Long enough for connections to be made, and for those of joining to be told apart from them. */
const settleMs = 5_000
const deadShare = 0.2
/** Frozen nodes go on after a while; all find each other again within this. */
const healMs = 90_000

const connectionsNotedAfter: readonly ScalePhase[] = ['forming', 'idle', 'joins']

/** Measures a cluster of `nodes` production nodes on virtual time. */
export async function measureScale(options: ScaleOptions): Promise<ScaleReport> {
  return await new Measurement(options).run()
}

class Measurement {
  readonly #options: ScaleOptions
  readonly #crowd: Crowd
  readonly #seed: number
  readonly #phases: Partial<Record<ScalePhase, PhaseResources>> = {}
  #figures: ScaleFigures = nothingFound
  readonly #heapBefore: number
  readonly #startedAt = systemClock.now()

  constructor(options: ScaleOptions) {
    const { nodes, seed = 1, joiners = 50, config = {} } = options
    this.#options = options
    this.#seed = seed
    options.collectGarbage?.()
    this.#heapBefore = process.memoryUsage().heapUsed
    this.#crowd = new Crowd({ seed, nodes, spareHosts: joiners, config })
  }

  async run(): Promise<ScaleReport> {
    const { nodes } = this.#options
    const crowd = this.#crowd
    await this.#phase('forming', async () => {
      await crowd.form()
      await crowd.pass(settleMs)
      return {}
    })
    await this.#measurePeace()
    await this.#measureLosses()
    const heapBytesPerNode = this.#heapPerNode()
    await this.#measureFaults()
    const report: ScaleReport = {
      nodes,
      seed: this.#seed,
      ...this.#figures,
      traceHash: crowd.world.trace.hash,
      resources: {
        phases: this.#phases,
        wallMs: Math.round(systemClock.now() - this.#startedAt),
        rssBytes: process.memoryUsage().rss,
        heapBytesPerNode,
      },
    }
    await crowd.dispose()
    return report
  }

  /** Nothing happens, one member leaves at a time, many join at once. */
  async #measurePeace(): Promise<void> {
    const { changes = 5, joiners = 50, steadyMs = defaultSteadyMs } = this.#options
    const crowd = this.#crowd
    await this.#phase('idle', async () => ({ idle: await measureIdle(crowd, steadyMs) }))
    await this.#phase('changes', async () => ({
      changes: await measureChanges(crowd, changes, this.#idleRate),
    }))
    await this.#phase('joins', async () => ({ joins: await measureJoins(crowd, joiners) }))
  }

  async #measureLosses(): Promise<void> {
    const { steadyMs = defaultSteadyMs } = this.#options
    for (const [phase, probability] of lossShares) {
      await this.#phase(phase, async () => {
        const found = await measureLoss(this.#crowd, probability, steadyMs)
        return { loss: [...this.#figures.loss, { probability, ...found }] }
      })
    }
  }

  /** A fifth freezes and goes on, all stall now and then, a fifth dies. */
  async #measureFaults(): Promise<void> {
    const { changes = 5, steadyMs = defaultSteadyMs, frozenMs } = this.#options
    const crowd = this.#crowd
    await this.#phase('frozen', async () => {
      const frozen = await measureDeaths(crowd, 'frozen', deadShare, frozenMs)
      await crowd.until(() => this.#isWhole(), healMs)
      return { frozen }
    })
    await this.#phase('stalls', async () => ({ stalls: await measureStalls(crowd, steadyMs) }))
    await this.#phase('aged-changes', async () => {
      await crowd.pass(settleMs)
      return { agedChanges: await measureChanges(crowd, changes, this.#idleRate) }
    })
    await this.#phase('killed', async () => ({
      killed: await measureDeaths(crowd, 'killed', deadShare),
    }))
  }

  async #phase(phase: ScalePhase, measure: () => Promise<Partial<ScaleFigures>>): Promise<void> {
    if (this.#options.without?.includes(phase) === true) return
    const [startedAt, processor, virtualAt] = [
      systemClock.now(),
      process.cpuUsage(),
      this.#crowd.world.now,
    ]
    this.#figures = { ...this.#figures, ...(await measure()) }
    this.#noteConnections(phase)
    const { user, system } = process.cpuUsage(processor)
    const resources: PhaseResources = {
      wallMs: Math.round(systemClock.now() - startedAt),
      processorMs: Math.round((user + system) / 1_000),
      virtualMs: Math.round(this.#crowd.world.now - virtualAt),
    }
    this.#phases[phase] = resources
    this.#options.progress?.(phase, resources, this.#figures)
  }

  /** Those of the beginning are told apart from those of joining. */
  #noteConnections(phase: ScalePhase): void {
    if (!connectionsNotedAfter.includes(phase)) return
    const afterJoins = Math.max(...this.#crowd.controlConnections)
    const idle = phase === 'joins' ? this.#figures.controlConnections.idle : afterJoins
    this.#figures = { ...this.#figures, controlConnections: { idle, afterJoins } }
  }

  /** What an idle cluster sends, to be taken off what changes cost. */
  get #idleRate(): Pick<IdleFigures, 'bytesPerSecondPerNode' | 'writesPerSecondPerNode'> {
    return this.#figures.idle ?? { bytesPerSecondPerNode: 0, writesPerSecondPerNode: 0 }
  }

  #heapPerNode(): number {
    this.#options.collectGarbage?.()
    const heap = process.memoryUsage().heapUsed - this.#heapBefore
    return Math.round(heap / this.#crowd.running.length)
  }

  /** Nobody finds anybody unreachable. */
  #isWhole(): boolean {
    return this.#crowd.processes.every(
      ({ program, host }) =>
        !this.#crowd.world.isStopped(host) && program?.getState().unreachable.size === 0,
    )
  }
}
