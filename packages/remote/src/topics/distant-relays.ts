import { DistantRef, type ActorRef } from '@casty/actor'
import { refOf } from '../receptionist/offered.ts'
import { ServiceIndex, type ServiceOffer } from '../receptionist/service-index.ts'
import type { RemoteReader } from '../remote-node.ts'

/** What keys of topics begin with in the cluster's registry. */
export const topicPrefix = 'topic:'

/** The relays of topics, as the registry has them: what is told to one reaches those who subscribed with it. */
export class DistantRelays implements Disposable {
  readonly #node: RemoteReader
  readonly #index: ServiceIndex
  /** Made once for each change: those of other nodes first. */
  readonly #refs = new WeakMap<readonly ServiceOffer[], readonly ActorRef<unknown>[]>()

  constructor(node: RemoteReader) {
    this.#node = node
    this.#index = new ServiceIndex(node.cluster, topicPrefix, () => {})
  }

  /**
   * Tells all but `own`. Those of this node come last: what cannot be sent reaches nobody. They drop what is too much, and
   * never throw.
   *
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE`
   */
  publish(name: string, message: unknown, own?: ActorRef<unknown>): void {
    for (const relay of this.#relays(name)) {
      if (relay instanceof DistantRef) relay.tell(message)
      else if (relay !== own) this.#node.system.deliver(relay, message)
    }
  }

  /** The nodes with relays, by topic. */
  get nodes(): ReadonlyMap<string, readonly string[]> {
    const { all } = this.#index
    return new Map([...all].map(([name, offers]) => [name, offers.map(({ node }) => node.key)]))
  }

  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]()
  }

  #relays(name: string): readonly ActorRef<unknown>[] {
    const offers = this.#index.find(name)
    const known = this.#refs.get(offers)
    if (known) return known
    // What a topic carries is for those to say who publish to it.
    const refs = offers.flatMap(({ path }) => refOf(this.#node, path) ?? []) as ActorRef<unknown>[]
    const isHere = (ref: ActorRef<unknown>): boolean => !(ref instanceof DistantRef)
    const ordered = refs.toSorted((left, right) => +isHere(left) - +isHere(right))
    this.#refs.set(offers, ordered)
    return ordered
  }
}
