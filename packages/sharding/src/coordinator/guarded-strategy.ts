// A strategy is a user's code, and a coordinator that stumbles over it would give out no leases any more: what it cannot
// say is decided as if there were none.
import { describeValue } from '@casty/options'
import type { NodeIdentity } from '@casty/transport'
import { leastShards, type AllocationStrategy, type Host, type Move } from './strategy.ts'

/** Whether each part failed the last time: what goes on failing is told once. */
interface Failing {
  allocate: boolean
  rebalance: boolean
}

/**
 * The same strategy, which never throws: a shard that it cannot place goes to the host with the fewest, and nothing moves
 * that it cannot name.
 *
 * @param report - told of the first of failures in a row
 */
export function guardedStrategy(
  strategy: AllocationStrategy,
  report: (error: unknown, what: string) => void,
): AllocationStrategy {
  const failing: Failing = { allocate: false, rebalance: false }
  const guarded = <T>(part: keyof Failing, act: () => T, otherwise: () => T): T => {
    try {
      const result = act()
      failing[part] = false
      return result
    } catch (error) {
      if (!failing[part]) report(error, `${part}() of the allocation strategy failed`)
      failing[part] = true
      return otherwise()
    }
  }
  const { rebalanceIntervalMs } = strategy
  return {
    ...(rebalanceIntervalMs !== undefined && { rebalanceIntervalMs }),
    allocate: (typeName, shard, hosts): NodeIdentity =>
      guarded(
        'allocate',
        () => chosenOf(strategy.allocate(typeName, shard, hosts), hosts),
        () => leastShards.allocate(typeName, shard, hosts),
      ),
    rebalance: (typeName, hosts, limit): readonly Move[] =>
      guarded(
        'rebalance',
        () => movesOf(strategy, typeName, hosts, limit),
        () => [],
      ),
  }
}

/** One of those that were offered, as this node knows it: all others may just have been ruled out. */
function chosenOf(chosen: NodeIdentity, hosts: readonly Host[]): NodeIdentity {
  const node = hostOf(chosen, hosts)
  if (node) return node
  const offered = hosts.map((host) => host.node.key).join(', ')
  throw new TypeError(`It chose ${describeValue(chosen)}, which is no node of ${offered}`)
}

/** Read here, where what is none fails: a user without types may give anything. Moves to others than hosts are passed over. */
function movesOf(
  strategy: AllocationStrategy,
  typeName: string,
  hosts: readonly Host[],
  limit: number,
): readonly Move[] {
  return [...strategy.rebalance(typeName, hosts, limit)].flatMap(({ shard, to }) => {
    const node = hostOf(to, hosts)
    return node ? [{ shard, to: node }] : []
  })
}

function hostOf(given: NodeIdentity | undefined, hosts: readonly Host[]): NodeIdentity | undefined {
  return hosts.find(({ node }) => node.key === given?.key)?.node
}
