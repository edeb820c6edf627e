// What a coordinator knows, for tests of what it decides from that.
import { NodeIdentity } from '@casty/transport'
import type { Situation } from '../src/coordinator/situation.ts'
import { leastShards } from '../src/coordinator/strategy.ts'
import type { TypeSettings } from '../src/protocol.ts'
import type { ViewMember } from '../src/core/view.ts'
import { unowned, type ShardRow } from '../src/table/shard-row.ts'
import type { TypeTable } from '../src/table/shard-table.ts'

export function nodeOf(name: string): NodeIdentity {
  return NodeIdentity.parse(`${name}:1#1`)
}

/** All up and in reach, the first one longest. */
export function viewOf(...names: readonly string[]): readonly ViewMember[] {
  return names.map((name, index) => {
    return { node: nodeOf(name), status: 'up', isReachable: true, upNumber: index + 1 }
  })
}

/** Where nothing was told but what is given, and all can run all types. */
export function situationOf(known: Partial<Situation> = {}): Situation {
  return {
    view: [],
    types: new Map(),
    canRun: () => true,
    isGathered: () => true,
    leaseEnds: () => 0,
    releasedAt: () => undefined,
    refused: () => undefined,
    replicated: () => undefined,
    isContested: () => false,
    isDecided: () => false,
    promote: () => undefined,
    strategy: leastShards,
    maxMovingShare: 1,
    maxMoving: 1_000,
    firstEpoch: 300,
    lowestEpoch: 0,
    now: 0,
    ...known,
  }
}

/** A table of one type with a shard for each owner; `-` for one that has none, `a>b` for one that moves. */
export function typeOf(owners: string, settings: Partial<TypeSettings> = {}): TypeTable {
  const rows = owners.split(' ').map((text) => rowOf(text))
  const numShards = rows.length
  return {
    settings: { name: 'cart', numShards, replicas: 0, disks: 0, ...settings },
    rows,
    census: 0,
  }
}

function rowOf(text: string): ShardRow {
  if (text === '-') return unowned
  const [owner, movingTo] = text.split('>').map(nodeOf)
  return { ...unowned, epoch: 1, owner, movingTo }
}
