// Topics, for a client: it publishes to the relays of members as they do themselves. To what it subscribes, its contact
// subscribes for it, and hands on what comes to an actor here: another one for each contact, so that nothing comes twice
// where two of them think for a while that they are it.
import type { ActorRef } from '@casty/actor'
import { RemoteError } from '../errors.ts'
import { checkedServiceName } from '../receptionist/service-key.ts'
import type { RemoteReader } from '../remote-node.ts'
import { DistantRelays } from '../topics/distant-relays.ts'
import { checkSubscriber, TopicSubscribers } from '../topics/topic-subscribers.ts'
import type { Topic, TopicSubscriber } from '../topics/topic.ts'
import { maxClientTopics, type ClientMessage } from './client-messages.ts'

interface Relay {
  readonly subscribers: TopicSubscribers
  ref: ActorRef<unknown>
}

export class ClientTopics implements Disposable {
  readonly #node: RemoteReader
  readonly #changed: () => void
  readonly #others: DistantRelays
  readonly #relays = new Map<string, Relay>()
  #wasUsed = false

  /** @param changed - the contact is to be told `message` */
  constructor(node: RemoteReader, changed: () => void) {
    this.#node = node
    this.#changed = changed
    this.#others = new DistantRelays(node)
  }

  topic<M>(name: string): Topic<M> {
    checkedServiceName('topic()', name)
    return {
      name,
      publish: (message) => this.#others.publish(name, message),
      subscribe: (subscriber) => this.#subscribe(name, subscriber),
    }
  }

  /** All that is subscribed to; undefined where nothing ever was, and nobody has to be told. */
  get message(): ClientMessage | undefined {
    if (!this.#wasUsed) return undefined
    const topics = [...this.#relays].map(([name, { ref }]) => ({
      name,
      ref: this.#node.refToText(ref),
    }))
    return { type: 'topics', topics }
  }

  /** What a former contact hands on still reaches nobody. */
  contactChanged(): void {
    for (const relay of this.#relays.values()) {
      void this.#node.system.stop(relay.ref) // Never rejects: it is an actor of this system.
      relay.ref = this.#node.system.spawn(relay.subscribers.relay)
    }
  }

  [Symbol.dispose](): void {
    this.#others[Symbol.dispose]()
    for (const [name, relay] of this.#relays) this.#end(name, relay)
  }

  #subscribe<M>(name: string, subscriber: TopicSubscriber<M>): Disposable {
    checkSubscriber(subscriber)
    const relay = this.#relays.get(name) ?? this.#begin(name)
    return relay.subscribers.add(subscriber)
  }

  #begin(name: string): Relay {
    if (this.#relays.size >= maxClientTopics) {
      const allowed = `at most ${maxClientTopics} topics for a client`
      throw RemoteError.invalidOption('subscribe()', 'topic', name, allowed)
    }
    const { system } = this.#node
    const subscribers = new TopicSubscribers(system, name, () => {
      this.#end(name, relay)
      this.#changed()
    })
    const relay: Relay = { subscribers, ref: system.spawn(subscribers.relay) }
    this.#relays.set(name, relay)
    this.#wasUsed = true
    this.#changed()
    return relay
  }

  #end(name: string, relay: Relay): void {
    this.#relays.delete(name)
    relay.subscribers.clear()
    void this.#node.system.stop(relay.ref) // Never rejects: it is an actor of this system.
  }
}
