import { Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import type { RemoteNode } from '../remote-node.ts'
import {
  Listings,
  servicePrefix,
  type ListingSubscriber,
  type ServiceExplanation,
} from './listings.ts'
import { Offered } from './offered.ts'
import { nameOf, type Listing, type ServiceKey } from './service-key.ts'

/** What a receptionist has, of its node and of others. */
export interface ReceptionistMetrics {
  /** Registrations of this node. */
  readonly registered: number
  /** Keys under which somebody is registered, on whatever node. */
  readonly services: number
  /** All who are registered. */
  readonly instances: number
  /** Who is told here of changes. */
  readonly subscriptions: number
}

/**
 * Where actors are registered under keys, and found by them from every node of the cluster. What one node
 * registers spreads by gossip; it goes when the actor stops, and with its node.
 */
export class Receptionist implements Disposable {
  readonly #offered: Offered
  readonly #listings: Listings

  constructor(node: RemoteNode) {
    this.#offered = new Offered(node)
    this.#listings = new Listings(node)
  }

  /**
   * Registers an actor of this node, until the result is disposed of, or the actor stops.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node, and what is no key; MembershipError where this
   * node is no member any more, or offers more than fits a frame
   */
  register<M>(key: ServiceKey<M>, ref: ActorRef<M>): Disposable {
    return this.#offered.add(servicePrefix + nameOf('register()', key), ref)
  }

  /**
   * Who is registered now, as far as this node knows; at once for what it registered itself.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for what is no key
   */
  find<M>(key: ServiceKey<M>): Listing<M> {
    return this.#listings.find(key)
  }

  /**
   * Tells who is registered: now, and whenever that changes, also whether a node can be reached. An actor is
   * told until it stops; what a listener throws is reported, and disturbs nobody.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node, which has a receptionist too
   */
  subscribe<M>(key: ServiceKey<M>, subscriber: ListingSubscriber<M>): Disposable {
    return this.#listings.subscribe(key, subscriber)
  }

  metrics(): ReceptionistMetrics {
    const known = this.explain()
    return {
      registered: this.#offered.size,
      services: known.filter(({ instances }) => instances.length > 0).length,
      instances: known.reduce((sum, { instances }) => sum + instances.length, 0),
      subscriptions: known.reduce((sum, { subscriptions }) => sum + subscriptions, 0),
    }
  }

  /** Who is registered under which key, as far as this node knows: for people and for dashboards. */
  explain(): readonly ServiceExplanation[] {
    return this.#listings.explain()
  }

  /** A behavior whose actor registers itself as it begins, until it stops. */
  discoverable<M>(behavior: Behavior<M>, key: ServiceKey<M>): Behavior<M> {
    return Behaviors.setup((context) => {
      this.register(key, context.self)
      return behavior
    })
  }

  /** Withdraws all that was registered here, and ends all subscriptions. */
  [Symbol.dispose](): void {
    this.#listings[Symbol.dispose]()
    this.#offered[Symbol.dispose]()
  }
}
