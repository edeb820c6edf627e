import { Behaviors, DistantRef, type ActorRef, type Behavior } from '@casty/actor'
import { RemoteError } from '../errors.ts'
import type { RemoteNode } from '../remote-node.ts'
import { guarded } from '../guarded.ts'
import { Offered, refOf } from './offered.ts'
import { ServiceIndex, type ServiceOffer } from './service-index.ts'
import type { Listing, ServiceInstance, ServiceKey } from './service-key.ts'

const prefix = 'service:'

/** Who is told of listings: a listener at once, an actor of this node by a message. */
export type ListingSubscriber<M> = ActorRef<Listing<M>> | ((listing: Listing<M>) => void)

interface Subscription {
  readonly tell: () => void
}

/**
 * Where actors are registered under keys, and found by them from every node of the cluster. What one node
 * registers spreads by gossip; it goes when the actor stops, and with its node.
 */
export class Receptionist implements Disposable {
  readonly #node: RemoteNode
  readonly #offered: Offered
  readonly #index: ServiceIndex
  readonly #subscriptions = new Map<string, Set<Subscription>>()
  /** Made once for each change. */
  readonly #instances = new WeakMap<readonly ServiceOffer[], readonly ServiceInstance<never>[]>()

  constructor(node: RemoteNode) {
    this.#node = node
    this.#offered = new Offered(node)
    this.#index = new ServiceIndex(node.cluster, prefix, (name) => this.#publish(name))
  }

  /**
   * Registers an actor of this node, until the result is disposed of, or the actor stops.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node; MembershipError where this
   * node is no member any more, or offers more than fits a frame
   */
  register<M>(key: ServiceKey<M>, ref: ActorRef<M>): Disposable {
    return this.#offered.add(prefix + key.name, ref)
  }

  /** Who is registered now, as far as this node knows; at once for what it registered itself. */
  find<M>(key: ServiceKey<M>): Listing<M> {
    return this.#listing(key)
  }

  /**
   * Tells who is registered: now, and whenever that changes, also whether a node can be reached. An actor is
   * told until it stops; what a listener throws is reported, and disturbs nobody.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node, which has a receptionist too
   */
  subscribe<M>(key: ServiceKey<M>, subscriber: ListingSubscriber<M>): Disposable {
    if (subscriber instanceof DistantRef) {
      const allowed = 'a function, or a ref of an actor of this node'
      throw RemoteError.invalidOption('subscribe()', 'subscriber', subscriber.path, allowed)
    }
    const subscription = { tell: () => this.#tell(subscriber, this.#listing(key)) }
    const all = this.#subscriptions.get(key.name) ?? new Set()
    this.#subscriptions.set(key.name, all.add(subscription))
    const end = (): void => {
      all.delete(subscription)
      if (all.size === 0 && this.#subscriptions.get(key.name) === all) {
        this.#subscriptions.delete(key.name)
      }
    }
    subscription.tell()
    if (typeof subscriber === 'function') return { [Symbol.dispose]: end }
    const whenStopped = this.#node.system.whenStopped(subscriber, end)
    return {
      [Symbol.dispose]: () => {
        whenStopped[Symbol.dispose]()
        end()
      },
    }
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
    this.#subscriptions.clear()
    this.#index[Symbol.dispose]()
    this.#offered[Symbol.dispose]()
  }

  #listing<M>(key: ServiceKey<M>): Listing<M> {
    const offers = this.#index.find(key.name)
    const instances = this.#instances.get(offers) ?? this.#instancesOf(offers)
    this.#instances.set(offers, instances)
    // Whoever registered them had a key of this name: it says which messages they take.
    return { key, instances: instances as readonly ServiceInstance<M>[] }
  }

  #instancesOf(offers: readonly ServiceOffer[]): readonly ServiceInstance<never>[] {
    return offers.flatMap(({ node, path, isReachable }) => {
      const ref = refOf(this.#node, path)
      return ref ? [{ ref, node, isReachable }] : []
    })
  }

  #publish(name: string): void {
    const subscriptions = this.#subscriptions.get(name)
    const current = [...(subscriptions ?? [])]
    for (const subscription of current) if (subscriptions?.has(subscription)) subscription.tell()
  }

  #tell<M>(subscriber: ListingSubscriber<M>, listing: Listing<M>): void {
    const { system } = this.#node
    if (typeof subscriber !== 'function') system.deliver(subscriber, listing)
    else guarded(system, `A listener of service ${listing.key} threw`, () => subscriber(listing))
  }
}
