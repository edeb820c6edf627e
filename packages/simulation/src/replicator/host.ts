// A node whose values all others have too: production code throughout, with an ear at every value.
import { ActorSystem } from '@casty/actor'
import type { FileJournal } from '@casty/journal-file'
import type { Cluster, NodeIdentity } from '@casty/membership'
import { ClientAccess, Remoting } from '@casty/remote'
import { Replicator, type ReplicaStore } from '@casty/replicator'
import { journalStore } from '@casty/replicator/journal'
import { startNode } from '../hosting/start-node.ts'
import { closed, loggerOf } from '../membership/production-node.ts'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import { recordOf } from './record.ts'
import type { ReplicatorProcess, ReplicatorRun } from './replicator-run.ts'
import { pruningMarkerMsOf, replicatorSettings } from './settings.ts'
import { sharedValues } from './shared-values.ts'

export function replicatorProgram(run: ReplicatorRun): Program<ReplicatorHost> {
  return async (surroundings) => {
    const { stableAfterMs, hasStore, hasOutsider } = replicatorSettings(run.plan)
    const { cluster, process, disk } = await startNode(run, surroundings, {
      stableAfterMs,
      logger: loggerOf(surroundings),
      disks: hasStore ? recordOf(run).disks : undefined,
    })
    let goodBye: string | undefined
    let end = (reason: string): void => void (goodBye = reason)
    cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') end(event.reason)
    })
    const access = hasOutsider ? new Access(cluster, surroundings) : undefined
    const replicator = await replicatorOf(run, process, surroundings, { cluster, disk, access })
    end = (reason) => {
      const ended = closed(cluster).then(async () => await access?.close())
      void Promise.all([close(replicator, disk), ended]).then(() => surroundings.exit(reason))
    }
    // It was told to go while it read what it had kept.
    if (goodBye !== undefined) end(goodBye)
    return new ReplicatorHost(run, process, cluster, replicator)
  }
}

async function close(replicator: Replicator, disk: FileJournal | undefined): Promise<void> {
  await replicator[Symbol.asyncDispose]()
  await disk?.[Symbol.asyncDispose]()
}

/** What lets clients in. */
class Access {
  readonly #system: ActorSystem
  readonly #remoting: Remoting

  constructor(cluster: Cluster, surroundings: Surroundings) {
    const { clock, random } = surroundings
    this.#system = new ActorSystem({ clock, random, logger: loggerOf(surroundings) })
    this.#remoting = Remoting.attach({ system: this.#system, cluster, random })
    new ClientAccess(this.#remoting)
  }

  readonly isClient = (node: NodeIdentity): boolean => this.#remoting.isGuest(node)

  async close(): Promise<void> {
    this.#remoting[Symbol.dispose]()
    await this.#system.shutdown()
  }
}

interface Parts {
  readonly cluster: Cluster
  readonly disk: FileJournal | undefined
  readonly access: Access | undefined
}

async function replicatorOf(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  { clock, random, host }: Surroundings,
  { cluster, disk, access }: Parts,
): Promise<Replicator> {
  const settings = replicatorSettings(run.plan)
  const { deltaIntervalMs, gossipIntervalMs, pruningDelayMs } = settings
  const options = {
    cluster,
    clock,
    random,
    deltaIntervalMs,
    gossipIntervalMs,
    pruningDelayMs,
    pruningMarkerMs: pruningMarkerMsOf(settings),
    ...(access && {
      clients: {
        isClient: access.isClient,
        mayWrite: (key: string) => recordOf(run).refusals.mayWrite(key, run.world.now),
      },
    }),
    onError: (error: unknown) => {
      // What it was writing as it was killed fails.
      if (process.isRunning) run.violate('nothing throws', `${process}: ${String(error)}`, host)
    },
  }
  if (!disk) return Replicator.attach(options)
  const own: { replicator?: Replicator } = {}
  const store = watched(run, process, journalStore(disk, `replicator of ${host}`), own)
  own.replicator = await Replicator.restore({ ...options, store })
  return own.replicator
}

/** Notes what outlives the process from now on. */
function watched(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  store: ReplicaStore,
  own: { readonly replicator?: Replicator },
): ReplicaStore {
  const { knowledge } = recordOf(run)
  return {
    load: async () => {
      const kept = await store.load()
      if (kept) recordOf(run).reach('a node comes back with what it kept')
      return kept
    },
    save: async (values, savedAtMs) => {
      const here = own.replicator
      const saved = here && knowledge.known(process, here, new Set(values.map(({ key }) => key)))
      await store.save(values, savedAtMs)
      if (saved && process.isRunning) knowledge.saved(process, saved)
    },
  }
}

export class ReplicatorHost {
  readonly cluster: Cluster
  readonly replicator: Replicator
  /** Calls that have not ended. */
  open = 0
  /** What listeners were told last. */
  readonly told: Map<string, ReadonlySet<string>> = new Map()
  /** Counts changes of who holds values. */
  changes = 0
  /** Whether its cluster has shut down here: one that the others refuse sees itself be up until then. */
  hasEnded = false

  constructor(
    run: ReplicatorRun,
    process: ReplicatorProcess,
    cluster: Cluster,
    replicator: Replicator,
  ) {
    this.cluster = cluster
    this.replicator = replicator
    const { knowledge } = recordOf(run)
    for (const value of sharedValues) {
      value.subscribe(replicator, (elements) => {
        this.told.set(value.name, elements)
        knowledge.seen(process, value, elements)
      })
    }
    let nodes = ''
    cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') this.hasEnded = true
      const now = this.nodes.join(' ')
      if (now !== nodes) this.changes += 1
      nodes = now
    })
  }

  /** Who holds values, as far as it knows, itself included. */
  get nodes(): readonly string[] {
    const others = this.replicator.explain().nodes.map(({ node }) => node)
    return [...others, this.cluster.self.key].toSorted()
  }
}
