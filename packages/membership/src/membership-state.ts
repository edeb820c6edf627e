import { seededRandom, VectorClock, type Random } from '@casty/clock'
import type { Incarnation, NodeAddress, NodeIdentity, NodeKey } from '@casty/transport'
import { ClusterState } from './cluster-state.ts'
import { crossDcDefaults, type CrossDcSettings } from './cross-dc.ts'
import type { ClusterEvent, StopReason } from './events.ts'
import { fullEvictionBudget, type EvictionBudget } from './eviction-budget.ts'
import type { LeaderOrder, Viewpoint } from './leader.ts'
import type { MembershipMessage } from './messages.ts'
import type { ReachabilityStatus } from './reachability.ts'

/** Numbers and names that the protocol core works with; checked where options come in. */
export interface MembershipSettings {
  readonly id: string
  readonly roles: readonly string[]
  readonly dataCenter: string
  readonly leaderOrder: LeaderOrder
  readonly minMembers: number
  readonly gossipIntervalMs: number
  readonly gossipFanout: number
  /** A change is gossiped after a random time between these two. */
  readonly wakeMinMs: number
  readonly wakeMaxMs: number
  /** Pause before the second round of asking to join; grows up to `joinRetryMaxMs`. */
  readonly joinRetryMinMs: number
  readonly joinRetryMaxMs: number
  readonly joinTimeoutMs: number
  readonly seedTimeoutMs: number
  readonly weaklyUpAfterMs: number
  readonly leaveTimeoutMs: number
  readonly tombstoneTtlMs: number
  /** How many others watch each member. @defaultValue all of them */
  readonly monitoredBy?: number
  /** How data centers keep in touch. @defaultValue crossDcDefaults */
  readonly crossDc?: CrossDcSettings
  /** Nobody is let in who would make the whole state take more bytes than this. @defaultValue unbounded */
  readonly maxStateBytes?: number
}

/** What came of asking one contact to let us join. */
export type ContactOutcome =
  | 'nobody' // Nobody listens there.
  | 'joiner' // It is no member itself.
  | 'self' // It is this node, under another name.
  | 'refused' // A member refuses this node, for a reason that only a change of it or of the cluster mends.
  | 'forbidden' // It says that this node is evicted.
  | 'unclear' // No answer, or a refusal: somebody may be there.

/**
 * Not a member yet: the node hosts nothing, leads nothing and tells nobody of a cluster. Contacts
 * are asked one after another, in rounds; each round asks anew who the contacts are.
 */
export interface JoiningPhase {
  readonly type: 'joining'
  readonly sinceMs: number
  /** Everybody to ask in this round, without the node itself. */
  readonly contacts: readonly NodeAddress[]
  /** Whether the node may form a cluster when nobody is there: it is the first contact. */
  readonly isFirstContact: boolean
  /** Place of the contact that is being asked; `contacts.length` between rounds. */
  readonly asking: number
  readonly outcomes: ReadonlyMap<string, ContactOutcome>
  /** Contacts that this node has outgrown a life for since the last pause: none leads it on for ever. */
  readonly outgrownFor: ReadonlySet<string>
  readonly retryDelayMs: number
  /** It was told to leave while a contact may be admitting it. */
  readonly leaving: boolean
  /** When the contact asked counts as silent, or the next round begins. */
  readonly nextAt: number
}

/**
 * On the way out. `waiting` to become exiting, with the exit tasks `running`, or with them `done` and
 * waiting to be removed; `giveUpAt` bounds the waiting.
 */
export interface LeavingPhase {
  readonly type: 'leaving'
  readonly tasks: 'waiting' | 'running' | 'done'
  readonly giveUpAt: number
}

/** Where a node stands on its way into the cluster, and out of it. */
export type Phase =
  | JoiningPhase
  | { readonly type: 'member' }
  | LeavingPhase
  | { readonly type: 'stopped'; readonly reason: StopReason }

/** When this node gossips next, and how patient it has become. */
export interface GossipPace {
  readonly nextAt: number
  /** Delay after a round that brought no progress; doubles up to the interval. */
  readonly delayMs: number
}

/** How much is going on. */
export interface Rush {
  /** Rounds of gossip before each of which others had brought news; where one brought none, half of them. */
  readonly rounds: number
  /** Which version the last round told. */
  readonly version: VectorClock
  /** When peers were told what they lacked, as long as it matters. */
  readonly toldAt: ReadonlyMap<NodeKey, number>
}

const calm: Rush = { rounds: 0, version: VectorClock.empty, toldAt: new Map() }

/** Which tombstone an address has, and when this node learned of it. */
export interface TombstoneAge {
  readonly incarnation: Incarnation
  readonly sinceMs: number
}

/** Whether the view has converged, and whether joiners have waited for it for too long. */
export type ConvergenceWait =
  | { readonly type: 'converged' }
  | { readonly type: 'waiting'; readonly overdueAt: number }
  | { readonly type: 'overdue' }

/** Everything the protocol of one node remembers. Immutable. */
export interface MembershipState {
  readonly self: NodeIdentity
  readonly settings: MembershipSettings
  readonly phase: Phase
  readonly cluster: ClusterState
  readonly pace: GossipPace
  /** Of the rounds that go to other data centers: only envoys have such. */
  readonly crossPace: GossipPace
  /** Exiting members that said they are done. */
  readonly exitingConfirmed: ReadonlySet<NodeKey>
  /** Peers of whom nothing is heard, though others reach them: what is sent to them is likely lost. */
  readonly badLinks: ReadonlySet<NodeKey>
  /** The version each peer last told; what it lacks is computed from it. */
  readonly known: ReadonlyMap<NodeKey, VectorClock>
  readonly rush: Rush
  readonly convergence: ConvergenceWait
  /** By address, when this node learned of the tombstone, on the monotonic clock: its age counts from then. */
  readonly tombstoneAges: ReadonlyMap<string, TombstoneAge>
  readonly evictionBudget: EvictionBudget
  /** Bytes of news that may come in before it is found out again how large the state is. */
  readonly roomBytes: number
}

/** Time and chance of an event. Draws after the first follow from it. */
export interface Moment {
  /** Monotonic, in milliseconds. */
  readonly now: number
  /** Wall clock, in milliseconds since the epoch. Noted on tombstones; no time is counted by it. */
  readonly wallNow: number
  /** Uniform in [0, 1). */
  readonly draw: number
}

/** What can happen to a node. */
export type MembershipInput =
  | { readonly type: 'started'; readonly bootstrap: boolean }
  | { readonly type: 'contacts-resolved'; readonly contacts: readonly NodeAddress[] }
  | {
      readonly type: 'contact-failed'
      readonly contact: NodeAddress
      readonly outcome: ContactOutcome
    }
  /** A member knows this incarnation of ours, or a later one, to be over; or the contact that is asked does. */
  | {
      readonly type: 'outlived'
      readonly knownIncarnation: Incarnation
      readonly contact?: NodeAddress
    }
  /** A member of the cluster refuses this node as evicted. */
  | { readonly type: 'forbidden-by'; readonly node: NodeIdentity }
  /** The endpoint goes on under a new incarnation, as `reincarnate` asked. */
  | { readonly type: 'reincarnated'; readonly self: NodeIdentity }
  | {
      readonly type: 'message-received'
      readonly from: NodeIdentity
      readonly message: MembershipMessage
    }
  | {
      readonly type: 'node-observed'
      readonly subject: NodeIdentity
      readonly status: ReachabilityStatus
    }
  /** A peer stays silent, though others reach it; or is heard of again. */
  | { readonly type: 'link-observed'; readonly subject: NodeIdentity; readonly isBad: boolean }
  /** A node that our side gave up lives, and says that our side was given up. */
  | { readonly type: 'rival-met'; readonly node: NodeIdentity }
  /** Somebody else than the member dialled lives at its address. */
  | { readonly type: 'successor-met'; readonly node: NodeIdentity }
  | { readonly type: 'doubts-changed'; readonly doubtful: boolean }
  | { readonly type: 'leave-requested'; readonly node: NodeIdentity }
  | { readonly type: 'down-requested'; readonly nodes: readonly NodeIdentity[] }
  | { readonly type: 'exit-tasks-done' }
  | { readonly type: 'sections-changed'; readonly cluster: (cluster: ClusterState) => ClusterState }
  | { readonly type: 'deadline-reached' }

/** What `step` takes: something that happened, and when. */
export type MembershipEvent = Moment & MembershipInput

/** Why a message was not heeded. */
export type MessageDropReason =
  | 'foreign-cluster' // It tells of another cluster of the same name.
  | 'rival-side' // It is of a side that our side gave up, and that gave up ours.
  | 'gone-sender' // Its sender was removed, or a later incarnation of it is known.
  | 'false-claim' // It tells what cannot be, see `FalseClaim`.
  | 'too-many-evictions' // It tells of more than are taken of one member at a time: the rest later.
  | 'still-joining' // This node is no member yet.

/** What the shell is to do: one line or two of it for each. */
export type MembershipEffect =
  | { readonly type: 'resolve-contacts' }
  | { readonly type: 'ask-to-join'; readonly contact: NodeAddress }
  /** Dial whoever lives there, only to hear what it says. */
  | { readonly type: 'dial'; readonly address: NodeAddress }
  | { readonly type: 'send'; readonly to: NodeIdentity; readonly message: MembershipMessage }
  /** Go on as another incarnation of the same address, and tell. */
  | { readonly type: 'reincarnate'; readonly incarnation: Incarnation }
  | { readonly type: 'publish'; readonly event: ClusterEvent }
  /** This incarnation is gone for good: close its connections and refuse it from now on. */
  | { readonly type: 'forget'; readonly node: NodeIdentity }
  /** A message was not heeded: count it under this reason. */
  | { readonly type: 'drop'; readonly reason: MessageDropReason }
  | { readonly type: 'run-exit-tasks' }
  | { readonly type: 'stop'; readonly reason: StopReason }

/** What `step` answers: the state from now on, and what is to be done about the event. */
export type Step = readonly [state: MembershipState, effects: readonly MembershipEffect[]]

/** A state before `started`. */
export function initialState(self: NodeIdentity, settings: MembershipSettings): MembershipState {
  return {
    self,
    settings,
    phase: {
      type: 'joining',
      sinceMs: 0,
      contacts: [],
      isFirstContact: false,
      asking: 0,
      outcomes: new Map(),
      outgrownFor: new Set(),
      retryDelayMs: settings.joinRetryMinMs,
      leaving: false,
      nextAt: Number.POSITIVE_INFINITY,
    },
    cluster: ClusterState.empty.with({
      viewer: self.key,
      monitoredBy: settings.monitoredBy ?? Infinity,
      crossDcConnections: (settings.crossDc ?? crossDcDefaults).connections,
    }),
    pace: { nextAt: Number.POSITIVE_INFINITY, delayMs: settings.wakeMaxMs },
    crossPace: { nextAt: Number.POSITIVE_INFINITY, delayMs: settings.wakeMaxMs },
    exitingConfirmed: new Set(),
    badLinks: new Set(),
    known: new Map(),
    evictionBudget: fullEvictionBudget,
    roomBytes: 0,
    rush: calm,
    convergence: { type: 'converged' },
    tombstoneAges: new Map(),
  }
}

/** From where this node looks at the cluster. */
export function viewpoint(state: MembershipState): Viewpoint {
  return {
    self: state.self.key,
    dataCenter: state.settings.dataCenter,
    leaderOrder: state.settings.leaderOrder,
    exitingConfirmed: state.exitingConfirmed,
  }
}

/** All the draws that one event gives. */
export function drawsOf(moment: Moment): Random {
  return seededRandom(moment.draw * 4_294_967_296)
}
