import type { ActorRef, MailboxSettings } from '@casty/actor'
import { Offered } from '../receptionist/offered.ts'
import { checkedServiceName } from '../receptionist/service-key.ts'
import type { RemoteNode } from '../remote-node.ts'
import { DistantRelays, topicPrefix } from './distant-relays.ts'
import { checkSubscriber, TopicSubscribers } from './topic-subscribers.ts'
import type { Topic, TopicSubscriber } from './topic.ts'

/** Options of {@link Topics}. */
export interface TopicsOptions {
  /**
   * How many messages of a topic may wait on a node that has subscribers, and what becomes of more.
   *
   * @defaultValue that of the system
   */
  readonly mailbox?: Partial<MailboxSettings>
}

/** What a node has to do with topics. */
export interface TopicsMetrics {
  /** Topics that somebody subscribed to here. */
  readonly topics: number
  readonly subscribers: number
  /** Messages that were published here. */
  readonly published: number
}

/** One topic, as one node knows it. */
export interface TopicExplanation {
  readonly topic: string
  /** Who subscribed here. */
  readonly subscribers: number
  /** The nodes that what is published here goes to. */
  readonly nodes: readonly string[]
}

/** The relay of one topic on this node, and those who subscribed to it here. */
interface Relay {
  readonly ref: ActorRef<unknown>
  readonly offer: Disposable
  readonly subscribers: TopicSubscribers
}

/**
 * Topics that any actor of the cluster publishes to, and any subscribes to.
 *
 * A node with subscribers offers a relay for the topic in the cluster's registry. What is published goes
 * to each relay once, however many subscribe there, and the relay hands it to them.
 */
export class Topics implements Disposable {
  readonly #node: RemoteNode
  readonly #mailbox: Partial<MailboxSettings>
  readonly #offered: Offered
  readonly #others: DistantRelays
  readonly #relays = new Map<string, Relay>()
  #published = 0

  constructor(node: RemoteNode, { mailbox = {} }: TopicsOptions = {}) {
    this.#node = node
    this.#mailbox = mailbox
    this.#offered = new Offered(node)
    this.#others = new DistantRelays(node)
  }

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a name that is none */
  topic<M>(name: string): Topic<M> {
    checkedServiceName('topic()', name)
    return {
      name,
      publish: (message) => this.#publish(name, message),
      subscribe: (subscriber) => this.#subscribe(name, subscriber),
    }
  }

  metrics(): TopicsMetrics {
    let count = 0
    for (const { subscribers } of this.#relays.values()) count += subscribers.size
    return { topics: this.#relays.size, subscribers: count, published: this.#published }
  }

  /** Who subscribed to what, as far as this node knows: for people and for dashboards. */
  explain(): readonly TopicExplanation[] {
    const { nodes } = this.#others
    return [...new Set([...nodes.keys(), ...this.#relays.keys()])].toSorted().map((topic) => ({
      topic,
      subscribers: this.#relays.get(topic)?.subscribers.size ?? 0,
      nodes: nodes.get(topic) ?? [],
    }))
  }

  /** Ends all subscriptions here, and withdraws the relays. */
  [Symbol.dispose](): void {
    this.#others[Symbol.dispose]()
    this.#offered[Symbol.dispose]()
    for (const [name, relay] of this.#relays) this.#endRelay(name, relay)
  }

  #publish(name: string, message: unknown): void {
    this.#published++
    const own = this.#relays.get(name)?.ref
    this.#others.publish(name, message, own)
    if (own) this.#node.system.deliver(own, message)
  }

  #subscribe<M>(name: string, subscriber: TopicSubscriber<M>): Disposable {
    checkSubscriber(subscriber)
    const relay = this.#relays.get(name) ?? this.#beginRelay(name)
    return relay.subscribers.add(subscriber)
  }

  #beginRelay(name: string): Relay {
    const { system } = this.#node
    const subscribers = new TopicSubscribers(system, name, () => this.#endRelay(name, relay))
    const ref = system.spawn(subscribers.relay, { mailbox: this.#mailbox })
    const relay: Relay = { ref, subscribers, offer: this.#offer(name, ref) }
    this.#relays.set(name, relay)
    return relay
  }

  #offer(name: string, ref: ActorRef<unknown>): Disposable {
    try {
      return this.#offered.add(topicPrefix + name, ref)
    } catch (error) {
      void this.#node.system.stop(ref) // Nobody will ever tell it anything.
      throw error
    }
  }

  #endRelay(name: string, relay: Relay): void {
    this.#relays.delete(name)
    relay.subscribers.clear()
    relay.offer[Symbol.dispose]()
    void this.#node.system.stop(relay.ref) // Never rejects: it is an actor of this system.
  }
}
