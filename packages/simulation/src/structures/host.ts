// A node that hosts structures, and some who use them there: production code throughout.
import { Distributed } from '@casty/ddata'
import type { Cluster } from '@casty/membership'
import { PersistenceError, type EventJournal } from '@casty/persistence'
import type { Remoting } from '@casty/remote'
import type { Sharding } from '@casty/sharding'
import { HostingNode } from '../hosting/hosting-node.ts'
import { startNode, type StartedNode } from '../hosting/start-node.ts'
import { loggerOf } from '../membership/production-node.ts'
import { forkRandom } from '../world/seeds.ts'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresProcess, StructuresRun } from './structures-run.ts'
import { StructuresUser } from './user.ts'

export function structuresProgram(run: StructuresRun): Program<StructuresHost> {
  return async (surroundings) => {
    const { stableAfterMs, hasDisks } = structuresSettings(run.plan)
    const logger = loggerOf(surroundings, textOf)
    const disks = hasDisks ? recordOf(run).disks : undefined
    const started = await startNode(run, surroundings, { stableAfterMs, logger, disks })
    return new StructuresHost(run, surroundings, started)
  }
}

/** On so many disks a change is before it is answered. */
export const diskCopies = 2

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
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly users: readonly StructuresUser[]
  readonly #run: StructuresRun
  readonly #process: StructuresProcess
  #isEnding = false

  constructor(
    run: StructuresRun,
    surroundings: Surroundings,
    started: StartedNode<StructuresHost>,
  ) {
    const { leaseMs } = structuresSettings(run.plan)
    this.#run = run
    this.#process = started.process
    const logger = loggerOf(surroundings, textOf, (error, message) => {
      if (message.startsWith('A distributed structure')) this.#failed(error)
    })
    const node = new HostingNode(started, surroundings, { logger, leaseMs })
    this.cluster = node.cluster
    this.remoting = node.remoting
    this.sharding = node.sharding
    node.system.subscribe((event) => {
      if (event.type === 'actor-failed') this.#failed(event.error)
    })
    this.users = this.#usersOn(node, started.disk)
    this.cluster.subscribe((event) => {
      if (event.type !== 'cluster-shutting-down') return
      this.#isEnding = true
      for (const user of this.users) user.end()
      void node.end(event.reason)
    })
  }

  #usersOn(
    { system, sharding }: HostingNode<StructuresHost>,
    disk: EventJournal | undefined,
  ): readonly StructuresUser[] {
    const [run, process] = [this.#run, this.#process]
    const { host, clock } = process
    const settings = structuresSettings(run.plan)
    const { numShards, recordsPerSnapshot, idleTimeoutMs, sessionTtlMs, usersPerNode } = settings
    const shared = settings.hasJournal ? recordOf(run).journal.clientOf(host, clock) : undefined
    const journal = disk ?? shared
    return Array.from({ length: usersPerNode }, (_, index) => {
      const distributed = new Distributed(
        { system, sharding },
        {
          numShards,
          recordsPerSnapshot,
          idleTimeoutMs,
          sessionTtlMs,
          random: forkRandom(run.plan.seed, `user ${index} of ${process}`),
          ...(journal && { journal }),
          ...(disk && { replication: { copies: 3, ack: diskCopies } }),
        },
      )
      return new StructuresUser(run, {
        name: `user ${index + 1} of ${process}`,
        host,
        clock,
        distributed,
        isAlive: () => process.isRunning,
      })
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
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown } // Anything may be thrown.
  return typeof code === 'string' ? code : undefined
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)
}
