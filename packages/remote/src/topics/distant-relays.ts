import type { ActorRef } from '@casty/actor'
import { refOf } from '../receptionist/offered.ts'
import { ServiceIndex, type ServiceOffer } from '../receptionist/service-index.ts'
import type { RemoteReader } from '../remote-node.ts'

/** What keys of topics begin with in the cluster's registry. */
export const topicPrefix = 'topic:'

/** The relays of topics on other nodes: what is told to them reaches those who subscribed there. */
export class DistantRelays implements Disposable {
  readonly #node: RemoteReader
  readonly #index: ServiceIndex
  /** Made once for each change. */
  readonly #refs = new WeakMap<readonly ServiceOffer[], readonly ActorRef<unknown>[]>()

  constructor(node: RemoteReader) {
    this.#node = node
    this.#index = new ServiceIndex(node.cluster, topicPrefix, () => {})
  }

  /** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE` */
  publish(name: string, message: unknown): void {
    for (const relay of this.#relays(name)) relay.tell(message)
  }

  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]()
  }

  #relays(name: string): readonly ActorRef<unknown>[] {
    const offers = this.#index.find(name)
    const known = this.#refs.get(offers)
    if (known) return known
    const { self } = this.#node.cluster
    const others = offers.filter(({ node }) => !node.equals(self))
    // What a topic carries is for those to say who publish to it.
    const refs = others.flatMap(({ path }) => refOf(this.#node, path) ?? []) as ActorRef<unknown>[]
    this.#refs.set(offers, refs)
    return refs
  }
}
