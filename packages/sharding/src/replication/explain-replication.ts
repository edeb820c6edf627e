// How copies of a shard stand, as one node sees it, for people and for dashboards.
import type { NodeIdentity } from '@casty/transport'
import type { Kept } from './replicated-type.ts'

/** One replica of a shard. What only the owner knows is undefined elsewhere. */
export interface ReplicaExplanation {
  readonly node: string
  /** Whether it is to keep copies: others keep theirs until nothing is with them alone. */
  readonly isToKeep: boolean | undefined
  readonly isReachable: boolean | undefined
  /** Whether whatever it had, and the owner had not, is with the owner by now. */
  readonly hasTold: boolean | undefined
  /** Ids that it keeps copies of. */
  readonly copies: number | undefined
  /** Whether what it has is of another lineage than what the owner has: it keeps that, and confirms nothing. */
  readonly isOfOtherLineage: boolean | undefined
  /** Ids of which it lacks something. */
  readonly lacking: number | undefined
}

/** Copies of one shard, as one node sees them. */
export interface ReplicationExplanation {
  /** Ids that this node has copies of. */
  readonly copies: number
  readonly copyBytes: number
  /** Of which lineage these are; undefined where there are none, or they are in memory only. */
  readonly lineage: number | undefined
  /** Whether these are of another lineage than what the owner has: they are kept, and this node confirms nothing. */
  readonly isOfOtherLineage: boolean
  /** Whether this node, the owner, has what any replica in reach had, so that entities can read and write. */
  readonly isReady: boolean | undefined
  /** Whether those that are to keep copies got all there was when they began to. */
  readonly isReplicated: boolean | undefined
  readonly replicas: readonly ReplicaExplanation[]
}

export function explainReplication(
  kept: Kept | undefined,
  replicas: readonly NodeIdentity[],
): ReplicationExplanation {
  const owned = kept?.owned?.endedBy === undefined ? kept?.owned : undefined
  return {
    copies: kept?.copies.count ?? 0,
    copyBytes: kept?.copies.sizeBytes ?? 0,
    lineage: kept?.copies.lineage?.bornIn,
    isOfOtherLineage: (kept?.replica.isOfOtherLineage ?? false) && kept?.copies.count !== 0,
    isReady: owned?.isReady,
    isReplicated: owned?.isReplicated,
    replicas: owned
      ? owned.standings().map(({ node, isKeeper, keeps, ...standing }) => ({
          ...standing,
          node: node.toString(),
          isToKeep: isKeeper,
          copies: keeps,
        }))
      : replicas.map((node) => ({ node: node.toString(), ...unknown })),
  }
}

const unknown: Omit<ReplicaExplanation, 'node'> = {
  isToKeep: undefined,
  isReachable: undefined,
  hasTold: undefined,
  copies: undefined,
  isOfOtherLineage: undefined,
  lacking: undefined,
}

/** What keeps writes from being confirmed, or copies from being where they should be, in sentences. */
export function replicationSentences({
  isReady,
  isOfOtherLineage,
  lineage,
  replicas,
}: ReplicationExplanation): readonly string[] {
  if (isReady === undefined)
    return isOfOtherLineage ? [`What this node has is of another lineage, ${lineage}. ${pick}`] : []
  const aside = replicas.filter((replica) => replica.isOfOtherLineage)
  const away = replicas.filter(({ isReachable }) => !isReachable)
  const behind = replicas.filter(({ isReachable, lacking = 0 }) => isReachable && lacking > 0)
  const former = replicas.filter(({ isToKeep }) => !isToKeep)
  return [
    isReady ? '' : 'It waits for what its replicas have.',
    away.length > 0 ? `Out of reach: ${names(away)}.` : '',
    aside.length > 0 ? `Of another lineage is what is with ${names(aside)}. ${pick}` : '',
    ...behind.map(({ node, lacking }) => `${node} lacks something of ${lacking} ids.`),
    former.length > 0 ? `Kept until others have what they have: ${names(former)}.` : '',
  ].filter((sentence) => sentence !== '')
}

const pick =
  'Neither side knows what was confirmed in the other: decide which counts, with recover(shard, { lineage }). That is the lineage of its owner; or, once the owner is stopped and the shard waits, another one.'

function names(replicas: readonly ReplicaExplanation[]): string {
  return replicas.map(({ node }) => node).join(', ')
}
