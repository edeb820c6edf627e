// Who is registered, as far as one node knows.
import { DistantRef, type ActorRef } from '@casty/actor'
import { RemoteError } from '../errors.ts'
import { guarded } from '../guarded.ts'
import type { RemoteReader } from '../remote-node.ts'
import { untilStopped } from '../until-stopped.ts'
import { refOf } from './offered.ts'
import { ServiceIndex, type ServiceOffer } from './service-index.ts'
import { nameOf, type Listing, type ServiceInstance, type ServiceKey } from './service-key.ts'

/** What keys of services begin with in the cluster's registry. */
export const servicePrefix = 'service:'

/** Who is told of listings: a listener at once, an actor of this node by a message. */
export type ListingSubscriber<M> = ActorRef<Listing<M>> | ((listing: Listing<M>) => void)

interface Subscription {
  readonly tell: () => void
}

/** One service, as one node knows it. */
export interface ServiceExplanation {
  readonly service: string
  /** Where its actors are, as `node path`, those out of reach marked. */
  readonly instances: readonly string[]
  /** Who is told here when that changes. */
  readonly subscriptions: number
}

/** Listings of services, and who is told when they change. */
export class Listings implements Disposable {
  readonly #node: RemoteReader
  readonly #index: ServiceIndex
  readonly #subscriptions = new Map<string, Set<Subscription>>()
  /** Made once for each change. */
  readonly #instances = new WeakMap<readonly ServiceOffer[], readonly ServiceInstance<never>[]>()

  constructor(node: RemoteReader) {
    this.#node = node
    this.#index = new ServiceIndex(node.cluster, servicePrefix, (name) => this.#publish(name))
  }

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for what is no key */
  find<M>(key: ServiceKey<M>): Listing<M> {
    return this.#listing(key, nameOf('find()', key))
  }

  /** By name: all that somebody registered, or subscribed to here. */
  explain(): readonly ServiceExplanation[] {
    const names = new Set([...this.#index.all.keys(), ...this.#subscriptions.keys()])
    return [...names].toSorted().map((service) => ({
      service,
      instances: this.#index.find(service).map(shown),
      subscriptions: this.#subscriptions.get(service)?.size ?? 0,
    }))
  }

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node, and what is no key */
  subscribe<M>(key: ServiceKey<M>, subscriber: ListingSubscriber<M>): Disposable {
    const name = nameOf('subscribe()', key)
    if (subscriber instanceof DistantRef) {
      const allowed = 'a function, or a ref of an actor of this node'
      throw RemoteError.invalidOption('subscribe()', 'subscriber', subscriber.path, allowed)
    }
    const subscription = { tell: () => this.#tell(subscriber, this.#listing(key, name)) }
    const all = this.#subscriptions.get(name) ?? new Set()
    this.#subscriptions.set(name, all.add(subscription))
    const end = (): void => {
      all.delete(subscription)
      if (all.size === 0 && this.#subscriptions.get(name) === all) this.#subscriptions.delete(name)
    }
    const whenEnded = untilStopped(this.#node.system, subscriber, end)
    subscription.tell()
    return whenEnded
  }

  [Symbol.dispose](): void {
    this.#subscriptions.clear()
    this.#index[Symbol.dispose]()
  }

  #listing<M>(key: ServiceKey<M>, name: string): Listing<M> {
    const offers = this.#index.find(name)
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

function shown({ node, path, isReachable }: ServiceOffer): string {
  const ref = path.startsWith(node.key) ? path.slice(node.key.length) : path
  return `${node.key} ${ref}${isReachable ? '' : ' (out of reach)'}`
}
