// Which node gets a shard, and which shards move when nodes come. Pluggable: a strategy is a pure function.
import type { NodeIdentity } from '@casty/transport'

/** A node that can run shards of a type, with those that it has, or is about to get. */
export interface Host {
  readonly node: NodeIdentity
  /** Its place in the order of age: the member with the lowest one has been up longest. */
  readonly upNumber: number
  /** In `rebalance()`, those that may move come last, in order of their numbers. */
  readonly shards: readonly number[]
  /** Shards of all types. */
  readonly total: number
}

/** A shard that is to go to another node. */
export interface Move {
  readonly shard: number
  readonly to: NodeIdentity
}

/**
 * Where shards go. Pure: the same hosts give the same answer, on every node; but for one with a `rebalanceIntervalMs`. Where it throws, or does not answer with what is asked
 * for, that is reported, and goes as if there were none: to the host with the fewest, and nothing moves.
 */
export interface AllocationStrategy {
  /**
   * Picks the new owner of a shard that has none, or has to go. Hosts are those that it may go to, in the order of their addresses, at
   * least one; the answer is the `node` of one of them.
   */
  allocate(typeName: string, shard: number, hosts: readonly Host[]): NodeIdentity
  /** Which shards are to move to make things even: the first `limit` of them do. Shards not on `hosts` stay. */
  rebalance(typeName: string, hosts: readonly Host[], limit: number): readonly Move[]
  /**
   * How often it is asked what is to move although nothing has changed in the cluster, in milliseconds: for one that goes by
   * what only it knows, as how busy nodes are, or where people want shards to be. @defaultValue only when something has
   */
  readonly rebalanceIntervalMs?: number
}

/** The node with the fewest shards gets the next one; moves only what makes two nodes more alike. */
export const leastShards: AllocationStrategy = Object.freeze({ allocate: fewest, rebalance: even })

function fewest(_typeName: string, _shard: number, hosts: readonly Host[]): NodeIdentity {
  const [first, ...others] = hosts
  if (!first) throw new Error('A shard is allocated to one of at least one host')
  let best = first
  for (const host of others) if (byLoad(host, best) < 0) best = host
  return best.node
}

function byLoad(left: Host, right: Host): number {
  return left.shards.length - right.shards.length || left.total - right.total
}

/**
 * The member that has been up longest gets each shard, and keeps it as long as it can: none moves because an
 * older one begins to host the type.
 */
export const oldestHost: AllocationStrategy = Object.freeze({
  allocate: oldest,
  rebalance: () => [],
})

function oldest(_typeName: string, _shard: number, hosts: readonly Host[]): NodeIdentity {
  const [first, ...others] = hosts
  if (!first) throw new Error('A shard is allocated to one of at least one host')
  return others.reduce((best, host) => (host.upNumber < best.upNumber ? host : best), first).node
}

/** From whoever has most to whoever has fewest, while that leaves the first with no fewer than the second. */
function even(_typeName: string, hosts: readonly Host[], limit: number): readonly Move[] {
  const loads = hosts.map((host) => ({ ...host, shards: [...host.shards] }))
  const moves: Move[] = []
  while (moves.length < limit) {
    const ordered = loads.toSorted(byLoad)
    const [least, most] = [ordered[0], ordered.at(-1)]
    if (!least || !most || most.shards.length - least.shards.length < 2) break
    const shard = most.shards.pop()
    if (shard === undefined) break
    moves.push({ shard, to: least.node })
    least.shards.push(shard)
    least.total++
    most.total--
  }
  return moves
}
