// What a fleet and the node processes it starts say to each other over IPC.
import type { Failed } from '../../child-process/index.ts'
import type { Act, ActOutcome } from './structures/acts.ts'
import type { Belief, Grant } from './structures/holdings.ts'

/** What nodes host, and where they keep it. */
export type Keeping =
  /** Registers, in a journal that all nodes share. */
  | { readonly type: 'registers'; readonly connectionString: string }
  /** Structures, on a disk of each node. */
  | { readonly type: 'structures'; readonly directory: string }

export interface NodeSettings {
  /** Of the cluster, and before the ids of what its entities write. */
  readonly name: string
  /** 0 picks a free one. */
  readonly port: number
  /** Of a relay to dial through; undefined to dial directly. */
  readonly relay: string | undefined
  /** Whom to ask for admission; with none, the node forms the cluster. */
  readonly contacts: readonly string[]
  readonly keeping: Keeping
}

/** What is asked of an entity, which is a register: it numbers what is written to it. */
export type Question =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: string }

/** The version that a write was given, or a value with its version. */
export type Answer = number | { readonly value: string | null; readonly version: number }

/** From the fleet to a node process. */
export type Instruction =
  | {
      readonly type: 'ask'
      readonly id: number
      readonly entityId: string
      readonly question: Question
    }
  | { readonly type: 'use'; readonly id: number; readonly act: Act }
  /** Whether the resource took what came with a token. */
  | { readonly type: 'written'; readonly id: number; readonly isTaken: boolean }
  | { readonly type: 'leave' }
  | { readonly type: 'explain' }

/** From a node process to the fleet. */
export type Report =
  /** A life of the node listens: the first, or the next after the cluster decided against it. */
  | { readonly type: 'life-began'; readonly address: string; readonly key: string }
  | { readonly type: 'view'; readonly view: View }
  | { readonly type: 'answered'; readonly id: number; readonly answer: Answer }
  /** There is no answer: nobody knows what became of the question. */
  | { readonly type: 'not-answered'; readonly id: number; readonly why: string }
  /** The node itself has read a register that it has, between two moments of `sharedNow`. */
  | {
      readonly type: 'read'
      readonly entityId: string
      readonly answer: Answer
      readonly invokedAt: number
      readonly completedAt: number
    }
  | { readonly type: 'used'; readonly id: number; readonly outcome: ActOutcome }
  | { readonly type: 'granted'; readonly grant: Grant }
  | { readonly type: 'believes'; readonly belief: Belief }
  /** To the resource of a lock, with the token of its holder. */
  | { readonly type: 'writes'; readonly id: number; readonly key: string; readonly fence: string }
  | { readonly type: 'left' }
  | { readonly type: 'explanation'; readonly text: string }
  | Failed

/** How the cluster and its shards look to the present life of a node. */
export interface View {
  /** Keys of those that are up and reachable. */
  readonly up: readonly string[]
  /** How many members there are, whatever their status. */
  readonly memberCount: number
  /** Who gives out shards, by key. */
  readonly coordinator: string | undefined
  /** By shard: whose it is, by key. */
  readonly owners: readonly (string | undefined)[]
}

/** Now, in milliseconds on the monotonic clock of the machine, which all its processes share. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** All registers: each shard has one or two of them. */
export const keys: readonly string[] = Array.from({ length: 48 }, (_, index) => `key-${index}`)

/** Few enough for each to be looked at, and enough for each of five nodes to have some. */
export const numShards = 32
