import {
  Behaviors,
  DistantRef,
  type ActorRef,
  type ActorSystem,
  type MailboxSettings,
} from '@casty/actor'
import { RemoteError } from '../errors.ts'
import { guarded } from '../guarded.ts'
import { Offered } from '../receptionist/offered.ts'
import { checkedServiceName } from '../receptionist/service-key.ts'
import type { RemoteNode } from '../remote-node.ts'
import { DistantRelays, topicPrefix } from './distant-relays.ts'
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

/** The relay of one topic on this node, and those who subscribed to it here. */
interface Relay {
  readonly ref: ActorRef<unknown>
  readonly offer: Disposable
  readonly subscribers: Set<(message: unknown) => void>
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

  /** Ends all subscriptions here, and withdraws the relays. */
  [Symbol.dispose](): void {
    this.#others[Symbol.dispose]()
    this.#offered[Symbol.dispose]()
    for (const [name, relay] of this.#relays) this.#endRelay(name, relay)
  }

  #publish(name: string, message: unknown): void {
    this.#others.publish(name, message)
    // The own one last: what cannot be sent reaches nobody. It drops what is too much, and never throws.
    const own = this.#relays.get(name)
    if (own) this.#node.system.deliver(own.ref, message)
  }

  #subscribe<M>(name: string, subscriber: TopicSubscriber<M>): Disposable {
    if (subscriber instanceof DistantRef) {
      const allowed = 'a function, or a ref of an actor of this node'
      throw RemoteError.invalidOption('subscribe()', 'subscriber', subscriber.path, allowed)
    }
    const relay = this.#relays.get(name) ?? this.#beginRelay(name)
    const tell = tellerOf(this.#node.system, name, subscriber)
    relay.subscribers.add(tell)
    const end = (): void => {
      if (relay.subscribers.delete(tell) && relay.subscribers.size === 0)
        this.#endRelay(name, relay)
    }
    if (typeof subscriber === 'function') return { [Symbol.dispose]: end }
    const whenStopped = this.#node.system.whenStopped(subscriber, end)
    return {
      [Symbol.dispose]: () => {
        whenStopped[Symbol.dispose]()
        end()
      },
    }
  }

  #beginRelay(name: string): Relay {
    const subscribers: Relay['subscribers'] = new Set()
    const behavior = Behaviors.receiveMessage<unknown>((message) => {
      const current = [...subscribers]
      for (const tell of current) if (subscribers.has(tell)) tell(message)
    })
    const ref = this.#node.system.spawn(behavior, { mailbox: this.#mailbox })
    const relay = { ref, subscribers, offer: this.#offered.add(topicPrefix + name, ref) }
    this.#relays.set(name, relay)
    return relay
  }

  #endRelay(name: string, relay: Relay): void {
    this.#relays.delete(name)
    relay.subscribers.clear()
    relay.offer[Symbol.dispose]()
    void this.#node.system.stop(relay.ref) // Never rejects: it is an actor of this system.
  }
}

function tellerOf<M>(
  system: ActorSystem,
  name: string,
  subscriber: TopicSubscriber<M>,
): (message: unknown) => void {
  if (typeof subscriber !== 'function') {
    // Whoever publishes says what the topic carries, and so does whoever subscribes.
    return (message) => system.deliver(subscriber, message as M)
  }
  return (message) =>
    guarded(system, `A subscriber of topic ${name} threw`, () => subscriber(message as M))
}
