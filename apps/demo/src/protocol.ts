// What the demo and its node processes say to each other over IPC. Both ends are of one version, since
// the demo starts its own file; what arrives is still looked at before it is believed.
import type { MemberStatus, StopReason } from '@casty/membership'

/** How a node process is to start its node. */
export interface NodeSettings {
  readonly name: string
  readonly clusterName: string
  /** 0 picks a free one. */
  readonly port: number
  /** Addresses to ask for admission; with none, the node forms the cluster. */
  readonly seedNodes: readonly string[]
  /** Of a network that can be cut; undefined where nodes dial each other directly. */
  readonly partition: PartitionSettings | undefined
}

/** The node decides who goes on when the network is cut, and starts anew where it was decided against. */
export interface PartitionSettings {
  /** Address of the relay to dial through. */
  readonly relay: string
}

/** From the demo to a node process. */
export type Instruction =
  | { readonly type: 'start'; readonly settings: NodeSettings }
  | { readonly type: 'leave' }
  | { readonly type: 'explain' }
  /** Stopped processes cannot notice that the demo died; the others then wake them up to do so. */
  | { readonly type: 'stopped-siblings'; readonly pids: readonly number[] }

/** From a node process to the demo. */
export type Report =
  /** Again with every life of the node. */
  | { readonly type: 'listening'; readonly address: string; readonly incarnation: number }
  | { readonly type: 'event'; readonly event: NodeEvent }
  | { readonly type: 'view'; readonly view: NodeView }
  | { readonly type: 'explanation'; readonly summary: string }
  | { readonly type: 'left' }
  | { readonly type: 'failed'; readonly code: string | undefined; readonly message: string }

export interface MemberName {
  readonly name: string
  readonly incarnation: number
}

export type MemberEventType =
  | 'member-joined'
  | 'member-weakly-up'
  | 'member-up'
  | 'member-left'
  | 'member-exited'
  | 'member-downed'
  | 'member-removed'
  | 'member-unreachable'
  | 'member-reachable'

/** A `ClusterEvent` as plain data, with nodes by name. */
export type NodeEvent =
  | { readonly type: MemberEventType; readonly member: MemberName }
  | { readonly type: 'link-fault'; readonly member: MemberName; readonly reachedVia: string }
  | { readonly type: 'link-restored'; readonly member: MemberName }
  | { readonly type: 'leader-changed'; readonly leader: string | undefined }
  | { readonly type: 'convergence-changed'; readonly converged: boolean }
  | { readonly type: 'join-refused'; readonly contact: string; readonly detail: string }
  /** The node decided who goes on, or that it goes itself. */
  | { readonly type: 'ruled'; readonly reason: string }
  | { readonly type: 'self-downed' }
  | { readonly type: 'cluster-shutting-down'; readonly reason: StopReason }

/** How the cluster looks to one node. */
export interface NodeView {
  readonly members: readonly MemberView[]
  /** Name of whom the node takes for the leader. */
  readonly leader: string | undefined
  readonly converged: boolean
  /** What the node's own monitors make of the peers that it watches. */
  readonly suspicions: readonly Suspicion[]
  /** Gossip and heartbeats sent, in bytes per second, over the last two seconds. */
  readonly sentBytesPerSecond: number
  /** Undefined where nothing is decided, whoever is unreachable. */
  readonly decision: PendingDecision | undefined
}

/** Whether it has to be decided who goes on, since members are unreachable. */
export type PendingDecision =
  | { readonly type: 'none' }
  /** It is for the leader to decide. */
  | { readonly type: 'of-leader' }
  /** In so many milliseconds from the view on, if nothing changes meanwhile. */
  | { readonly type: 'own'; readonly inMs: number }

export interface MemberView extends MemberName {
  readonly status: MemberStatus
  readonly upNumber: number | undefined
  readonly reachable: boolean
}

export interface Suspicion extends MemberName {
  readonly phi: number
  /** Its host refuses connections: it is given up without waiting for φ to grow. */
  readonly refused: boolean
}

const instructionTypes: Readonly<Record<Instruction['type'], true>> = {
  start: true,
  leave: true,
  explain: true,
  'stopped-siblings': true,
}

const reportTypes: Readonly<Record<Report['type'], true>> = {
  listening: true,
  event: true,
  view: true,
  explanation: true,
  left: true,
  failed: true,
}

/** The other end is this file's only other user, so a known `type` tells the rest. */
export function isInstruction(value: unknown): value is Instruction {
  return hasTypeOf(value, instructionTypes)
}

/** See `isInstruction`. */
export function isReport(value: unknown): value is Report {
  return hasTypeOf(value, reportTypes)
}

function hasTypeOf(value: unknown, types: Readonly<Record<string, true>>): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    Object.hasOwn(types, value.type)
  )
}
