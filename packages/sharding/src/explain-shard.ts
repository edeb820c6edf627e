// Why a shard is where it is, and why its messages wait, in words for people.
import type { Waiting } from './coordinator/waiting.ts'
import type { LineageCopies } from './lineage-copies.ts'
import {
  replicationSentences,
  type ReplicationExplanation,
} from './replication/explain-replication.ts'

/** One shard, as one node sees it. */
export interface ShardExplanation {
  readonly shard: number
  /** In a sentence or two, for people. */
  readonly summary: string
  readonly epoch: number
  /** Which copies on disks count; 0 where they are in memory only, and while nobody has it. */
  readonly lineage: number
  /** Of several of which one has to be named for it to go on, with `EntityRegion.recover`: on the node that gives out shards, and empty elsewhere. */
  readonly lineages: readonly LineageCopies[]
  /** The addresses of nodes whose disks had copies, and that it waits for: on the node that gives out shards, and empty elsewhere. */
  readonly awaitedDisks: readonly string[]
  /** What is written of it is on disks of several nodes, as the cluster has agreed. */
  readonly isOnDisks: boolean
  readonly owner: string | undefined
  /** As this node, or client, sees it; false where there is no owner. */
  readonly isOwnerReachable: boolean
  readonly movingTo: string | undefined
  /** Whether entities of this node may act now, of whichever shard. */
  readonly hasLease: boolean
  /** How messages for it go from here. */
  readonly route: 'here' | 'there' | 'waiting'
  /** How many wait here for it. */
  readonly waiting: number
  /** What this node does with it as its owner. */
  readonly stage: string
  readonly entities: number
  /** Of a type whose events are kept on several nodes. */
  readonly replication: ReplicationExplanation | undefined
}

/** What the committed table says of a shard. */
export interface HomeExplanation {
  readonly epoch: number
  readonly lineage: number
  /** Whether it is being found out which copies count. */
  readonly isUndecided: boolean
  readonly owner: string | undefined
  readonly movingTo: string | undefined
  readonly isOwnerReachable: boolean
  readonly mayAct: boolean
  /** What is written is on disks of several nodes. */
  readonly isOnDisks: boolean
  /** What it waits for before it is given to anybody, as the coordinator knows. */
  readonly waitsFor: Waiting | undefined
  /** Who that is, as far as this node knows. */
  readonly coordinator: string | undefined
}

/**
 * The sentences of all that is to be said.
 *
 * @param numShards - that this node splits the type into
 * @param otherNumShards - that the cluster does, where it is another number
 */
export function summaryOf(
  { epoch, owner, movingTo, stage, waiting, replication }: Omit<ShardExplanation, 'summary'>,
  home: HomeExplanation,
  numShards: number,
  otherNumShards: number | undefined,
): string {
  const sentences = [
    otherNumShards !== undefined &&
      `Nothing is sent to it from here: its type has ${numShards} shards on this node, and ${otherNumShards} in the cluster.`,
    owner === undefined
      ? unownedSentence(home)
      : `${owner} owns it under epoch ${epoch}${movingTo === undefined ? '' : `, and hands it to ${movingTo}`}.`,
    owner !== undefined && !home.isOwnerReachable && 'Its owner is out of reach.',
    home.isUndecided &&
      'What was confirmed of it may be with nodes that have not told yet: nothing of it is written before.',
    home.isUndecided &&
      home.waitsFor === undefined &&
      `What it waits for, ${whoExplains(home)} explains.`,
    owner !== undefined && home.waitsFor?.text,
    stage !== 'absent' && `Here it is ${stage}.`,
    stage !== 'absent' && !home.mayAct && 'Its entities wait for the lease of this node.',
    waiting > 0 && waitingSentence(waiting),
    ...(replication ? replicationSentences(replication) : []),
  ]
  return sentences.filter((sentence) => typeof sentence === 'string').join(' ')
}

function waitingSentence(waiting: number): string {
  return `${waiting === 1 ? '1 message waits' : `${waiting} messages wait`} for it here.`
}

function unownedSentence(home: HomeExplanation): string {
  const { isOnDisks, waitsFor } = home
  if (waitsFor !== undefined) return `Nobody owns it yet. ${waitsFor.text}`
  const why = 'no member that is up hosts its type, or has only just begun to'
  return isOnDisks
    ? `Nobody owns it yet: ${why}; or it waits for the disks of others, which ${whoExplains(home)} explains.`
    : `Nobody owns it yet: ${why}.`
}

function whoExplains({ coordinator }: HomeExplanation): string {
  return coordinator === undefined
    ? 'the coordinator, whom this node does not know yet,'
    : `the coordinator, ${coordinator},`
}
