import type { Clock } from '@casty/clock'
import type { ClusterEvent, NodeIdentity } from '@casty/membership'
import type { ClusterView } from '../cluster-view.ts'
import { remoteFrameTypes } from '../frame-types.ts'
import { Guests } from '../guests.ts'
import { isOver } from '../standing.ts'
import { decodeSystemFrame, encodeSystemFrame, type SystemFrame } from './system-frame.ts'
import {
  SystemPeers,
  type DeliveryLimits,
  type GiveUpReason,
  type PeersEffect,
  type PeersEvent,
} from './system-peers.ts'

// Named here, because the package is compiled without the types of any runtime.
declare function queueMicrotask(callback: () => void): void

/** Who sends system messages, and receives them. */
export interface SystemMessages {
  /** What it throws is counted. The bytes are its own to keep. */
  received(from: NodeIdentity, message: Uint8Array): void
  /** What was sent there and not heard of may be lost, and nothing that was said before holds. */
  givenUp(node: NodeIdentity, reason: GiveUpReason, lostMessages: number): void
}

export interface SystemDeliveryOptions {
  readonly cluster: ClusterView
  /** Nodes that are no members. @defaultValue none */
  readonly guests?: Guests
  readonly clock: Clock
  readonly limits: DeliveryLimits
  readonly messages: SystemMessages
}

export interface SystemDeliveryMetrics {
  readonly sent: number
  readonly received: number
  /** How many wait to be acknowledged. */
  readonly pending: number
  /** Frames of nodes that are not members, or not yet, or for another life of this one. */
  readonly refusedFrames: number
  /** How often a node was given up, by reason. */
  readonly givenUp: Readonly<Partial<Record<GiveUpReason, number>>>
  /** Messages that were given up with it. */
  readonly lost: number
  /** Frames and messages that could not be read. */
  readonly malformed: number
}

/**
 * Sessions of links of a cluster's node that ended before the node did: whoever begins anew in the same life
 * must not be taken for whoever was there before.
 */
const formerSessions = new WeakMap<ClusterView, ReadonlyMap<NodeIdentity, number>>()

/** System messages between this node and all other members: each once and in order, or the node is given up. */
export class SystemDelivery implements Disposable {
  readonly #cluster: ClusterView
  readonly #guests: Guests
  readonly #clock: Clock
  readonly #messages: SystemMessages
  readonly #peers: SystemPeers
  readonly #queue: PeersEvent[] = []
  readonly #subscriptions: readonly Disposable[]
  #timer: { readonly at: number; readonly timer: Disposable } | undefined
  #isFlushing = false
  #isDisposed = false
  #counts = { sent: 0, received: 0, refusedFrames: 0, lost: 0, malformed: 0 }
  readonly #givenUp = new Map<GiveUpReason, number>()

  constructor({ cluster, guests = new Guests(), clock, limits, messages }: SystemDeliveryOptions) {
    this.#cluster = cluster
    this.#guests = guests
    this.#clock = clock
    this.#messages = messages
    this.#peers = new SystemPeers(limits, formerOf(cluster))
    const { endpoint } = cluster
    this.#subscriptions = [
      endpoint.handle(remoteFrameTypes.system, (from, bytes, start, end) =>
        this.#received(from, bytes, start, end),
      ),
      endpoint.subscribe((event) => {
        if (event.type !== 'lane-opened' || event.lane !== 'control') return
        this.#dispatch({ type: 'lane-opened', peer: event.peer })
      }),
      cluster.subscribe((event) => this.#heard(event)),
    ]
    this.#rearm()
  }

  /**
   * Sends a message, of at most `maxSystemMessageBytes`; whoever sends learns by `givenUp` where it may be lost.
   *
   * @returns false where that life is over, or this node is no member any more: nothing was sent
   */
  send(to: NodeIdentity, message: Uint8Array): boolean {
    const state = this.#cluster.getState()
    if (this.#isDisposed || isOver(state, to)) return false
    this.#counts.sent++
    const isMember = state.member(to) !== undefined || this.#guests.has(to)
    this.#dispatch({ type: 'send', to, message, isMember })
    return true
  }

  guestCame(node: NodeIdentity): void {
    if (!this.#isDisposed) this.#dispatch({ type: 'guest-came', node })
  }

  guestLeft(node: NodeIdentity): void {
    if (!this.#isDisposed) this.#dispatch({ type: 'guest-left', node })
  }

  metrics(): SystemDeliveryMetrics {
    return {
      ...this.#counts,
      pending: this.#peers.pending,
      givenUp: Object.fromEntries(this.#givenUp),
    }
  }

  /** Gives up all nodes, as if they were gone. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    const { sessions } = this.#peers
    formerSessions.set(this.#cluster, sessions)
    for (const node of sessions.keys()) this.#dispatch({ type: 'node-gone', node })
  }

  #received(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    const frame = this.#read(bytes, start, end)
    if (frame === undefined) return
    const state = this.#cluster.getState()
    const isForMe = frame.incarnation === this.#cluster.self.incarnation
    // Gossip may not have told of it yet: it will send that again.
    const isKnown = this.#guests.has(from) || (state.member(from) && !isOver(state, from))
    if (isForMe && isKnown) {
      this.#dispatch({ type: 'frame-received', from, frame })
    } else this.#counts.refusedFrames++
  }

  /** Undefined for what cannot be read, which is counted. */
  #read(bytes: Uint8Array, start: number, end: number): SystemFrame | undefined {
    try {
      return decodeSystemFrame(bytes, start, end)
    } catch {
      this.#counts.malformed++
      return undefined
    }
  }

  #heard(event: ClusterEvent): void {
    switch (event.type) {
      case 'current-state':
        for (const { node } of event.state.members) this.#dispatch({ type: 'member-known', node })
        return
      case 'member-joined':
      case 'member-weakly-up':
      case 'member-up':
      case 'member-left':
      case 'member-exited':
        this.#dispatch({ type: 'member-known', node: event.member.node })
        return
      case 'member-downed':
      case 'member-removed':
        this.#dispatch({ type: 'node-gone', node: event.member.node })
        return
      case 'cluster-shutting-down':
        this[Symbol.dispose]()
        return
      default: // The rest says nothing of who lives.
    }
  }

  /** Runs each event to completion: one raised by its effects waits its turn. */
  #dispatch(event: PeersEvent): void {
    if (this.#queue.push(event) > 1) return
    for (const next of this.#queue) {
      for (const effect of this.#peers.step(next, this.#clock.now())) this.#perform(effect)
    }
    this.#queue.length = 0
    this.#rearm()
  }

  #perform(effect: PeersEffect): void {
    switch (effect.type) {
      case 'send-frame': {
        const bytes = encodeSystemFrame({ ...effect.frame, incarnation: effect.to.incarnation })
        // A frame that is dropped is sent again.
        this.#cluster.endpoint.send(effect.to, 'control', remoteFrameTypes.system, bytes)
        return
      }
      case 'deliver':
        this.#counts.received++
        try {
          this.#messages.received(effect.from, effect.message)
        } catch {
          this.#counts.malformed++
        }
        return
      case 'give-up':
        this.#counts.lost += effect.lostMessages
        this.#givenUp.set(effect.reason, (this.#givenUp.get(effect.reason) ?? 0) + 1)
        this.#messages.givenUp(effect.node, effect.reason, effect.lostMessages)
    }
  }

  #rearm(): void {
    if (this.#isFlushing) return // At the end of the turn.
    const at = this.#isDisposed ? undefined : this.#peers.nextDeadline
    if (at !== undefined && at <= this.#clock.now()) this.#atEndOfTurn()
    if (at === this.#timer?.at) return
    this.#timer?.timer[Symbol.dispose]()
    this.#timer = undefined
    if (at === undefined || this.#isFlushing) return
    const timer = this.#clock.schedule(at - this.#clock.now(), () => {
      this.#timer = undefined
      this.#dispatch({ type: 'due' })
    })
    this.#timer = { at, timer }
  }

  /** What is said in one turn shares frames. */
  #atEndOfTurn(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      if (!this.#isDisposed) this.#dispatch({ type: 'due' })
    })
  }
}

function formerOf(cluster: ClusterView): ReadonlyMap<NodeIdentity, number> {
  const state = cluster.getState()
  const former = [...(formerSessions.get(cluster) ?? [])]
  return new Map(former.filter(([node]) => state.member(node) && !isOver(state, node)))
}
