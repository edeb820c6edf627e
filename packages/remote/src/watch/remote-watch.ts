import type { Ending } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { NodeIdentity, NodeKey } from '@casty/membership'
import type { ClusterView } from '../cluster-view.ts'
import { RemoteError } from '../errors.ts'
import { Guests } from '../guests.ts'
import {
  SystemDelivery,
  type SystemDeliveryMetrics,
  type SystemMessages,
} from '../system-delivery/system-delivery.ts'
import type { DataOrder } from './data-order.ts'
import type { GiveUpReason } from '../system-delivery/system-peers.ts'
import { HeldBack } from './held-back.ts'
import { Watched, type WatchedEffect, type WatchedEvent } from './watched.ts'
import { Watching, type WatchingEffect, type WatchingEvent } from './watching.ts'
import {
  decodeWatchMessage,
  encodeWatchMessage,
  maxWatchedPathLength,
  type WatchMessage,
  type WatchTarget,
} from './watch-messages.ts'

/**
 * Has `ended` called once, when an actor of this node is no more; before it returns, where that is known.
 *
 * @returns disposed of, it is not called any more; undefined where no such actor is there
 */
export type Observe = (
  target: WatchTarget,
  ended: (ending: Ending) => void,
  watcher: NodeIdentity,
) => Disposable | undefined

export interface RemoteWatchOptions {
  readonly cluster: ClusterView
  /** Nodes that are no members. @defaultValue none */
  readonly guests?: Guests
  readonly clock: Clock
  readonly observe: Observe
  readonly order: DataOrder
  /** Most actors that this node watches on another, and another here. */
  readonly maxWatchesPerNode: number
  /** Most messages about watches that wait for one node; one more, and it is given up. */
  readonly maxPendingMessages: number
  /** Told when words between this node and another are lost, whose watches have ended together, or begin anew. */
  readonly givenUp: SystemMessages['givenUp']
  /** Told of what a watcher threw, which disturbs nobody. */
  readonly report: (error: unknown, what: string) => void
}

export interface RemoteWatchMetrics {
  /** Actors of other nodes that are watched here. */
  readonly watching: number
  /** Watches that other nodes have here. */
  readonly watched: number
  /** Watches of other nodes that were not taken, as there were too many: they count as gone there. */
  readonly refused: number
  readonly delivery: SystemDeliveryMetrics
}

interface Watcher {
  readonly ended: (ending: Ending) => void
  isOver: boolean
}

/** How often messages are tried, and for how many unknown nodes to wait how long; in milliseconds. */
const limits = { minMs: 200, maxMs: 5_000, unknownNodeMs: 10_000, maxUnknownNodes: 1_000 }

/**
 * Tells watchers of actors on other nodes, once: that the actor stopped, failed, or was not there; or
 * `node-gone`, where its node is no longer a member, was restarted, or takes no more watches.
 */
export class RemoteWatch implements Disposable {
  readonly #clock: Clock
  readonly #observe: Observe
  readonly #order: DataOrder
  readonly #heldBack: HeldBack
  readonly #maxPerNode: number
  /** More watches than that do not begin anew: all these words would be too many once more. */
  readonly #maxAnew: number
  readonly #report: RemoteWatchOptions['report']
  readonly #delivery: SystemDelivery
  readonly #watching = new Watching<Watcher>()
  readonly #watched: Watched
  readonly #observed = new Map<NodeKey, Map<number, Disposable>>()
  #refused = 0
  #timer: { readonly at: number; readonly timer: Disposable } | undefined

  constructor(options: RemoteWatchOptions) {
    const { cluster, guests = new Guests(), clock, maxPendingMessages } = options
    this.#clock = clock
    this.#observe = options.observe
    this.#order = options.order
    this.#heldBack = new HeldBack(
      (from, mark) => this.#order.hasArrived(from, mark),
      options.maxWatchesPerNode,
    )
    this.#maxPerNode = options.maxWatchesPerNode
    this.#maxAnew = maxPendingMessages / 2
    this.#report = options.report
    this.#watched = new Watched(options.maxWatchesPerNode)
    this.#delivery = new SystemDelivery({
      cluster,
      guests,
      clock,
      limits: { ...limits, maxPending: maxPendingMessages },
      messages: {
        received: (from, message) => this.#received(from, decodeWatchMessage(message)),
        givenUp: (node, reason, lostMessages) => {
          this.#heldBack.forget(node)
          this.#rearm()
          this.#watchedStep({ type: 'given-up', node })
          this.#watchingStep({ type: this.#lives(node, reason) ? 'begun-anew' : 'given-up', node })
          options.givenUp(node, reason, lostMessages)
        },
      },
    })
  }

  /**
   * Has `ended` called once, when that actor is no more; before this returns, where its node is known to be
   * gone, or has to be given up.
   *
   * @returns disposed of, it is not called any more
   * @throws RemoteError `CASTY_REMOTE_TOO_MANY_WATCHES`, `CASTY_REMOTE_INVALID_OPTION` for a path that is too long
   */
  watch(node: NodeIdentity, target: WatchTarget, ended: (ending: Ending) => void): Disposable {
    this.#check(node, target)
    const watcher: Watcher = { ended, isOver: false }
    this.#watchingStep({ type: 'watch', node, target, watcher })
    return {
      [Symbol.dispose]: () => {
        if (watcher.isOver) return
        watcher.isOver = true
        this.#watchingStep({ type: 'unwatch', node, target, watcher })
      },
    }
  }

  /** A node that is no member is treated as one. */
  guestCame(node: NodeIdentity): void {
    this.#delivery.guestCame(node)
  }

  /** It is no more, and counts as gone: it may come again. */
  guestLeft(node: NodeIdentity): void {
    this.#delivery.guestLeft(node)
  }

  metrics(): RemoteWatchMetrics {
    return {
      watching: this.#watching.size,
      watched: this.#watched.size,
      refused: this.#refused,
      delivery: this.#delivery.metrics(),
    }
  }

  /** Ends all watches: those here are told that the nodes are gone. */
  [Symbol.dispose](): void {
    this.#delivery[Symbol.dispose]()
  }

  /** Whether it was given up only because too much was to be said: it may be slow, or cut off, and is not gone. */
  #lives(node: NodeIdentity, reason: GiveUpReason): boolean {
    const isGone = reason === 'gone' || reason === 'unknown'
    return !isGone && this.#watching.countOn(node) <= this.#maxAnew
  }

  #check(node: NodeIdentity, target: WatchTarget): void {
    if (this.#watching.countOn(node) >= this.#maxPerNode && !this.#watching.has(node, target)) {
      throw RemoteError.tooManyWatches(node.key, this.#maxPerNode)
    }
    if (target.path.length <= maxWatchedPathLength) return
    const allowed = `at most ${maxWatchedPathLength} characters`
    throw RemoteError.invalidOption('a watch', 'path', target.path, allowed)
  }

  #received(from: NodeIdentity, message: WatchMessage): void {
    if (message.type !== 'terminated') {
      this.#watchedStep({ type: 'message-received', from, message })
      return
    }
    if (this.#heldBack.receive({ ...message, from }, this.#clock.now())) {
      this.#watchingStep({ ...message, from })
    } else this.#rearm()
  }

  #rearm(): void {
    const at = this.#heldBack.nextDeadline
    if (at === this.#timer?.at) return
    this.#timer?.timer[Symbol.dispose]()
    this.#timer = undefined
    if (at === undefined) return
    const timer = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => this.#lookAgain())
    this.#timer = { at, timer }
  }

  #lookAgain(): void {
    this.#timer = undefined
    for (const terminated of this.#heldBack.due(this.#clock.now())) {
      this.#watchingStep({ type: 'terminated', ...terminated })
    }
    this.#rearm()
  }

  #watchingStep(event: WatchingEvent<Watcher>): void {
    for (const effect of this.#watching.step(event)) this.#performWatching(effect)
  }

  #performWatching(effect: WatchingEffect<Watcher>): void {
    if (effect.type === 'tell') {
      this.#tell(effect.watcher, effect.ending)
      return
    }
    const { to } = effect
    if (this.#delivery.send(to, encodeWatchMessage(effect.message))) return
    // That life is over: whoever has just begun to watch is told, and who ended a watch was told.
    this.#watchingStep({ type: 'given-up', node: to })
  }

  #tell(watcher: Watcher, ending: Ending): void {
    if (watcher.isOver) return
    watcher.isOver = true
    try {
      watcher.ended(ending)
    } catch (error) {
      this.#report(error, 'What was to be done when an actor of another node stopped threw')
    }
  }

  #watchedStep(event: WatchedEvent): void {
    for (const effect of this.#watched.step(event)) this.#performWatched(effect)
  }

  #performWatched(effect: WatchedEffect): void {
    switch (effect.type) {
      case 'tell-terminated': {
        const { to, id, ending } = effect
        if (ending === 'refused') this.#refused++
        const mark = this.#order.sentTo(to)
        this.#delivery.send(to, encodeWatchMessage({ type: 'terminated', id, ending, mark }))
        return
      }
      case 'observe':
        this.#beginToObserve(effect.watcher, effect.id, effect.target)
        return
      case 'ignore':
        this.#takeObserved(effect.watcher, effect.id)?.[Symbol.dispose]()
    }
  }

  #beginToObserve(watcher: NodeIdentity, id: number, target: WatchTarget): void {
    let isOver = false
    const ended = (ending: Ending): void => {
      isOver = true
      this.#takeObserved(watcher, id)
      this.#watchedStep({ type: 'ended', watcher, id, ending })
    }
    const observation = this.#observe(target, ended, watcher)
    if (isOver) return
    if (!observation) {
      ended('stopped')
      return
    }
    const observed = this.#observed.get(watcher.key) ?? new Map()
    this.#observed.set(watcher.key, observed.set(id, observation))
  }

  #takeObserved(watcher: NodeIdentity, id: number): Disposable | undefined {
    const observed = this.#observed.get(watcher.key)
    const observation = observed?.get(id)
    observed?.delete(id)
    if (observed?.size === 0) this.#observed.delete(watcher.key)
    return observation
  }
}
