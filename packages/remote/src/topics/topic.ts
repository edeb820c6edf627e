import type { ActorRef } from '@casty/actor'

/** Who gets what is published: a function, or an actor of this node, as messages. */
export type TopicSubscriber<M> = ActorRef<M> | ((message: M) => void)

/** A name that messages are published under, and whoever subscribes to it, on whatever node. */
export interface Topic<M> {
  readonly name: string
  /**
   * Sends a message to all who have subscribed, as far as this node knows: to each at most once, and in the
   * order in which this node publishes. To a node it goes once, however many subscribe there.
   *
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE`
   */
  publish(message: M): void
  /**
   * Has what is published from now on handed to a subscriber, until the result is disposed of, or the actor
   * stops. Other nodes publish to it once gossip has told them. Each subscription counts by itself.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node: subscribe there; MembershipError where this
   * node is no member any more, or offers more than fits a frame
   */
  subscribe(subscriber: TopicSubscriber<M>): Disposable
}
