// Which shards of a type move for the sake of evenness, when nothing else is to be done for them.
import type { NodeIdentity } from '@casty/transport'
import { sameNode } from '../table/shard-row.ts'
import type { TypeTable } from '../table/shard-table.ts'
import type { HostLoads } from './host-loads.ts'
import type { Situation } from './situation.ts'
import type { Host } from './strategy.ts'

/**
 * Where shards are to go. None while somebody is out of reach or on the way in: they would be moved twice.
 *
 * @param isChanging - whether something else becomes of a shard
 */
export function rebalance(
  type: TypeTable,
  loads: HostLoads,
  situation: Situation,
  isChanging: (shard: number) => boolean,
): ReadonlyMap<number, NodeIdentity> {
  const moves = new Map<number, NodeIdentity>()
  const {
    rows,
    settings: { name },
  } = type
  if (!isSettled(situation) || !situation.isGathered(name)) return moves
  const limit = maxMoves(type, situation)
  if (limit <= 0) return moves
  const isAtRest = (shard: number): boolean =>
    rows[shard]?.movingTo === undefined && !isChanging(shard)
  const hosts = loads.hosts.map((host) => withMovableLast(host, isAtRest))
  for (const { shard, to } of situation.strategy.rebalance(name, hosts, limit)) {
    if (moves.size >= limit) break
    const row = rows[shard]
    const mayMove = row?.owner && isAtRest(shard) && !row.isUndecided && !moves.has(shard)
    if (mayMove && loads.has(to) && !sameNode(row.owner, to)) moves.set(shard, to)
  }
  return moves
}

function isSettled({ view }: Situation): boolean {
  return view.every(({ status, isReachable }) => {
    return status === 'up' ? isReachable : status !== 'joining' && status !== 'weakly-up'
  })
}

/** How many more may begin to move. */
function maxMoves({ rows }: TypeTable, { maxMoving, maxMovingShare }: Situation): number {
  const moving = rows.filter(({ movingTo }) => movingTo !== undefined).length
  return Math.max(1, Math.min(Math.floor(rows.length * maxMovingShare), maxMoving)) - moving
}

/** What is under way counts as load; what can move comes last, where strategies take from. */
function withMovableLast(host: Host, isAtRest: (shard: number) => boolean): Host {
  const { node, upNumber, total } = host
  const ordered = host.shards.toSorted((left, right) => left - right)
  const underWay = ordered.filter((shard) => !isAtRest(shard))
  return { node, upNumber, shards: [...underWay, ...ordered.filter(isAtRest)], total }
}
