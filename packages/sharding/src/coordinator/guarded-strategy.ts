// A strategy is a user's code, and a coordinator that stumbles over it would give out no leases any more: what it cannot
// say is decided as if there were none.
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
  return {
    allocate: (typeName, shard, hosts): NodeIdentity =>
      guarded(
        'allocate',
        () => strategy.allocate(typeName, shard, hosts),
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

/** Read here, where what is none fails: a user without types may give anything. */
function movesOf(
  strategy: AllocationStrategy,
  typeName: string,
  hosts: readonly Host[],
  limit: number,
): readonly Move[] {
  return [...strategy.rebalance(typeName, hosts, limit)].map(({ shard, to }) => ({ shard, to }))
}
