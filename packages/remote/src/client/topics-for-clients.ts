// A member's side of topics that clients subscribe to: it subscribes in their place, and hands on what comes.
import type { ActorRef } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { RemoteError } from '../errors.ts'
import type { Remoting } from '../remoting.ts'
import { Topics } from '../topics/topics.ts'
import type { ClientMessage } from './client-messages.ts'

interface Subscription {
  /** Of the client, as it said it. */
  readonly ref: string
  readonly end: Disposable
}

export class TopicsForClients implements Disposable {
  readonly #remoting: Remoting
  /** Made when a client asks for the first time. */
  #topics: Topics | undefined
  readonly #byClient = new Map<NodeKey, Map<string, Subscription>>()

  constructor(remoting: Remoting) {
    this.#remoting = remoting
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  wanted(
    client: NodeIdentity,
    { topics }: Extract<ClientMessage, { readonly type: 'topics' }>,
  ): void {
    const subscriptions = this.#byClient.get(client.key) ?? new Map<string, Subscription>()
    this.#byClient.set(client.key, subscriptions)
    const wanted = new Map(topics.map(({ name, ref }) => [name, ref]))
    for (const [name, { ref, end }] of subscriptions) {
      if (wanted.get(name) === ref) continue
      end[Symbol.dispose]()
      subscriptions.delete(name)
    }
    for (const [name, ref] of wanted) {
      if (subscriptions.has(name)) continue
      subscriptions.set(name, { ref, end: this.#subscribe(client, name, ref) })
    }
  }

  /** It is a client no more, or of another member. */
  forget(client: NodeIdentity): void {
    for (const { end } of this.#byClient.get(client.key)?.values() ?? []) end[Symbol.dispose]()
    this.#byClient.delete(client.key)
  }

  [Symbol.dispose](): void {
    this.#byClient.clear()
    this.#topics?.[Symbol.dispose]()
  }

  #subscribe(client: NodeIdentity, name: string, text: string): Disposable {
    // It takes whatever is published: whoever subscribed says what that is.
    const ref = this.#remoting.refFromText(text) as ActorRef<unknown>
    if (this.#remoting.locationOf(ref)?.node.equals(client) !== true) {
      throw RemoteError.malformed('A client wants to have topics sent to another node')
    }
    this.#topics ??= new Topics(this.#remoting)
    return this.#topics.topic<unknown>(name).subscribe((message) => ref.tell(message))
  }
}
