// Who subscribed to one topic in one process.
import { Behaviors, DistantRef, type ActorSystem, type Behavior } from '@casty/actor'
import { RemoteError } from '../errors.ts'
import { guarded } from '../guarded.ts'
import { untilStopped } from '../until-stopped.ts'
import type { TopicSubscriber } from './topic.ts'

export class TopicSubscribers {
  readonly #system: ActorSystem
  readonly #name: string
  readonly #emptied: () => void
  readonly #tellers = new Set<(message: unknown) => void>()

  /** @param emptied - called when the last one has gone */
  constructor(system: ActorSystem, name: string, emptied: () => void) {
    this.#system = system
    this.#name = name
    this.#emptied = emptied
  }

  get size(): number {
    return this.#tellers.size
  }

  /** Hands what is published to all of them. */
  get relay(): Behavior<unknown> {
    return Behaviors.receiveMessage<unknown>((message) => {
      const current = [...this.#tellers]
      for (const tell of current) if (this.#tellers.has(tell)) tell(message)
    })
  }

  add<M>(subscriber: TopicSubscriber<M>): Disposable {
    const tell = tellerOf(this.#system, this.#name, subscriber)
    this.#tellers.add(tell)
    const end = (): void => {
      if (this.#tellers.delete(tell) && this.#tellers.size === 0) this.#emptied()
    }
    return untilStopped(this.#system, subscriber, end)
  }

  clear(): void {
    this.#tellers.clear()
  }
}

/** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node */
export function checkSubscriber<M>(subscriber: TopicSubscriber<M>): void {
  if (!(subscriber instanceof DistantRef)) return
  const allowed = 'a function, or a ref of an actor of this node'
  throw RemoteError.invalidOption('subscribe()', 'subscriber', subscriber.path, allowed)
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
