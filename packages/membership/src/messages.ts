import type { VectorClock } from '@casty/clock'
import type { Forbidden, Incarnation, NodeIdentity, NodeKey } from '@casty/transport'
import type { AllocationTable } from './allocations.ts'
import type { Gossip, SeenBits } from './gossip.ts'
import type { RegistryChanges, RegistryRow } from './registry.ts'

/** Why a member would not take a joiner in. */
export type JoinRefusalReason =
  | 'not-a-member' // It is itself only joining: ask somebody else, or it again later.
  | 'leaving' // It is on its way out.
  | 'stale-incarnation' // The joiner's incarnation is over, or a newer one of its address is known.
  | 'roles-too-large' // The names of its roles take more bytes than a member's may.
  | 'cluster-full' // With it the state would no longer fit the frames in which it is told.

/** Shard tables held, without their shards: enough to tell what is missing. */
export type HeldTables = ReadonlyMap<string, Pick<AllocationTable, 'epoch' | 'author'>>

/** What nodes tell each other about membership: on the control lane, in bulk on the data lane. */
export type MembershipMessage =
  | { readonly type: 'join'; readonly id: string; readonly roles: readonly string[] }
  | { readonly type: 'welcome'; readonly gossip: Gossip }
  | {
      readonly type: 'join-refused'
      readonly reason: JoinRefusalReason
      readonly knownIncarnation: Incarnation | undefined
    }
  /** Digests only: who holds the same answers nothing. */
  | {
      readonly type: 'gossip-status'
      readonly versionDigest: number
      readonly seenDigest: number
      readonly allocationsDigest: number
      readonly registryDigest: number
    }
  /** "This is my version: tell me what I lack." */
  | {
      readonly type: 'gossip-request'
      readonly version: VectorClock
      /** A version that the receiver told: where it is given, only what differs from it travels. */
      readonly since?: VectorClock
    }
  | { readonly type: 'gossip'; readonly gossip: Gossip }
  /** Only who has seen the version of this digest. */
  | { readonly type: 'seen'; readonly versionDigest: number; readonly seen: SeenBits }
  | {
      readonly type: 'sections-request'
      readonly tables: HeldTables
      readonly registry: ReadonlyMap<NodeKey, number>
    }
  | {
      readonly type: 'sections'
      readonly tables: readonly (readonly [type: string, table: AllocationTable])[]
      readonly registry: readonly RegistryRow[]
      /** Of rows that the receiver nearly has. */
      readonly changes: readonly RegistryChanges[]
    }
  /** Only where somebody is evicted: who holds the same answers nothing. */
  | { readonly type: 'evictions-status'; readonly digest: number; readonly isAnswer: boolean }
  /** All who are evicted, as far as the sender knows. */
  | { readonly type: 'evictions'; readonly entries: readonly Forbidden[] }
  | { readonly type: 'exiting-confirmed'; readonly node: NodeIdentity }
  /** "I am a member of another cluster of this name": whoever counted on this node must not. */
  | { readonly type: 'not-yours' }

/** The messages of gossip proper: a status, a request for what is missing, and the news. */
export type GossipPdu = Extract<
  MembershipMessage,
  { readonly type: 'gossip-status' | 'gossip-request' | 'gossip' | 'seen' }
>

/** What nodes tell each other to find out who is alive. */
export type DetectionMessage =
  /** As large as its padding makes it, which its answer has as well. */
  | { readonly type: 'heartbeat'; readonly sequence: number; readonly paddingBytes: number }
  | { readonly type: 'heartbeat-answer'; readonly sequence: number; readonly paddingBytes: number }
  /** "Can you reach this one?" */
  | { readonly type: 'probe'; readonly subject: NodeIdentity; readonly sequence: number }
  | {
      readonly type: 'probe-answer'
      readonly subject: NodeIdentity
      readonly sequence: number
      readonly reached: boolean
    }

/** Everything that travels in membership's frames. */
export type ClusterMessage = MembershipMessage | DetectionMessage
