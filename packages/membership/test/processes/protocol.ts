// What a supervisor and the node processes it starts say to each other over IPC.
import type { ClusterEvent, MemberStatus } from '@casty/membership'
import type { Failed } from '../../../../tooling/child-process/index.ts'

/** Where a node process learns whom to ask: from a list, or from a function. */
export type Contacts =
  | { readonly type: 'list'; readonly addresses: readonly string[] }
  /** The function gives one answer per call, then the last one for ever; 'fails' makes it throw. */
  | { readonly type: 'function'; readonly answers: readonly (readonly string[] | 'fails')[] }

export interface NodeSettings {
  readonly name: string
  /** 0 picks a free one. */
  readonly port: number
  readonly contacts: Contacts
  readonly minMembers: number
}

/** From the supervisor to a node process. */
export type Instruction =
  | { readonly type: 'leave' }
  | { readonly type: 'down'; readonly address: string }
  /** Holds the event loop busy. */
  | { readonly type: 'block'; readonly forMs: number }
  | { readonly type: 'wait-for'; readonly count: number; readonly timeoutMs: number }
  | { readonly type: 'explain' }

/** From a node process to the supervisor. */
export type Report =
  | { readonly type: 'listening'; readonly address: string; readonly incarnation: number }
  | { readonly type: 'event'; readonly event: NodeEvent }
  | { readonly type: 'view'; readonly view: View }
  | { readonly type: 'unblocked' }
  | { readonly type: 'waited'; readonly code: string | undefined }
  | { readonly type: 'explanation'; readonly text: string }
  | { readonly type: 'left' }
  | Failed

/** An event as plain data; `subject` is the key of the member, or the contact, it is about. */
export interface NodeEvent {
  readonly type: ClusterEvent['type']
  readonly subject: string | undefined
  readonly reason: string | undefined
}

/** How the cluster looks to one node; members by key, `host:port#incarnation`. */
export interface View {
  readonly clusterId: string
  readonly members: Readonly<Record<string, MemberStatus>>
  readonly unreachable: readonly string[]
  /** Who finds whom unreachable, as `observer>subject`. */
  readonly accusations: readonly string[]
  readonly leader: string | undefined
  readonly converged: boolean
}
