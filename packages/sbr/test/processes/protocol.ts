// What a fleet and the node processes it starts say to each other over IPC.
import type { ClusterEvent, MemberStatus } from '@casty/membership'
import type { Failed } from '../../../../tooling/child-process/index.ts'

export interface NodeSettings {
  /** Of the cluster. */
  readonly name: string
  /** Where to listen, on a free port. */
  readonly host: string
  /** Of a relay to dial through; undefined to dial directly. */
  readonly relay: string | undefined
  /** Whom to ask for admission; with none, the node forms the cluster. */
  readonly contacts: readonly string[]
}

/** From the fleet to a node process. */
export type Instruction = { readonly type: 'explain' }

/** From a node process to the fleet. */
export type Report =
  /** A life of the node listens: the first, or the next after the cluster decided against it. */
  | { readonly type: 'life-began'; readonly address: string; readonly key: string }
  | { readonly type: 'event'; readonly event: NodeEvent }
  | { readonly type: 'view'; readonly view: View }
  | { readonly type: 'explanation'; readonly text: string }
  | Failed

/** An event as plain data; `subject` is the key of the member that it is about. */
export interface NodeEvent {
  readonly type: ClusterEvent['type']
  readonly subject: string | undefined
  /** On the monotonic clock of the machine, which all its processes share, in milliseconds. */
  readonly atMs: number
}

/** How the cluster looks to the present life of a node; members by key, `host:port#incarnation`. */
export interface View {
  readonly clusterId: string
  readonly members: Readonly<Record<string, MemberStatus>>
  readonly unreachable: readonly string[]
  readonly converged: boolean
}
