// A node that hosts structures, and some who use them there: production code throughout.
import { ActorSystem } from '@casty/actor'
import { Distributed } from '@casty/ddata'
import type { Cluster } from '@casty/membership'
import { PersistenceError } from '@casty/persistence'
import { ClientAccess, Remoting } from '@casty/remote'
import { keepMajority, splitBrainResolver } from '@casty/sbr'
import { Sharding } from '@casty/sharding'
import { closed, loggerOf, seedsOn, startCluster } from '../membership/production-node.ts'
import { forkRandom } from '../world/seeds.ts'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresProcess, StructuresRun } from './structures-run.ts'
import { StructuresUser } from './user.ts'

export function structuresProgram(run: StructuresRun): Program<StructuresHost> {
  return async (surroundings) => {
    const { host } = surroundings
    const { stableAfterMs } = structuresSettings(run.plan)
    const downing = splitBrainResolver({ strategy: keepMajority(), stableAfterMs })
    const cluster = await startCluster(surroundings, seedsOn(run.world.hosts), {
      logger: loggerOf(surroundings, textOf),
      downing,
    })
    const process = run.world.running(host)
    if (!process) throw new Error(`${host} has ended`) // It was killed while it started.
    return new StructuresHost(run, process, surroundings, cluster, downing.downRemovalMarginMs)
  }
}

/** Errors of parts that faults explain. */
const expected: ReadonlySet<string> = new Set([
  'CASTY_JOURNAL_FENCED',
  'CASTY_JOURNAL_UNAVAILABLE',
  'CASTY_PERSISTENCE_FENCED',
  'CASTY_PERSISTENCE_WRITE_UNKNOWN',
  'CASTY_PERSISTENCE_WRITE_REFUSED',
  'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE',
])

export class StructuresHost {
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly users: readonly StructuresUser[]
  readonly #run: StructuresRun
  readonly #process: StructuresProcess
  #isEnding = false

  constructor(
    run: StructuresRun,
    process: StructuresProcess,
    surroundings: Surroundings,
    cluster: Cluster,
    marginMs: number,
  ) {
    const { clock, random, host } = surroundings
    const settings = structuresSettings(run.plan)
    const { leaseMs, numShards, recordsPerSnapshot, sessionTtlMs, usersPerNode } = settings
    const record = recordOf(run)
    this.#run = run
    this.#process = process
    this.cluster = cluster
    const logger = loggerOf(surroundings, textOf, (error, message) => {
      if (message.startsWith('A distributed structure')) this.#failed(error)
    })
    this.system = new ActorSystem({ clock, random, logger, stopTimeoutMs: 2_000 })
    this.system.subscribe((event) => {
      if (event.type === 'actor-failed') this.#failed(event.error)
    })
    const { system } = this
    this.remoting = Remoting.attach({ system, cluster, random })
    this.sharding = Sharding.attach({
      system,
      cluster,
      remoting: this.remoting,
      leaseMs,
      downRemovalMarginMs: marginMs + leaseMs,
    })
    new ClientAccess(this.remoting)
    const journal = settings.hasJournal ? record.journal.clientOf(host, process.clock) : undefined
    this.users = Array.from({ length: usersPerNode }, (_, index) => {
      const distributed = new Distributed(
        { system, sharding: this.sharding },
        {
          numShards,
          recordsPerSnapshot,
          sessionTtlMs,
          random: forkRandom(run.plan.seed, `user ${index} of ${process}`),
          ...(journal && { journal }),
        },
      )
      return new StructuresUser(run, {
        name: `user ${index + 1} of ${process}`,
        host,
        clock: process.clock,
        distributed,
        isAlive: () => process.isRunning,
      })
    })
    cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') void this.#end(event.reason, surroundings)
    })
  }

  /** Why a part failed: journals fail in some ways, and nothing else does. */
  #failed(error: unknown): void {
    if (!this.#process.isRunning) return
    const code = codeOf(error)
    // Parts that are just beginning find what keeps them gone.
    if (this.#isEnding && code === 'CASTY_JOURNAL_CLOSED') return
    if (code?.endsWith('_FENCED')) recordOf(this.#run).reach('a stale writer is refused')
    if (code !== undefined && (expected.has(code) || error instanceof PersistenceError)) return
    const text = error instanceof Error ? error.stack : undefined
    this.#run.violate(
      'nothing throws',
      `${this.#process}: ${text ?? textOf(error)}`,
      this.#process.host,
    )
  }

  async #end(reason: string, { exit }: Surroundings): Promise<void> {
    this.#isEnding = true
    for (const user of this.users) user.end()
    this.sharding[Symbol.dispose]()
    await closed(this.cluster)
    this.remoting[Symbol.dispose]()
    await this.system.shutdown().catch(() => {}) // An actor that waits for the journal is left behind.
    exit(reason)
  }
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown } // Anything may be thrown.
  return typeof code === 'string' ? code : undefined
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)
}
