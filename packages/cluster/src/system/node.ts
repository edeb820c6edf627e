// Joins the layers into one node.
import { ActorSystem } from '@casty/actor'
import { systemClock } from '@casty/clock'
import { Distributed, type DistributedOptions } from '@casty/ddata'
import type { Cluster, ClusterConfig } from '@casty/membership'
import { Receptionist, Remoting, Topics, type ClientAccess } from '@casty/remote'
import { splitBrainResolver, startCluster } from '@casty/sbr'
import type { Replicator } from '@casty/replicator'
import { coreDefaults, Sharding, type ShardingOptions } from '@casty/sharding'
import { Barriers } from '../barrier/barriers.ts'
import { barrierType } from '../barrier/barrier-type.ts'
import type { Settings } from '../options.ts'
import { clientAccessOf, clientsOfValues } from './clients.ts'
import { followSecret } from './follow-secret.ts'
import { logMembers } from './member-log.ts'
import { placing } from './placement.ts'
import { hasReceptionist } from './receptionists.ts'
import { startReplicator, type SystemReplicatorOptions } from './replication-of-values.ts'

/** All layers of one node. */
export interface Node extends AsyncDisposable {
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly receptionist: Receptionist
  readonly topics: Topics
  readonly barriers: Barriers
  /** How shared structures are kept, where nobody says otherwise. */
  readonly structures: DistributedOptions | undefined
  /** Where clients are let in. */
  readonly clientAccess: ClientAccess | undefined
  startReplicator(options: SystemReplicatorOptions): Promise<Replicator>
}

/** Rejects as the layers do, having ended what had begun. */
export async function startNode(settings: Settings): Promise<Node> {
  const { downing = splitBrainResolver() } = settings.cluster
  const cluster = await startCluster({ ...settings.cluster, downing })
  const layers: Disposable[] = []
  const { clock = systemClock, logger } = settings.actors
  if (logger) layers.push(logMembers(cluster, logger))
  if (settings.secret) layers.push(followSecret(settings.secret, { clock, logger }))
  try {
    return joined(settings, { cluster, downing }, layers)
  } catch (error) {
    end(layers)
    await cluster.shutdown() // An option of a layer above was wrong.
    throw error
  }
}

interface Founded {
  readonly cluster: Cluster
  readonly downing: ClusterConfig['downing']
}

function joined(
  { actors, own }: Settings,
  { cluster, downing }: Founded,
  layers: Disposable[],
): Node {
  const { serializer, remoting: limits } = own
  const { random } = actors
  const system = new ActorSystem(actors)
  const remoting = Remoting.attach({
    system,
    cluster,
    ...(serializer && { serializer }),
    ...(random && { random }),
    ...(limits && { limits }),
  })
  layers.push(remoting)
  const receptionist = new Receptionist(remoting)
  layers.push(receptionist)
  hasReceptionist(system, receptionist)
  const topics = new Topics(remoting)
  layers.push(topics)
  const spreading = shardingOptions(own.sharding, downing)
  const sharding = Sharding.attach({ system, cluster, remoting, ...spreading })
  layers.push(sharding)
  const clientAccess = clientAccessOf(own.clients, remoting)
  if (clientAccess) layers.push(clientAccess)
  const clients = clientAccess && clientsOfValues(remoting)
  const structures = own.distributed === true ? {} : own.distributed || undefined
  if (structures) Distributed.host({ system, sharding }, structures)
  const barriers = new Barriers(system, sharding.start(barrierType), () => cluster.self.key)
  let values: Replicator | undefined
  return {
    cluster,
    system,
    remoting,
    sharding,
    receptionist,
    topics,
    barriers,
    structures,
    clientAccess,
    startReplicator: async (options) =>
      (values = await startReplicator({ cluster, actors, clients }, options)),
    async [Symbol.asyncDispose]() {
      end(layers)
      await cluster.shutdown()
      await values?.[Symbol.asyncDispose]() // Whoever gave it a journal may close that now.
    },
  }
}

/** Those above before those that they stand on. */
function end(layers: readonly Disposable[]): void {
  for (const layer of layers.toReversed()) layer[Symbol.dispose]()
}

function shardingOptions(
  given: Omit<ShardingOptions, 'system' | 'cluster' | 'remoting'> = {},
  downing: ClusterConfig['downing'],
): Omit<ShardingOptions, 'system' | 'cluster' | 'remoting'> {
  const { leaseMs = coreDefaults.leaseMs, strategy } = given
  const marginMs = marginOf(downing)
  return {
    ...(marginMs !== undefined && { downRemovalMarginMs: marginMs + leaseMs }),
    ...given,
    strategy: placing(strategy),
  }
}

/** How long those who lose may go on: their node, and what it runs under its lease. */
function marginOf(downing: ClusterConfig['downing']): number | undefined {
  if (!downing || !('downRemovalMarginMs' in downing)) return undefined
  const { downRemovalMarginMs } = downing
  return typeof downRemovalMarginMs === 'number' ? downRemovalMarginMs : undefined
}
