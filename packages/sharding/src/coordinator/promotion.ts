// A shard that is about to be given to somebody, and what those told who may have copies of it.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { GivenUpLineage, ReplicaReport, ShardAtEpoch, TypeSettings } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'

export interface Promotion extends ShardAtEpoch {
  readonly settings: TypeSettings
  /** Of the table: see `TypeTable`. */
  census: number
  /** As of when it was begun: who is named by it, and which lineage counts. */
  readonly row: ShardRow
  /** Who may have copies besides, of a life before this one. */
  hosts: readonly NodeIdentity[]
  readonly since: number
  /** Somebody has decided to go on, whatever is missing. */
  isForced: boolean
  /** What they told; nothing where they have no copies. */
  readonly told: Map<NodeKey, ReplicaReport>
  /** Its owner knows that there may be copies which come from elsewhere. */
  readonly isContested: boolean
  /** Whether the present plan needs it. */
  isWanted: boolean
  /** What it was said to wait for, for long. */
  reported: 'nothing' | 'disks' | 'people'
}

export function askedFor({ row: { replicas }, hosts }: Promotion): readonly NodeIdentity[] {
  const known = new Set(replicas.map(({ key }) => key))
  return [...replicas, ...hosts.filter(({ key }) => !known.has(key))]
}

export function told(promotion: Promotion, { key }: NodeIdentity): boolean {
  return promotion.told.has(key)
}

/** Who has copies of which lineage in which something may have been confirmed. */
export function confirmedLineages(
  promotion: Promotion,
): ReadonlyMap<number, readonly NodeIdentity[]> {
  return lineagesAmong(askedFor(promotion), promotion.told)
}

/** The same of these nodes, by what they told. */
export function lineagesAmong(
  nodes: readonly NodeIdentity[],
  told: ReadonlyMap<NodeKey, ReplicaReport>,
): ReadonlyMap<number, readonly NodeIdentity[]> {
  const having = new Map<number, NodeIdentity[]>()
  for (const node of nodes) {
    const lineage = told.get(node.key)?.lineage
    if (!lineage?.isConfirmed) continue
    const known = having.get(lineage.bornIn) ?? []
    known.push(node)
    having.set(lineage.bornIn, known)
  }
  return having
}

/** The same, as it is told. */
export function toldLineages(promotion: Promotion): readonly GivenUpLineage[] {
  return [...confirmedLineages(promotion)].map(([lineage, nodes]) => ({ lineage, nodes }))
}
