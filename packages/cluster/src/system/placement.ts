// How kinds of entities are told apart by their names: on every node alike, whether or not it has started them.
import { leastShards, oldestHost, type AllocationStrategy } from '@casty/sharding'
import { ClusterSystemError } from '../errors.ts'

const singletonPrefix = 'singleton:'

/** The entity type that a singleton is the only entity of. */
export function singletonType(name: string): string {
  return singletonPrefix + name
}

/** Of a user's entity types; `:` is for those of this package. @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
export function checkedTypeName(name: string | undefined): string {
  if (typeof name === 'string' && /^[A-Za-z0-9_.-]{1,80}$/.test(name)) return name
  const allowed = 'a text of 1 to 80 letters, digits and _.-'
  throw ClusterSystemError.invalidOption('name', name, allowed)
}

/**
 * Singletons go to the member that has been up longest, all else as `others` says.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`
 */
export function placing(others: AllocationStrategy = leastShards): AllocationStrategy {
  if (typeof others.allocate !== 'function' || typeof others.rebalance !== 'function') {
    const allowed = 'an allocation strategy with allocate and rebalance'
    throw ClusterSystemError.invalidOption('sharding.strategy', others, allowed)
  }
  const strategyOf = (typeName: string): AllocationStrategy =>
    typeName.startsWith(singletonPrefix) ? oldestHost : others
  const { rebalanceIntervalMs } = others
  return {
    ...(rebalanceIntervalMs !== undefined && { rebalanceIntervalMs }),
    allocate: (typeName, shard, hosts) => strategyOf(typeName).allocate(typeName, shard, hosts),
    rebalance: (typeName, hosts, limit) => strategyOf(typeName).rebalance(typeName, hosts, limit),
  }
}
