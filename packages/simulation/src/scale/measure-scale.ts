// How a cluster of a given size behaves, in figures. Everything but the resources follows from the
// options: two runs of the same give the same.
import process from 'node:process'
import { systemClock } from '@casty/clock'
import type { ClusterConfig } from '@casty/membership'
import {
  measureChanges,
  measureDeaths,
  measureJoins,
  type ChangeFigures,
  type DeathFigures,
  type JoinFigures,
} from './change-phases.ts'
import { Crowd } from './crowd.ts'
import {
  measureIdle,
  measureLoss,
  measureStalls,
  type FalseAlarms,
  type IdleFigures,
  type StallFigures,
} from './steady-phases.ts'

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
  /** Called when a phase is over. */
  readonly progress?: (phase: ScalePhase, resources: PhaseResources) => void
  /** Frees memory that nobody holds, so that what is held can be told. @defaultValue it is not done */
  readonly collectGarbage?: () => void
}

/** The phases of a measurement, in their order. */
export const scalePhases = [
  'forming',
  'idle',
  'changes',
  'joins',
  'loss-0',
  'loss-10',
  'loss-30',
  'frozen',
  'stalls',
  'aged-changes',
  'killed',
] as const
/** A phase of a measurement. */
export type ScalePhase = (typeof scalePhases)[number]

/** What one phase took. */
export interface PhaseResources {
  readonly wallMs: number
  readonly virtualMs: number
}

/** The figures of one cluster; of a phase that was left out there are none. */
export interface ScaleReport {
  readonly nodes: number
  readonly seed: number
  readonly idle: IdleFigures | undefined
  readonly changes: ChangeFigures | undefined
  readonly joins: JoinFigures | undefined
  readonly loss: readonly (FalseAlarms & { readonly probability: number })[]
  readonly stalls: StallFigures | undefined
  /** After the stalls, when most members have changed something. */
  readonly agedChanges: ChangeFigures | undefined
  readonly frozen: DeathFigures | undefined
  readonly killed: DeathFigures | undefined
  /**
   * The most that any node had: of a cluster in which nothing changes, and when others have just
   * joined, before the connections that joining took were found idle.
   */
  readonly controlConnections: { readonly idle: number; readonly afterJoins: number }
  readonly traceHash: string
  /** What the run took of this machine: the only figures that differ from run to run. */
  readonly resources: ScaleResources
}

/** What a measurement took of this machine. */
export interface ScaleResources {
  readonly phases: Readonly<Partial<Record<ScalePhase, PhaseResources>>>
  readonly wallMs: number
  readonly rssBytes: number
  readonly heapBytesPerNode: number
}

/** Long enough for connections to be made, and for those of joining to be told apart from them. */
const settleMs = 5_000
const lossShares = [
  ['loss-0', 0],
  ['loss-10', 0.1],
  ['loss-30', 0.3],
] as const
const deadShare = 0.2
/** Frozen nodes go on after a while; all find each other again within this. */
const healMs = 90_000

/** Measures a cluster of `nodes` production nodes on virtual time. */
export async function measureScale(options: ScaleOptions): Promise<ScaleReport> {
  return await new Measurement(options).run()
}

class Measurement {
  readonly #options: ScaleOptions
  readonly #crowd: Crowd
  readonly #seed: number
  readonly #phases: Partial<Record<ScalePhase, PhaseResources>> = {}
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
    const { nodes, changes = 5, joiners = 50, steadyMs = 30_000, frozenMs } = this.#options
    const crowd = this.#crowd
    await this.#phase('forming', async () => {
      await crowd.form()
      await crowd.pass(settleMs)
    })
    const idle = await this.#phase('idle', async () => await measureIdle(crowd, steadyMs))
    const connectionsWhenIdle = Math.max(...crowd.controlConnections)
    const rate = idle ?? { bytesPerSecondPerNode: 0, writesPerSecondPerNode: 0 }
    const changed = await this.#phase(
      'changes',
      async () => await measureChanges(crowd, changes, rate),
    )
    const joins = await this.#phase('joins', async () => await measureJoins(crowd, joiners))
    const connectionsAfterJoins = Math.max(...crowd.controlConnections)
    const loss: (FalseAlarms & { readonly probability: number })[] = []
    for (const [phase, probability] of lossShares) {
      const found = await this.#phase(
        phase,
        async () => await measureLoss(crowd, probability, steadyMs),
      )
      if (found !== undefined) loss.push({ probability, ...found })
    }
    const heapBytesPerNode = this.#heapPerNode()
    const frozen = await this.#phase('frozen', async () => {
      const found = await measureDeaths(crowd, 'frozen', deadShare, frozenMs)
      await crowd.until(() => this.#isWhole(), healMs)
      return found
    })
    const stalls = await this.#phase('stalls', async () => await measureStalls(crowd, steadyMs))
    const aged = await this.#phase('aged-changes', async () => {
      await crowd.pass(settleMs)
      return await measureChanges(crowd, changes, rate)
    })
    const killed = await this.#phase(
      'killed',
      async () => await measureDeaths(crowd, 'killed', deadShare),
    )
    const report: ScaleReport = {
      nodes,
      seed: this.#seed,
      idle,
      changes: changed,
      joins,
      loss,
      stalls,
      agedChanges: aged,
      frozen,
      killed,
      controlConnections: { idle: connectionsWhenIdle, afterJoins: connectionsAfterJoins },
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

  async #phase<T>(phase: ScalePhase, measure: () => Promise<T>): Promise<T | undefined> {
    if (this.#options.without?.includes(phase) === true) return undefined
    const [startedAt, virtualAt] = [systemClock.now(), this.#crowd.world.now]
    const found = await measure()
    const resources: PhaseResources = {
      wallMs: Math.round(systemClock.now() - startedAt),
      virtualMs: Math.round(this.#crowd.world.now - virtualAt),
    }
    this.#phases[phase] = resources
    this.#options.progress?.(phase, resources)
    return found
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
